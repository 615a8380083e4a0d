/** `bazar store` and the doctor over a real server. */
import t from 'tap';
import { schemaVersion } from '../../../src/database/migrations.js';
import { queryAt, sharedServer, testDatabase, testStore } from '../../support/postgres-server.js';
import { asRole, flagsOf, run, testRole } from './database.js';

function problemsIn(stdout: string): { check: string; detail: string }[] {
  const { findings } = JSON.parse(stdout);
  return findings.filter(({ verdict }: { verdict: string }) => verdict === 'problem');
}

t.test('init creates a store once and says how to start it', async (t) => {
  const database = await testDatabase(t);
  const flags = flagsOf(database, (url) => {
    url.password = 'not-shown';
  });
  const created = await run('store', 'init', ...flags);
  t.match(created, {
    code: 0,
    stdout: '',
    stderr: /now: bazar up --store postgres:.*--store-schema/,
  });
  t.notMatch(created.stderr, 'not-shown');
  t.match(await run('store', 'init', ...flags), { code: 7, stderr: /holds a store already/ });
  t.match(await run('store', 'init'), { code: 2, stderr: /--store postgres:/ });
  const other = await testDatabase(t);
  const { code, stdout } = await run('store', 'init', ...flagsOf(other), '--json');
  t.equal(code, 0);
  t.match(JSON.parse(stdout), { cluster_id: /^[0-9a-f-]{36}$/, schema_version: schemaVersion });
});

t.test('init gives the roles their rights, and names a missing role', async (t) => {
  const [service, report] = [await testRole(t), await testRole(t)];
  const database = await testDatabase(t);
  const roles = ['--service-role', service, '--report-role', report];
  const missing = await run('store', 'init', ...flagsOf(database), '--service-role', 'nobody_here');
  t.match(missing, { code: 5, stderr: /nobody_here.*create this role first/ });
  t.match(await run('store', 'init', ...flagsOf(database), ...roles), { code: 0 });
  t.match(await run('store', 'check', ...flagsOf(database, asRole(service))), { code: 0 });
  const reader = flagsOf(database, asRole(report));
  const refused = await run('store', 'check', ...reader, '--json');
  t.equal(refused.code, 1);
  t.match(problemsIn(refused.stdout), [
    { check: 'rights', detail: /lacks UPDATE ON leaders.*INSERT ON log/ },
  ]);
  const { stdout } = await run('store', 'status', ...reader, '--json');
  const { tables } = JSON.parse(stdout);
  t.match(tables.at(0), { table: 'products', rows: 0, estimated: false });
  t.match(tables.at(-1), { table: 'log', rows: null });
});

t.test('status shows leaders, log and tables, for people and machines', async (t) => {
  const database = await testStore(t);
  await database.query(
    "UPDATE leaders SET leader = 'catalog-2', epoch = 3, log_end_seq = 9 WHERE group_name = 'catalog'",
  );
  await database.query('UPDATE applied SET applied_seq = 7, last_order = 4');
  const { code, stdout } = await run('store', 'status', ...flagsOf(database), '--json');
  t.equal(code, 0);
  t.match(JSON.parse(stdout), {
    engine: 'PostgreSQL',
    schema: database.schema,
    schema_version: schemaVersion,
    cluster_id: 'cluster',
    leaders: [
      { group: 'catalog', leader: 'catalog-2', epoch: 3 },
      { group: 'order', leader: null, epoch: 0 },
    ],
    ...{ log_end: 9, applied_seq: 7, lag: 2, last_order: 4 },
    bytes: Number,
  });
  const people = await run('store', 'status', ...flagsOf(database));
  t.match(people.stdout, /tables at +7, 2 behind\n.*last order +4\n/);
  t.match(people.stdout, /catalog +catalog-2 +3\n/);
});

