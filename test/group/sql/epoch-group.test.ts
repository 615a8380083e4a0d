/** The lead of a group without a log, over a real database. Time passes ten times faster. */
import t from 'tap';
import { protocolTimes } from '../../../src/base/limits.js';
import { silentLogger } from '../../../src/base/logging.js';
import { parseDatabaseUrl } from '../../../src/database/connection-url.js';
import { PostgresLog } from '../../../src/database/postgres-log.js';
import { EpochGroup } from '../../../src/group/sql/epoch-group.js';
import { fastClock, openLine, until } from '../../database/faults.js';
import { sharedServer, type TestDatabase, testStore } from '../../support/postgres-server.js';

interface Teardown {
  teardown(end: () => Promise<void>): void;
}

const pair = ['order-1', 'order-2'];

async function memberOf(
  test: Teardown,
  database: TestDatabase,
  id: string,
  members: readonly string[] = pair,
): Promise<EpochGroup> {
  const log = new PostgresLog({ ...database, clock: fastClock, group: 'order' });
  const group = new EpochGroup({
    ...{ id, members, database: log, clock: fastClock },
    incarnation: 'life',
    logger: silentLogger,
  });
  test.teardown(async () => {
    group.stop();
    await log.close();
  });
  await group.start();
  return group;
}

const serves = (group: EpochGroup): Promise<void> => until(async () => group.status().serving);

t.test('a nominee takes a newer epoch, and the leader before it steps down', async (t) => {
  const database = await testStore(t);
  const [one, two] = [
    await memberOf(t, database, 'order-1'),
    await memberOf(t, database, 'order-2'),
  ];
  const roles: string[] = [];
  one.onRole(({ role, epoch }) => roles.push(`${role} ${epoch}`));
  t.match(one.status(), { role: 'follower', serving: false, epoch: 0, leader: undefined });
  one.nominate('order-1');
  two.nominate('order-1');
  await serves(one);
  t.match(one.status(), { role: 'leader', epoch: 1, leader: 'order-1', diskSilentMs: 0 });
  t.same(one.status().logEnd, { epoch: 1, seq: 0 });
  t.type(one.electedMs, 'number');
  // Only a replica of the leader's epoch may serve reads.
  await until(async () => two.status().epoch === 1);
  t.match(two.status(), { role: 'follower', leader: 'order-1' });
  one.nominate('order-1');
  two.nominate('order-2');
  await serves(two);
  await until(async () => !one.status().serving && one.status().epoch === 2);
  t.match(one.status(), { role: 'follower', leader: 'order-2' });
  t.equal(one.electedMs, undefined);
  t.match(two.status(), { role: 'leader', epoch: 2, leader: 'order-2' });
  t.same(roles, ['leader 1', 'follower 1', 'follower 2']);
});

t.test('the only member takes the lead by itself, and a new process a new epoch', async (t) => {
  const database = await testStore(t);
  const first = await memberOf(t, database, 'order-1', ['order-1']);
  await serves(first);
  first.stop();
  t.match(first.status(), { role: 'follower', serving: false });
  const second = await memberOf(t, database, 'order-1', ['order-1']);
  await serves(second);
  t.equal(second.status().epoch, 2);
});

t.test('a leader whose database is silent says so, and leads on when it answers', async (t) => {
  const database = await testStore(t);
  const { port } = await sharedServer();
  const line = await openLine(t, port);
  const url = new URL(database.url);
  url.port = `${line.port}`;
  const settings = parseDatabaseUrl(url.href, {});
  const one = await memberOf(t, { ...database, settings }, 'order-1');
  one.nominate('order-1');
  await serves(one);
  line.loseAnswer('silence');
  await until(async () => one.status().diskSilentMs > protocolTimes.stepDownMs);
  t.match(one.status(), { role: 'leader', epoch: 1 });
  await until(async () => one.status().diskSilentMs === 0);
  t.match(one.status(), { role: 'leader', serving: true, epoch: 1 });
});

t.test('a takeover under way is reported, so that no frontend fences it', async (t) => {
  const one = await memberOf(t, await testStore(t), 'order-1');
  one.nominate('order-1');
  t.same(one.status().candidacy, { phase: 'prepare' });
  await serves(one);
  t.same(one.status().candidacy, {});
});

t.test('a nominee that cannot reach the database reports that it failed', async (t) => {
  const database = await testStore(t);
  const settings = parseDatabaseUrl('postgres://tester@127.0.0.1:1/postgres', {});
  const one = await memberOf(t, { ...database, settings }, 'order-1');
  one.nominate('order-1');
  await until(async () => one.status().candidacy?.failure !== undefined);
  t.match(one.status(), {
    role: 'follower',
    serving: false,
    candidacy: { failure: { reason: 'unconfirmed' } },
  });
});

t.test('nothing can be logged', async (t) => {
  const one = await memberOf(t, await testStore(t), 'order-1');
  await t.rejects(one.propose(), { code: 'unavailable' });
  await t.rejects(one.readBarrier(), { code: 'unavailable' });
});
