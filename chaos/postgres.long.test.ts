/**
 * A store over a primary and a synchronous standby, with customers: each fault of the short deck happens
 * at least once. No acknowledged order is lost, nothing is sold twice, histories are valid, and the
 * tables equal the log and the answers. BAZAR_TEST_SEED repeats the choice of faults.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { chosenSeed } from '../test/e2e/seeded.js';
import { drill } from './drill.js';
import { postgresGround, programs } from './postgres-ground.js';
import { postgresDecks } from './postgres-plan.js';
import { diskRefusal } from './small-disk.js';
import { summary, summaryLines } from './summary.js';

const portOffset = 4200;
const durationMs = 60_000;
/** Far above the normal duration, for machines with other load. */
const timeoutMs = 800_000;
const skip = programs === undefined ? 'the programs of PostgreSQL are not installed' : false;

t.test('a store over a database survives the faults of its database', { skip }, async (t) => {
  t.setTimeout(timeoutMs);
  const refused = diskRefusal();
  const mountsDisks = refused === undefined;
  if (!mountsDisks) t.pass('a full disk', { skip: `no disk can be mounted here: ${refused}` });
  const seed = chosenSeed();
  const folder = mkdtempSync(join(tmpdir(), 'bazar-chaos-'));
  const deck = postgresDecks(mountsDisks).short;
  const outcome = await drill({
    ...{ seed, durationMs, deck, faultsMin: deck.length, folder, portOffset },
    ground: postgresGround({ folder, portOffset, mountsDisks }),
    tell: (line) => t.comment(line),
    progress: () => {},
  });
  const sum = summary(outcome);
  for (const line of summaryLines(sum)) t.comment(line);
  t.same(sum.problems, [], `seed ${seed}; data and logs are in ${folder}`);
  t.ok(sum.acknowledged > 0);
  const logs = ['catalog-1', 'catalog-2'].map((name) => {
    return readFileSync(join(folder, 'logs', `${name}.log`), 'utf8');
  });
  t.match(
    logs.join(''),
    'the lead has ended: fenced',
    'two catalogs took themselves for the leader',
  );
  if (sum.problems.length === 0) rmSync(folder, { recursive: true, force: true });
});