t.test('migrate changes an older schema, and nothing else does', async (t) => {
  const database = await testStore(t);
  const flags = flagsOf(database);
  t.match(await run('store', 'migrate', ...flags), { code: 0, stderr: /already/ });
  await database.query('UPDATE store_meta SET schema_version = $1', [schemaVersion + 1]);
  t.match(await run('store', 'migrate', ...flags), { code: 7, stderr: /use a newer build/ });
  t.match(await run('store', 'status', ...flags), { code: 7, stderr: /use a newer build/ });
  const absent = await testDatabase(t);
  t.match(await run('store', 'migrate', ...flagsOf(absent)), { code: 7, stderr: /store init/ });
});

t.test('a check finds what a failover may lose, and exits with 0 for doubts', async (t) => {
  const database = await testStore(t);
  const { code, stdout } = await run('store', 'check', ...flagsOf(database), '--catalogs', '9');
  t.equal(code, 0);
  t.match(stdout, /writes +ok/);
  t.match(stdout, /synchronous_standby_names is empty: a failover can lose acknowledged orders/);
  t.match(stdout, /connections +doubt.*raise max_connections/);
  t.same(await database.query('SELECT * FROM log'), [], 'the test write is taken back');
});

t.test('there is one line for each fault of the database', async (t) => {
  const database = await testStore(t);
  const { url } = await sharedServer();
  const role = await testRole(t);
  const older = await testStore(t);
  await older.query('UPDATE store_meta SET schema_version = 0');
  const foreign = await testDatabase(t);
  await foreign.query(`CREATE SCHEMA ${foreign.schema}`);
  await foreign.query('CREATE TABLE customers (id integer)');
  const readOnly = await testRole(t);
  await queryAt(url, `ALTER ROLE ${readOnly} SET default_transaction_read_only = on`);
  const faults: readonly (readonly [flags: readonly string[], line: RegExp])[] = [
    [['--store', 'postgres://u:not-shown@127.0.0.1:1/db'], /ECONNREFUSED.*nothing listens there/],
    [
      flagsOf(database, (own) => {
        own.pathname = '/nowhere';
      }),
      /"nowhere" does not exist.*correct its name/,
    ],
    [
      flagsOf(database, (own) => {
        own.username = 'nobody_here';
      }),
      /nobody_here.*create this role/,
    ],
    [flagsOf(database, asRole(role)), /permission denied for schema.*rights/],
    [flagsOf(await testDatabase(t), asRole(role)), /holds no store; run bazar store init/],
    [flagsOf(older), /has version 0, this build needs.*bazar store migrate/],
    [flagsOf(foreign), /belongs to something else \(table customers\)/],
    [flagsOf(database, asRole(readOnly)), /read-only; switch default_transaction_read_only off/],
  ];
  for (const [flags, line] of faults) {
    const { code, stdout, stderr } = await run('store', 'check', ...flags, '--json');
    t.equal(code, 1, `${line}`);
    t.match(problemsIn(stdout), [{ check: /database|schema/, detail: line }]);
    t.equal(problemsIn(stdout).length, 1);
    t.notMatch(stdout + stderr, 'not-shown');
  }
});

t.test('the doctor checks the database, too', async (t) => {
  const place = ['--data-dir', t.testdir(), '--port-offset', '4690', '--json'];
  const [absent, role] = [await testDatabase(t), await testRole(t)];
  for (const [flags, line] of [
    [['--store', 'postgres://u:x/not-shown@h/db'], /must be postgres:/],
    [flagsOf(absent), /holds no store; run bazar store init/],
    [[...flagsOf(absent, asRole(role)), '--init-store'], /may not create the schema/],
  ] as const) {
    const { code, stdout, stderr } = await run('doctor', ...flags, ...place);
    t.equal(code, 1, `${line}`);
    t.match(problemsIn(stdout), [{ detail: line }]);
    t.equal(problemsIn(stdout).length, 1);
    t.notMatch(stdout + stderr, 'not-shown');
  }
  const created = await run('doctor', ...flagsOf(absent), '--init-store', ...place);
  t.match(created, { code: 0, stdout: /will be created/ });
});
