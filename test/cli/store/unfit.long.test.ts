/**
 * What `store init`, `up --store` and the doctor say of a database that is unfit: one line each, that
 * names the fault and what to do, and the exit code.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { schemaVersion } from '../../../src/database/migrations.js';
import { fakePostgres } from '../../support/fake-postgres.js';
import { queryAt, sharedServer, testDatabase, testStore } from '../../support/postgres-server.js';
import { asRole, flagsOf, run, testRole } from './database.js';

/** Exit codes: the database cannot be used; something else is there. */
const unavailable = 5;
const conflict = 7;

interface Unfit {
  readonly flags: readonly string[];
  /** What `bazar store init` says. */
  readonly init: readonly [code: number, line: RegExp];
  readonly up: readonly [code: number, line: RegExp];
  /** The check of the doctor's line. */
  readonly check: string;
  /** Of the doctor; absent: that of `up`. */
  readonly doctor?: RegExp;
}

async function assertRefused(t: Test, { flags, init, up, check, doctor }: Unfit): Promise<void> {
  const dataDir = join(t.testdir(), 'data');
  const place = ['--data-dir', dataDir, '--port-offset', '4690'];
  for (const [args, [expected, line]] of [
    [['store', 'init'], init],
    [['up', ...place], up],
  ] as const) {
    const { code, stdout, stderr } = await run(...args, ...flags);
    t.match(stderr, line, args[0]);
    t.match(stderr, /^[^\n]+\n$/, 'one line');
    t.same([code, stdout], [expected, ''], `${args[0]}: ${stderr}`);
    t.notMatch(stderr, 'not-shown');
  }
  t.notOk(existsSync(join(dataDir, 'cluster.json')), 'the data folder belongs to no store');
  const { code, stdout } = await run('doctor', ...flags, ...place, '--json');
  const { findings } = JSON.parse(stdout) as { findings: { verdict: string }[] };
  const problems = findings.filter(({ verdict }) => verdict === 'problem');
  t.equal(code, 1);
  t.match(problems, [{ check, detail: doctor ?? up[1] }]);
  t.equal(problems.length, 1, stdout);
}

t.test('a server that is too old', async (t) => {
  const flags = ['--store', await fakePostgres(t, 120_022)];
  const line = /^cannot use postgres:.*PostgreSQL 12 is too old; use version 13 or later/;
  await assertRefused(t, { flags, init: [5, line], up: [5, line], check: 'database' });
});

t.test('a server that only reads', async (t) => {
  const { url } = await sharedServer();
  const role = await testRole(t);
  await queryAt(url, `ALTER ROLE ${role} SET default_transaction_read_only = on`);
  const line = /^cannot use postgres:.*read-only; switch default_transaction_read_only off/;
  await assertRefused(t, {
    flags: flagsOf(await testStore(t), asRole(role)),
    ...{ init: [unavailable, line], up: [unavailable, line], check: 'database' },
  });
});

t.test('a schema of another version', async (t) => {
  for (const [version, line] of [
    [
      schemaVersion - 1,
      /^schema .* has version \d+, this build needs \d+; run bazar store migrate/,
    ],
    [schemaVersion + 1, /^schema .* has version \d+, this build knows \d+; use a newer build/],
  ] as const) {
    const database = await testStore(t);
    await database.query('UPDATE store_meta SET schema_version = $1', [version]);
    await assertRefused(t, {
      ...{ flags: flagsOf(database), init: [conflict, /holds a store already/] },
      ...{ up: [conflict, line], check: 'schema' },
    });
  }
});

t.test('a schema with the tables of something else', async (t) => {
  const database = await testDatabase(t);
  await database.query(`CREATE SCHEMA ${database.schema}`);
  await database.query('CREATE TABLE customers (id integer)');
  const line = /^schema .* belongs to something else \(table customers\); choose another/;
  await assertRefused(t, {
    flags: flagsOf(database),
    ...{ init: [conflict, line], up: [conflict, line], check: 'schema' },
  });
  t.same(await database.query('SELECT * FROM customers'), [], 'its tables stay');
});

t.test('a schema with an unfinished copy', async (t) => {
  const database = await testStore(t);
  const mark = { work: 'copy', from: '/srv/data', state: '7' };
  await database.query('UPDATE store_meta SET unfinished = $1', [JSON.stringify(mark)]);
  const line = /^schema .* holds an unfinished copy of \/srv\/data; run the same/;
  await assertRefused(t, {
    flags: flagsOf(database),
    ...{ init: [conflict, /holds a store already/], up: [conflict, line], check: 'schema' },
  });
});

t.test('a role without any rights', async (t) => {
  const role = await testRole(t);
  const denied = /^cannot read the schema: permission denied for schema .*rights/;
  await assertRefused(t, {
    flags: flagsOf(await testStore(t), asRole(role)),
    ...{ init: [unavailable, denied], up: [unavailable, denied], check: 'schema' },
  });
  await assertRefused(t, {
    flags: flagsOf(await testDatabase(t), asRole(role)),
    init: [unavailable, /^cannot create the schema: permission denied for database .*rights/],
    up: [conflict, /^schema .* holds no store; create it with: bazar store init/],
    ...{ check: 'schema', doctor: /holds no store; run bazar store init/ },
  });
});

t.test('a role that may read the schema, but not write it', async (t) => {
  const role = await testRole(t);
  const database = await testStore(t);
  await database.query(`GRANT USAGE ON SCHEMA ${database.schema} TO ${role}`);
  await database.query(`GRANT SELECT ON ALL TABLES IN SCHEMA ${database.schema} TO ${role}`);
  await assertRefused(t, {
    flags: flagsOf(database, asRole(role)),
    init: [conflict, /holds a store already/],
    up: [unavailable, /^the role .* lacks UPDATE ON leaders.*the owner can GRANT them/],
    check: 'rights',
  });
});
