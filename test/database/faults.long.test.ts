import t from 'tap';
import { databaseLimits } from '../../src/base/database-limits.js';
import { parseDatabaseUrl } from '../../src/database/connection-url.js';
import { openSession } from '../../src/database/session.js';
import {
  pairPrograms,
  queryAt,
  sharedServer,
  startPair,
  testStore,
} from '../support/postgres-server.js';
import {
  changed,
  fastClock,
  holdLock,
  logOf,
  openLine,
  ownSessions,
  until,
  untilWaiting,
} from './faults.js';
import { append, leadAfter, sales } from './rows.js';

const { lockTimeoutMs } = databaseLimits;

t.test('an answer that is lost makes a write unknown, and the next lead reads it', async (t) => {
  const database = await testStore(t);
  const line = await openLine(t, (await sharedServer()).port);
  const own = changed(database, (url) => {
    url.port = `${line.port}`;
  });
  const log = logOf(t, { ...own, clock: fastClock });
  let lead = await log.takeLead('catalog-1');
  for (const then of ['cut', 'silence'] as const) {
    t.same(await log.write(append(lead, 0)), { kind: 'written' });
    line.loseAnswer(then);
    t.match(await log.write(append(lead, 2)), { kind: 'unknown' });
    const { epoch, seq } = { epoch: lead.epoch, seq: lead.end.seq + 2 };
    lead = await log.takeLead('catalog-1');
    t.match(lead, { epoch: epoch + 1, end: { seq, epoch, time: seq * 10 } });
    t.equal((await log.readEntries(seq - 2, 1_000)).length, 2);
  }
  t.equal(line.connections(), 3, 'each time on a new connection');
});

t.test('a session that the server ends before the commit has written nothing', async (t) => {
  const database = await testStore(t);
  const log = logOf(t, database);
  const lead = await log.takeLead('catalog-1');
  const held = await holdLock(t, database, 'SELECT * FROM applied FOR UPDATE');
  const writing = log.write(append(lead, 2, sales(2)));
  await untilWaiting(database, 1);
  await ownSessions(database, 'pg_terminate_backend');
  t.match(await writing, { kind: 'not_written', reason: /57P01/ });
  await held.release();
  t.same(await log.readEntries(0, 1_000), []);
  t.same(
    await log.write(append(lead, 2, sales(2))),
    { kind: 'written' },
    'it comes back by itself',
  );
});

t.test('an idle session that was ended is replaced', async (t) => {
  const database = await testStore(t);
  const log = logOf(t, database);
  const lead = await log.takeLead('catalog-1');
  await ownSessions(database, 'pg_terminate_backend');
  await until(async () => (await ownSessions(database)).length === 0);
  // The connection may not have noticed yet: then the outcome is an error of the ended session.
  const first = await log.write(append(lead, 1));
  if (first.kind !== 'written') t.same(await log.write(append(lead, 1)), { kind: 'written' });
  t.equal((await log.readEntries(0, 100)).length, 1);
});

t.test(
  'a lock of an operator ends a write in time, and the same write succeeds later',
  async (t) => {
    const database = await testStore(t);
    const log = logOf(t, database);
    const lead = await log.takeLead('catalog-1');
    const write = append(lead, 1, sales(1));
    const held = await holdLock(t, database, 'LOCK TABLE products IN ACCESS EXCLUSIVE MODE');
    const startMs = performance.now();
    t.match(await log.write(write), { kind: 'not_written', reason: /55P03/ });
    t.ok(performance.now() - startMs < lockTimeoutMs * 2);
    t.same(await log.write(append(lead, 0)), { kind: 'written' }, 'the fence is free');
    await held.release();
    t.same(await log.write(write), { kind: 'written' });
  },
);

t.test('a statement that is cancelled or too slow has written nothing', async (t) => {
  const database = await testStore(t);
  const log = logOf(t, database);
  const lead = await log.takeLead('catalog-1');
  const held = await holdLock(t, database, 'LOCK TABLE products IN ACCESS EXCLUSIVE MODE');
  const writing = log.write(append(lead, 1, sales(1)));
  await untilWaiting(database, 1);
  // The server does the same when the time of a statement is over.
  await ownSessions(database, 'pg_cancel_backend');
  t.match(await writing, { kind: 'not_written', reason: /57014/ });
  await held.release();
  const opened = await openSession(database);
  t.equal(opened.kind, 'open');
  if (opened.kind !== 'open') return;
  t.teardown(() => opened.session.close());
  await opened.session.query({ text: 'SET statement_timeout = 20' }, 1_000);
  const answer = await opened.session.query({ text: 'SELECT pg_sleep(5)' }, 4_000);
  t.match(answer, { kind: 'failed', failure: { sqlState: '57014' } });
});

