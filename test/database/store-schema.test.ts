import t from 'tap';
import { parseDatabaseUrl } from '../../src/database/connection-url.js';
import { migrations, schemaVersion } from '../../src/database/migrations.js';
import { PostgresTables } from '../../src/database/postgres-tables.js';
import {
  checkSchema,
  initStore,
  migrateStore,
  readSchemaState,
  withSession,
} from '../../src/database/store-schema.js';
import {
  lockedRole,
  queryAt,
  sharedServer,
  type TestDatabase,
  testDatabase,
  testStore,
} from '../support/postgres-server.js';
import { fastClock, logOf } from './faults.js';
import { append, cancellationsOf, movementsOf } from './rows.js';

const founding = { clusterId: 'cluster', founding: '{"rules":2}' };

function stateOf(database: TestDatabase) {
  return withSession(database, (session) => readSchemaState(session, database.schema));
}

t.test('init founds a store once', async (t) => {
  const database = await testDatabase(t);
  t.same(await stateOf(database), { kind: 'absent' });
  await t.rejects(logOf(t, database).takeLead('catalog-1'), {
    code: 'unavailable',
    message: /holds no store; run bazar store init/,
  });
  await initStore(database, founding);
  t.same(await stateOf(database), { kind: 'current', version: schemaVersion, ...founding });
  await t.rejects(initStore(database, founding), { code: 'conflict', message: /a store already/ });
});

