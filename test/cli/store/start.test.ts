/** The start of a store over a database: refusals, the data folder, and no password anywhere. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { waitingClock } from '../../../src/base/clock.js';
import type { DatabaseConfig } from '../../../src/base/config.js';
import { launch } from '../../../src/cli/launcher/launcher.js';
import { planStore } from '../../../src/cli/launcher/store-plan.js';
import { databaseConfig } from '../../../src/cli/options/database-options.js';
import { oneServiceSpecs } from '../../../src/cli/options/one-service-options.js';
import { readValues } from '../../../src/cli/options/options.js';
import { upSpecs } from '../../../src/cli/options/store-options.js';
import { orderFor } from '../../../src/cli/service/run-one.js';
import { claimStore } from '../../../src/cli/store/claim-store.js';
import {
  lockedRole,
  queryAt,
  sharedServer,
  type TestDatabase,
  testDatabase,
  testStore,
} from '../../support/postgres-server.js';
import { flagsOf, run } from './database.js';

const secret = 'not-shown';
const url = `postgres://u:${secret}@127.0.0.1:1/db?sslmode=disable`;
const standIn = fileURLToPath(new URL('../launcher/stand-in-service.js', import.meta.url));
const entry = fileURLToPath(new URL('../../../src/cli/main.js', import.meta.url));

function options(values: Record<string, unknown>) {
  const read = readValues(upSpecs, [{ values, label: (name) => name }]);
  return { ...read, logDir: read.logDir ?? join(read.dataDir, 'logs') };
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

function assertNoSecret(t: Test, folder: string): void {
  for (const path of filesIn(folder)) t.notMatch(readFileSync(path, 'utf8'), secret, path);
}

/** Starts and stops a store of stand-ins. Resolves to its lines. */
async function startOnce(
  database: DatabaseConfig,
  dataDir: string,
  values: Record<string, unknown> = {},
): Promise<string[]> {
  const stop = new AbortController();
  const lines: string[] = [];
  const store = { store: database.url, storeSchema: database.schema, dataDir, ...values };
  await launch({
    store: options({ catalogs: 1, orders: 1, ...store }),
    database,
    clock: waitingClock,
    interrupted: stop.signal,
    report: (line) => lines.push(line),
    onReady: () => stop.abort(),
    entry: standIn,
  });
  return lines;
}

function configOf({ url: store, schema }: TestDatabase): DatabaseConfig {
  return { url: store, env: {}, schema };
}

t.test('only the replicas get the database, and there are no recovery servers', async (t) => {
  const database = databaseConfig({ store: url, storeSchema: 's' }, { PGSSLMODE: 'x', HOME: '/' });
  t.same(database, { url, env: { PGSSLMODE: 'x' }, schema: 's' });
  const secrets = { adminToken: 'a', clusterToken: 'c', database };
  const orders = planStore(options({ store: url, logRetention: 48 }), secrets);
  const kinds = orders.map(({ kind, config }) => [kind, config.database]);
  t.same(
    kinds.slice(0, 5).map(([, config]) => config),
    Array(5).fill(database),
  );
  t.same(kinds.slice(5), [['frontend', undefined]]);
  t.match(orders[0]?.config, { logRetentionHours: 48, cluster: { recovery: [] } });
  t.equal(planStore(options({}), { ...secrets, database: undefined }).length, 7, 'with journals');
});

t.test('one service gets the database from its options', async (t) => {
  const dataDir = t.testdir();
  const read = (values: object) =>
    readValues(oneServiceSpecs, [{ values: { dataDir, ...values }, label: (name) => name }]);
  t.match(orderFor('order', read({ store: url }), { PGUSER: 'me' }).config, {
    database: { url, env: { PGUSER: 'me' }, schema: 'bazar' },
  });
  t.equal(orderFor('frontend', read({ store: url })).config.database, undefined);
  t.throws(() => orderFor('recovery', read({ store: url })), { name: 'UsageError' });
});

t.test('options that contradict --store are refused', async (t) => {
  const place = ['--data-dir', t.testdir()];
  for (const [flags, message] of [
    [['--store', url, '--recovery', '1'], /--recovery must be 0/],
    [['--store', url, '--min-copies', '2'], /--min-copies/],
    [['--store', url, '--fresh', '--yes'], /--fresh deletes nothing in a database/],
    [['--store', `mysql://u:${secret}@h/db`], /--store must be a URL postgres:/],
    [['--store', url, '--store-schema', 'No Name'], /--store-schema must have/],
    [['--init-store'], /--init-store needs --store/],
  ] as const) {
    const { code, stderr } = await run('up', ...place, ...flags);
    t.equal(code, 2);
    t.match(stderr, message);
    t.notMatch(stderr, secret);
  }
});

t.test('a start refuses a database that it cannot use, in one line', async (t) => {
  const dataDir = t.testdir();
  const place = ['--data-dir', dataDir, '--port-offset', '4690'];
  const refused = await run('up', '--store', url, ...place);
  t.match(refused, {
    code: 5,
    stderr: /^cannot use postgres:\/\/u@127.*nothing listens there.*\n$/,
  });
  const absent = await testDatabase(t);
  const { code, stderr } = await run('up', ...flagsOf(absent), ...place);
  t.equal(code, 7);
  t.match(stderr, /^schema .* holds no store; create it with: bazar store init --store .*\n$/);
  const one = await run('up', ...flagsOf(await testStore(t)), ...place, '--products-file', 'none');
  t.match(one.stderr, /none/, 'the first stock of a store without entries must be readable');
  assertNoSecret(t, dataDir);
});