t.test('a session has limits, and commits that are not weakened', async (t) => {
  const database = await testStore(t);
  for (const [given, expected] of [
    ['off', 'on'],
    ['remote_apply', 'remote_apply'],
  ] as const) {
    const own = changed(database, (url) => {
      url.searchParams.set('options', `-c synchronous_commit=${given}`);
    });
    const opened = await openSession(own);
    if (opened.kind !== 'open') return t.fail(opened.failure.message);
    t.teardown(() => opened.session.close());
    const text = `SELECT current_setting('synchronous_commit') AS commits,
      current_setting('lock_timeout') AS locks, current_setting('statement_timeout') AS statements,
      current_setting('idle_in_transaction_session_timeout') AS idle,
      current_setting('search_path') AS schema`;
    t.match(await opened.session.query({ text }, 1_000), {
      rows: [
        { commits: expected, locks: '2s', statements: '4s', idle: '2s', schema: database.schema },
      ],
    });
  }
  return undefined;
});

t.test('a read-only server and a full one are unavailable until they recover', async (t) => {
  const server = await sharedServer();
  const database = await testStore(t);
  const name = `limited_${process.pid}`;
  await queryAt(server.url, `CREATE ROLE ${name} LOGIN CONNECTION LIMIT 0`);
  t.teardown(async () => {
    await queryAt(server.url, `DROP OWNED BY ${name}`);
    await queryAt(server.url, `DROP ROLE ${name}`);
  });
  await database.query(`GRANT USAGE ON SCHEMA ${database.schema} TO ${name}`);
  await database.query(`GRANT ALL ON ALL TABLES IN SCHEMA ${database.schema} TO ${name}`);
  const own = changed(database, (url) => {
    url.username = name;
  });
  const log = logOf(t, { ...own, clock: fastClock });
  await t.rejects(log.takeLead('catalog-1'), {
    code: 'unavailable',
    message: /too many connections.*53300/,
  });
  await queryAt(server.url, `ALTER ROLE ${name} CONNECTION LIMIT 5`);
  await queryAt(server.url, `ALTER ROLE ${name} SET default_transaction_read_only = on`);
  await t.rejects(log.takeLead('catalog-1'), { code: 'unavailable', message: /is read-only/ });
  await queryAt(server.url, `ALTER ROLE ${name} SET default_transaction_read_only = off`);
  const lead = await log.takeLead('catalog-1');
  t.same(await log.write(append(lead, 1)), { kind: 'written' });
});

t.test('hosts are tried in their order, and a dead one is skipped', async (t) => {
  const database = await testStore(t);
  const { port } = await sharedServer();
  const settings = parseDatabaseUrl(database.url, {});
  const [host] = settings.hosts;
  const dead = await openLine(t, 1);
  const hosts = [
    { host: '127.0.0.1', port: dead.port },
    { host: host?.host ?? '127.0.0.1', port },
  ];
  const log = logOf(t, { ...database, settings: { ...settings, hosts } });
  t.equal((await log.takeLead('catalog-1')).epoch, 1);
  t.equal(dead.connections(), 1);
});

t.test(
  'a commit that stopped waiting for the standby is unknown',
  { skip: pairPrograms === undefined && 'needs pg_basebackup of an installed PostgreSQL' },
  async (t) => {
    const pair = await startPair();
    t.teardown(() => pair.stop());
    const database = await testStore({ teardown: () => {} }, pair);
    const log = logOf(t, database);
    const lead = await log.takeLead('catalog-1');
    const first = append(lead, 1);
    t.same(await log.write(first), { kind: 'written' });
    await pair.stopStandby();
    const writing = log.write(append(leadAfter(lead, first), 2));
    await until(async () => {
      const waiting = "wait_event = 'SyncRep'";
      return (await ownSessions(database, 'pg_cancel_backend', waiting)).length > 0;
    });
    t.match(await writing, { kind: 'unknown', reason: /synchronous replication/ });
    await queryAt(pair.url, "ALTER SYSTEM SET synchronous_standby_names = ''");
    await queryAt(pair.url, 'SELECT pg_reload_conf()');
    t.same((await log.takeLead('catalog-1')).end, { seq: 3, epoch: 1, time: 30 });
  },
);