t.test('of two inits at once one founds the store', async (t) => {
  const database = await testDatabase(t);
  const results = await Promise.allSettled([
    initStore(database, { ...founding, clusterId: 'one' }),
    initStore(database, { ...founding, clusterId: 'two' }),
  ]);
  t.same(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  t.match(await stateOf(database), { kind: 'current' });
});

t.test('a schema of something else is refused and left alone', async (t) => {
  const database = await testDatabase(t);
  await database.query(`CREATE SCHEMA ${database.schema}`);
  await database.query('CREATE TABLE customers (id integer)');
  const refusal = { code: 'conflict', message: /something else \(table customers\)/ };
  await t.rejects(initStore(database, founding), refusal);
  await t.rejects(migrateStore(database), refusal);
  await t.rejects(logOf(t, database).takeLead('catalog-1'), { code: 'unavailable' });
  t.same(await stateOf(database), { kind: 'foreign', table: 'customers' });
});

t.test('another version or another store is refused', async (t) => {
  const database = await testStore(t);
  await database.query('UPDATE store_meta SET schema_version = 99');
  await t.rejects(logOf(t, database).takeLead('catalog-1'), { message: /use a newer build/ });
  await t.rejects(migrateStore(database), { code: 'conflict', message: /use a newer build/ });
  await database.query('UPDATE store_meta SET schema_version = 0');
  await t.rejects(logOf(t, database).takeLead('catalog-1'), { message: /run bazar store migrate/ });
  await database.query('UPDATE store_meta SET schema_version = $1', [schemaVersion]);
  const other = { ...database, clusterId: 'other' };
  await t.rejects(logOf(t, other).takeLead('catalog-1'), { message: /store cluster, not other/ });
  t.throws(() => checkSchema({ kind: 'absent' }, 'bazar', undefined), { code: 'conflict' });
});

t.test('no log is opened on tables with unfinished work', async (t) => {
  const database = await testStore(t);
  const mark = { work: 'copy', from: '/srv/data', state: '7' };
  await database.query('UPDATE store_meta SET unfinished = $1', [JSON.stringify(mark)]);
  await t.rejects(logOf(t, database).takeLead('catalog-1'), {
    message: /holds an unfinished copy of \/srv\/data; run the same bazar store copy again/,
  });
  await database.query(`UPDATE store_meta SET unfinished = '{"work":"rebuild"}'`);
  await t.rejects(logOf(t, database).takeLead('catalog-1'), { message: /check --rebuild again/ });
  t.match(await stateOf(database), { kind: 'current', unfinished: '{"work":"rebuild"}' });
});

t.test('every older version is migrated, and its rows stay', async (t) => {
  const later = [...migrations, 'ALTER TABLE products ADD COLUMN weight integer'];
  for (let version = 1; version < later.length; version++) {
    const database = await testDatabase(t);
    await initStore(database, founding, later.slice(0, version));
    await database.query(`INSERT INTO products
      VALUES (1, 'Tux', 'toys', 1990, 5, 1, 7, 2, false, NULL)`);
    t.equal(await migrateStore(database, later), version);
    const [meta] = await database.query('SELECT schema_version FROM store_meta');
    t.equal(meta?.schema_version, later.length);
    t.same(await database.query('SELECT id, weight FROM products'), [{ id: '1', weight: null }]);
  }
});

t.test('a migration that fails changes nothing', async (t) => {
  const database = await testStore(t);
  const broken = [...migrations, 'DROP TABLE change_keys; SELECT 1 / 0'];
  await t.rejects(migrateStore(database, broken), { code: 'unavailable', message: /22012/ });
  t.match(await stateOf(database), { kind: 'current' });
  t.same(await database.query('SELECT * FROM change_keys'), []);
});

t.test('the service role runs the store, and the report role only reads', async (t) => {
  const { url } = await sharedServer();
  const [serviceRole, reportRole] = [`service_${process.pid}`, `report_${process.pid}`];
  const database = await testDatabase(t);
  for (const role of [serviceRole, reportRole]) {
    await queryAt(url, `CREATE ROLE ${role} LOGIN PASSWORD 'secret'`);
    t.teardown(async () => {
      await queryAt(url, `DROP OWNED BY ${role}`);
      await queryAt(url, `DROP ROLE ${role}`);
    });
  }
  await initStore(database, { ...founding, serviceRole, reportRole });
  const as = (role: string): TestDatabase => {
    const own = new URL(url);
    own.username = role;
    own.password = 'secret';
    return { ...database, url: own.href, settings: parseDatabaseUrl(own.href, {}) };
  };
  const log = logOf(t, as(serviceRole));
  const lead = await log.takeLead('catalog-1');
  const { lastMovement, movements } = movementsOf(2);
  const changes = { ...cancellationsOf([1, 2], 2), lastMovement, movements };
  t.same(await log.write(append(lead, 2, changes)), { kind: 'written' });
  const tables = new PostgresTables(as(serviceRole));
  t.teardown(() => tables.close());
  t.equal(await tables.deleteOldEntries(1_000, 0), 2);
  await t.rejects(
    tables.readOrder(1).then(() => logOf(t, as(reportRole)).takeLead('report')),
    {
      message: /permission denied.*42501/,
    },
  );
  const read = (text: string) => queryAt(as(reportRole).url, text, [], database.schema);
  t.same(await read('SELECT * FROM held_lines'), []);
  await t.rejects(read('SELECT id FROM holds'), /permission denied/);
  await t.rejects(read('SELECT customer FROM orders'), /permission denied/);
  await t.rejects(read('SELECT count(*) FROM limit_uses'), /permission denied/);
  t.match(await read('SELECT * FROM cancelled_lines WHERE order_number = 1'), [
    { number: '1', restock: true, line_cents: '250' },
    { number: '3', restock: false, reason: /broken/ },
  ]);
  t.same(await read('SELECT cancelled::text FROM cancellations WHERE number = 3'), [
    { cancelled: '{1,2}' },
  ]);
  await t.rejects(read('SELECT key FROM cancellations'), /permission denied/);
  t.match(await read('SELECT * FROM stock_movements'), [{ number: '1' }, { number: '2' }]);
  await t.rejects(read('UPDATE stock_movements SET delta = 0'), /permission denied/);
  const write = (text: string) => queryAt(as(serviceRole).url, text, [], database.schema);
  await t.rejects(write('UPDATE stock_movements SET delta = 0'), /permission denied/);
  await t.rejects(write('DELETE FROM stock_movements'), /permission denied/);
  t.match(await read('SELECT number, key, total_cents, at_ms, seq FROM orders WHERE number = 1'), [
    { total_cents: '500' },
  ]);
  t.same(await read('SELECT count(*)::int FROM orders'), [{ count: 2 }]);
  t.match(await read('SELECT limit_quantity FROM products'), [{ limit_quantity: null }]);
  t.match(await read('SELECT line_cents FROM sold_lines WHERE number = 1'), [
    { line_cents: '500' },
  ]);
  await t.rejects(read('SELECT * FROM log'), /permission denied/);
  await t.rejects(read('DELETE FROM orders'), /permission denied/);
});

t.test('a migration gives the roles their rights on the new tables', async (t) => {
  const { url } = await sharedServer();
  const [serviceRole, reportRole] = [`service_old_${process.pid}`, `report_old_${process.pid}`];
  const database = await testDatabase(t);
  await initStore(database, founding, migrations.slice(0, 2));
  for (const role of [serviceRole, reportRole]) {
    await queryAt(url, `CREATE ROLE ${role} LOGIN`);
    t.teardown(async () => {
      await queryAt(url, `DROP OWNED BY ${role}`);
      await queryAt(url, `DROP ROLE ${role}`);
    });
    await database.query(`GRANT USAGE ON SCHEMA ${database.schema} TO ${role}`);
  }
  await database.query(`GRANT SELECT, INSERT, DELETE ON log TO ${serviceRole}`);
  await database.query(`GRANT SELECT ON sold_lines, orders TO ${reportRole}`);
  await database.query('GRANT SELECT ON orders TO PUBLIC');
  await database.query(`GRANT SELECT, INSERT ON orders TO ${serviceRole}`);
  t.equal(await migrateStore(database), 2);
  const rightsOf = (role: string) =>
    database.query(
      `SELECT has_table_privilege($1, 'holds', 'DELETE') AS holds,
        has_table_privilege($1, 'held_lines', 'SELECT') AS view,
        has_table_privilege($1, 'limit_uses', 'SELECT') AS uses,
        has_table_privilege($1, 'cancellation_lines', 'INSERT') AS cancel,
        has_table_privilege($1, 'cancelled_lines', 'SELECT') AS cancelled,
        has_table_privilege($1, 'stock_movements', 'INSERT') AS move,
        has_table_privilege($1, 'stock_movements', 'SELECT') AS moved,
        has_column_privilege($1, 'orders', 'total_cents', 'SELECT') AS total,
        has_column_privilege($1, 'orders', 'customer', 'SELECT') AS customer`,
      [role],
    );
  t.same(await rightsOf(serviceRole), [
    {
      ...{ holds: true, view: false, uses: true, cancel: true, cancelled: false },
      ...{ move: true, moved: true, total: true, customer: true },
    },
  ]);
  t.same(await rightsOf(reportRole), [
    {
      ...{ holds: false, view: true, uses: false, cancel: false, cancelled: true },
      ...{ move: false, moved: true, total: true, customer: false },
    },
  ]);
});

t.test('a wrong database, role or password is one clear line without the password', async (t) => {
  const { url } = await sharedServer();
  const database = await testStore(t);
  await queryAt(url, `CREATE ROLE ${lockedRole} LOGIN PASSWORD 'right'`);
  t.teardown(async () => {
    await queryAt(url, `DROP ROLE ${lockedRole}`);
  });
  const faults: readonly [change: (own: URL) => void, message: RegExp][] = [
    [
      (own) => {
        own.pathname = '/nowhere';
      },
      /database "nowhere" does not exist.*3D000/,
    ],
    [
      (own) => {
        own.username = lockedRole;
      },
      /password authentication failed.*28P01/,
    ],
    [
      (own) => {
        own.searchParams.set('options', '-c role=nobody_here');
      },
      /nobody_here/,
    ],
  ];
  for (const [change, message] of faults) {
    const own = new URL(url);
    own.password = 'not-shown';
    change(own);
    const settings = parseDatabaseUrl(own.href, {});
    const log = logOf(t, { ...database, clock: fastClock, settings });
    await t.rejects(log.takeLead('catalog-1'), { code: 'unavailable', message });
    await t.rejects(log.takeLead('catalog-1'), { message: /^(?!.*not-shown)/ });
  }
});
