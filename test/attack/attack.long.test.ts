/**
 * Some of the attacks of `npm run attack`, on a store of real processes: clients that behave are
 * served, leaders and lease stay, and memory is bounded. It starts processes, and takes a minute.
 */
import t from 'tap';
import { attacks } from './attacks.js';
import { Target } from './target.js';
import { table, tryAttack } from './trial.js';

const timeoutMs = 600_000;
const chosen = [
  'http: 100 × 4,000 pipelined searches, unread',
  'raw: 300 × 64 searches at a time, read',
  'replication port: 10,500 silent strangers',
];

t.test('clients that behave are served while others flood the store', async (t) => {
  t.setTimeout(timeoutMs);
  const target = new Target(5_100);
  t.teardown(() => target.down());
  await target.up(1);
  for (const attack of attacks.filter(({ name }) => chosen.includes(name))) {
    const trial = await tryAttack(target, attack);
    t.comment(table([trial]));
    t.same(trial.problems, [], attack.name);
  }
});