t.test('the data folder keeps the cluster id, and refuses another store', async (t) => {
  const folder = t.testdir();
  const dataDir = join(folder, 'data');
  const [database, other] = [await testStore(t), await testDatabase(t)];
  const lines = await startOnce(configOf(database), dataDir);
  t.ok(
    lines.some((line) => /failover can lose/.test(line)),
    'doubts are warnings',
  );
  t.match(JSON.parse(readFileSync(join(dataDir, 'cluster.json'), 'utf8')), {
    ...{ clusterId: 'cluster', members: [], inDatabase: true },
  });
  t.notOk(existsSync(join(dataDir, 'catalog-1')), 'no service has a folder');
  await startOnce(configOf(database), dataDir, { catalogs: 2, orders: 3 });
  await t.rejects(startOnce(configOf(other), dataDir, { initStore: true }), {
    ...{ code: 'conflict', message: /holds no store, but .* is of the store cluster/ },
  });
  await startOnce(configOf(other), join(folder, 'other'), { initStore: true });
  await t.rejects(startOnce(configOf(other), dataDir), {
    ...{ code: 'conflict', message: /is of the store cluster, but the database holds the store/ },
  });
  const place = ['--data-dir', dataDir, '--port-offset', '4690'];
  t.match(await run('up', ...place), { code: 7, stderr: /in a database; start it with --store/ });
  t.match(await run('backup', join(dataDir, 'copy'), '--data-dir', dataDir), {
    ...{ code: 7, stderr: /pg_dump/ },
  });
  const doctor = await run('doctor', ...flagsOf(other), ...place);
  t.match(doctor, { code: 1, stdout: /schema +problem.*not cluster/ });
  t.match(await run('store', 'status', '--data-dir', dataDir, '--json'), { code: 0 });

  const journals = join(folder, 'journals');
  await run('init', '--data-dir', journals);
  await t.rejects(startOnce(configOf(database), journals), {
    ...{ code: 'conflict', message: /is of the store .*, but the database holds/ },
  });
});

t.test('a second start from another folder finds the store of the first', async (t) => {
  const database = configOf(await testDatabase(t));
  const folder = t.testdir();
  const claim = (name: string) =>
    claimStore({
      ...{ database, dataDir: join(folder, name), replicas: { catalogs: 1, orders: 1 } },
      ...{ init: true, clock: waitingClock, warn: () => {} },
    });
  const { clusterId, isNew } = await claim('one');
  t.ok(isNew);
  t.same(await claim('two'), { clusterId, isNew });
});

t.test('no file of a store has the password, and no line shows it', async (t) => {
  const { url: admin } = await sharedServer();
  await queryAt(admin, `CREATE ROLE ${lockedRole} LOGIN SUPERUSER PASSWORD '${secret}'`);
  t.teardown(async () => {
    await queryAt(admin, `DROP ROLE ${lockedRole}`);
  });
  const database = await testStore(t);
  const own = new URL(database.url);
  own.username = lockedRole;
  own.password = secret;
  const dataDir = t.testdir();
  const lines = await startOnce({ ...configOf(database), url: own.href }, dataDir);
  t.notMatch(lines.join('\n'), secret);
  t.match(readFileSync(join(dataDir, 'run', 'store.json'), 'utf8'), `postgres://${lockedRole}@`);
  assertNoSecret(t, dataDir);
});

/** The command lines of all processes that mention this port. */
function commandLines(port: number): string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return line.includes(`:${port}/`) || line.includes('--no-detach') ? [line] : [];
    } catch {
      return [];
    }
  });
}

t.test(
  'no process shows the password on its command line, also in the background',
  { skip: existsSync('/proc/self/cmdline') ? false : 'needs /proc' },
  async (t) => {
    const seen: string[] = [];
    const server = createServer((socket) => {
      const { port } = server.address() as { port: number };
      seen.push(...commandLines(port));
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.teardown(() => server.close());
    const { port } = server.address() as { port: number };
    const dataDir = t.testdir();
    const store = `postgres://u:${secret}@127.0.0.1:${port}/db`;
    const args = [
      'up',
      '--detach',
      '--store',
      store,
      '--data-dir',
      dataDir,
      '--port-offset',
      '4690',
    ];
    const child = spawn(process.execPath, [entry, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const out of [child.stdout, child.stderr]) out.on('data', (text) => (said += text));
    const code = await new Promise((resolve) => child.once('close', resolve));
    t.equal(code, 5, said);
    t.match(said, /^cannot use postgres:\/\/u@/);
    t.ok(
      seen.some((line) => line.includes('postgres://u@')),
      'the command in front',
    );
    t.ok(
      seen.some((line) => line.includes('--no-detach')),
      'the launcher',
    );
    t.notMatch(said + seen.join('\n'), secret);
    assertNoSecret(t, dataDir);
  },
);
