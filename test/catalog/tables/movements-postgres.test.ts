/** Movements of stock in the tables of a real database: what is written, a takeover, and rows changed by hand. */
import t from 'tap';
import { required } from '../../../src/base/assert.js';
import { compareTables } from '../../../src/catalog/tables/compare-tables.js';
import { openTables } from '../../../src/database/table-pieces.js';
import { type TestDatabase, testStore } from '../../support/postgres-server.js';
import { assertRestores, openWriter, writeAndRestore } from './database-writer.js';
import { TableLog } from './table-log.js';
import { Replica } from './table-store.js';
import { tradesAt } from './trades.js';

const rowsText = `SELECT number::int AS n, product_id::int AS product, cause, source::int, delta::int,
    reserved_delta::int AS held, available::int, reserved::int, begins_run AS begins, reason, reference
  FROM stock_movements ORDER BY number`;
const none = { reason: null, reference: null };
const reference = 'a\0"b" \\0 {c}';

/** Under rules 4: a purchase of both products and a hold in one entry, and then an adjustment. */
function movedLog(): TableLog {
  const log = new TableLog(undefined, 4);
  const { buy, hold } = tradesAt(0);
  const both = [
    [1, 3],
    [2, 2],
  ] as const;
  log.trade(buy('one', both), hold('two', [[1, 4]]));
  log.append(['adjust', 2, { delta: -1, reason: 'damaged', reference }, 77]);
  return log;
}

const moved = [
  {
    n: 1,
    product: 1,
    cause: 'opening',
    source: 0,
    delta: 100,
    held: 0,
    available: 100,
    reserved: 0,
  },
  { n: 2, product: 2, cause: 'opening', source: 0, delta: 5, held: 0, available: 5, reserved: 0 },
  { n: 3, product: 1, cause: 'sale', source: 1, delta: -3, held: 0, available: 97, reserved: 0 },
  { n: 4, product: 2, cause: 'sale', source: 1, delta: -2, held: 0, available: 3, reserved: 0 },
  { n: 5, product: 1, cause: 'hold', source: 1, delta: -4, held: 4, available: 93, reserved: 4 },
  { n: 6, product: 2, cause: 'adjustment', source: 0, delta: -1, available: 2, reserved: 0 },
];

function lastOf(database: TestDatabase) {
  return database.query('SELECT last_movement::int AS last FROM applied');
}

t.test('movements are written with their cause, and the state is restored', async (t) => {
  const database = await testStore(t);
  const writer = await openWriter(t, database);
  const before = new TableLog(undefined, 3);
  await writeAndRestore(writer, before);
  t.same(await lastOf(database), [{ last: 0 }], 'older rules record none');
  const log = movedLog();
  const other = await testStore(t);
  const there = await openWriter(t, other);
  await writeAndRestore(there, log);
  t.same(await lastOf(other), [{ last: 6 }]);
  const rows = await other.query(rowsText);
  t.match(rows, [
    { ...moved[0], ...none, begins: true },
    { ...moved[1], ...none, begins: false },
    { ...moved[2], ...none, begins: true },
    { ...moved[3], ...none, begins: false },
    { ...moved[4], ...none, begins: false },
    { ...moved[5], begins: true, reason: 'damaged', reference: 'a\\0"b" \\\\0 {c}' },
  ]);

  // The catalog drops the first run, of which the tables have all, and a part of the next one.
  log.append(['cursor', 1, 0, 6]);
  await writeAndRestore(there, log);
  const { confirm } = tradesAt(0);
  log.trade(confirm('two', [[1, 1]]));
  await writeAndRestore(there, log);
  t.match(await other.query(`${rowsText} OFFSET 6`), [
    { n: 7, product: 1, cause: 'sale', source: 2, held: -1, begins: true },
    { n: 8, product: 1, cause: 'release', source: 1, delta: 3, held: -3, available: 96 },
  ]);
});

t.test('a follower takes over with the movements that the tables lack', async (t) => {
  const database = await testStore(t);
  const log = movedLog();
  const follower = new Replica();
  await (await openWriter(t, database)).write(log.leader);
  log.append(['cursor', 1, 0, 6]);
  const { release } = tradesAt(0);
  log.trade(release('two'));
  follower.applyThrough(log.entries, log.entries.length);
  const next = await openWriter(t, database);
  const tables = await openTables(database);
  t.ok(follower.tables.continueFrom(await tables.state()));
  await tables.close();
  const { movements = [] } = required(follower.tables.changes(), 'changes');
  t.match(movements, [{ number: 7, cause: 'release', source: 1 }]);
  t.equal(movements.length, 1);
  await next.write(follower);
  await assertRestores(database, log.leader.machine.hash());
});

t.test('a row that was changed by hand is named, or refuses the restore', async (t) => {
  const log = movedLog();
  const { machine } = log.leader;
  const written = async (): Promise<TestDatabase> => {
    const database = await testStore(t);
    const replica = new Replica();
    replica.applyThrough(log.entries, log.entries.length);
    await (await openWriter(t, database)).write(replica);
    return database;
  };
  const named = await written();
  await named.query("UPDATE stock_movements SET delta = 9, cause = 'change' WHERE number = 4");
  await named.query('UPDATE stock_movements SET begins_run = false WHERE number = 6');
  const tables = await openTables(named);
  t.match(await compareTables(tables, machine), [
    { table: 'stock_movements', id: '4', column: 'cause', stored: '"change"', expected: '"sale"' },
    { table: 'stock_movements', id: '4', column: 'delta', stored: '9', expected: '-2' },
    { table: 'stock_movements', id: '6', column: 'begins_run', stored: 'false', expected: 'true' },
  ]);
  await tables.close();
  await t.rejects(named.query('UPDATE stock_movements SET reserved = -1'), /balance_check/);
  const damages: readonly (readonly [string, RegExp])[] = [
    ['DELETE FROM stock_movements WHERE number = 6', /stock_movements lacks 6/],
    ['DELETE FROM stock_movements WHERE number = 1', /movement 2 follows 0/],
    [
      "UPDATE stock_movements SET cause = 'theft' WHERE number = 1",
      /movement 1 has the cause theft/,
    ],
    ['UPDATE applied SET last_movement = 1', /last_movement of the state row/],
  ];
  for (const [damage, message] of damages) {
    const database = await written();
    await database.query(damage);
    await t.rejects(assertRestores(database, machine.hash()), { code: 'internal', message });
  }
});
