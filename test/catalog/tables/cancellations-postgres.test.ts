/** Cancellations in the tables of a real database: what is written, a takeover, and rows changed by hand. */
import t from 'tap';
import { required } from '../../../src/base/assert.js';
import { compareTables } from '../../../src/catalog/tables/compare-tables.js';
import { openTables } from '../../../src/database/table-pieces.js';
import { type TestDatabase, testStore } from '../../support/postgres-server.js';
import { assertRestores, openWriter, writeAndRestore } from './database-writer.js';
import { TableLog } from './table-log.js';
import { Replica } from './table-store.js';
import { tradesAt } from './trades.js';

const rowsText = `SELECT number::int, order_number::int AS order, total_cents::int AS total, restock, reason,
    previous::int, cancelled::text, is_whole AS whole, batch::int FROM cancellations ORDER BY number`;
const linesText = `SELECT number::int, order_number::int AS order, product_id::int AS product, name,
    quantity::int, line_cents::int AS cents, restock FROM cancelled_lines ORDER BY number, place`;

/** Order 1 has two products, order 2 one; Ann bought it. */
function soldLog(): TableLog {
  const log = new TableLog(undefined, 3);
  log.append(['update', 1, { limit: [9, null] }]);
  const { buy } = tradesAt(0);
  log.trade(
    buy(
      'one',
      [
        [2, 2],
        [1, 3],
      ],
      'Bob',
    ),
    buy('two', [[1, 2]], 'Ann'),
  );
  return log;
}

function saleOf({ sales }: TableLog, number: number) {
  return required(sales[number - 1], 'a sale');
}

function appliedOf(database: TestDatabase) {
  return database.query('SELECT last_order::int, last_cancellation::int FROM applied');
}

t.test('cancellations are written with their lines, and the state is restored', async (t) => {
  const database = await testStore(t);
  const writer = await openWriter(t, database);
  const log = soldLog();
  const { cancel } = tradesAt(0);
  await writeAndRestore(writer, log);
  t.same(await appliedOf(database), [{ last_order: 2, last_cancellation: 0 }]);
  const reason = 'a\0"b" \\0 {c}';
  log.trade(
    cancel('part', saleOf(log, 1), { lines: [[1, 1]], reason }),
    cancel('whole', saleOf(log, 2), { restock: false }),
  );
  log.trade(cancel('rest', saleOf(log, 1)));
  await writeAndRestore(writer, log);
  t.same(await appliedOf(database), [{ last_order: 2, last_cancellation: 3 }]);
  t.same(await database.query(rowsText), [
    {
      ...{ number: 1, order: 1, total: 1_990, restock: true, reason: 'a\\0"b" \\\\0 {c}' },
      ...{ previous: 0, cancelled: '{1,1}', whole: false, batch: 1 },
    },
    {
      ...{ number: 2, order: 2, total: 3_980, restock: false, reason: null },
      ...{ previous: 0, cancelled: '{1,2}', whole: true, batch: 1 },
    },
    {
      ...{ number: 3, order: 1, total: 5_380, restock: true, reason: null },
      ...{ previous: 1, cancelled: '{1,3,2,2}', whole: true, batch: 3 },
    },
  ]);
  const [tux, whale] = [
    { product: 1, name: 'Tux' },
    { product: 2, name: 'Whale' },
  ];
  t.same(await database.query(linesText), [
    { number: 1, order: 1, ...tux, quantity: 1, cents: 1_990, restock: true },
    { number: 2, order: 2, ...tux, quantity: 2, cents: 3_980, restock: false },
    { number: 3, order: 1, ...whale, quantity: 2, cents: 1_400, restock: true },
    { number: 3, order: 1, ...tux, quantity: 2, cents: 3_980, restock: true },
  ]);
  t.same(
    await database.query('SELECT id::int, sold::int, returned::int FROM products ORDER BY id'),
    [
      { id: 1, sold: 5, returned: 3 },
      { id: 2, sold: 2, returned: 2 },
    ],
  );

  // The catalog drops what the tables have, and continues after it.
  log.append(['cursor', 2, 3]);
  await writeAndRestore(writer, log);
  const { buy } = tradesAt(0);
  log.trade(buy('three', [[1, 1]], 'Ann'));
  log.trade(cancel('last', saleOf(log, 3)));
  await writeAndRestore(writer, log);
  t.match(await database.query(`${rowsText} OFFSET 3`), [{ number: 4, order: 3, batch: 4 }]);
});

t.test('a follower takes over with the cancellations that the tables lack', async (t) => {
  const database = await testStore(t);
  const log = soldLog();
  const { cancel } = tradesAt(0);
  const follower = new Replica();
  log.trade(cancel('part', saleOf(log, 1), { lines: [[1, 1]] }));
  await (await openWriter(t, database)).write(log.leader);
  log.append(['cursor', 2, 1]);
  log.trade(cancel('rest', saleOf(log, 1)));
  follower.applyThrough(log.entries, log.entries.length);
  const next = await openWriter(t, database);
  const tables = await openTables(database);
  t.ok(follower.tables.continueFrom(await tables.state()));
  await tables.close();
  t.match(follower.tables.changes(), { cancellations: [{ number: 2, previous: 1 }] });
  await next.write(follower);
  await assertRestores(database, log.leader.machine.hash());
});

t.test('a row that was changed by hand is named, or refuses the restore', async (t) => {
  const log = soldLog();
  const { cancel } = tradesAt(0);
  log.trade(cancel('part', saleOf(log, 1), { lines: [[1, 1]] }), cancel('two', saleOf(log, 2)));
  const { machine } = log.leader;
  const written = async (): Promise<TestDatabase> => {
    const database = await testStore(t);
    const replica = new Replica();
    replica.applyThrough(log.entries, log.entries.length);
    await (await openWriter(t, database)).write(replica);
    return database;
  };
  const named = await written();
  await named.query("UPDATE cancellations SET reason = 'mine', restock = false WHERE number = 2");
  await named.query('UPDATE cancellation_lines SET price_cents = 1 WHERE cancellation_number = 1');
  const tables = await openTables(named);
  t.match(await compareTables(tables, machine), [
    { table: 'cancellations', id: '1', column: 'lines', stored: /"priceCents":1}/ },
    { table: 'cancellations', id: '2', column: 'restock', stored: 'false', expected: 'true' },
    { table: 'cancellations', id: '2', column: 'reason', stored: '"mine"', expected: 'null' },
  ]);
  await tables.close();
  const damages: readonly (readonly [string, RegExp])[] = [
    ['DELETE FROM cancellations WHERE number = 2', /cancellations lacks 2/],
    ['UPDATE cancellations SET number = 7 WHERE number = 2', /cancellation 7 follows 1/],
    ['UPDATE cancellations SET order_number = 1 WHERE number = 2', /has 1 orders, not 2/],
    ['UPDATE applied SET last_cancellation = 1', /last_cancellation of the state row/],
  ];
  for (const [damage, message] of damages) {
    const database = await written();
    await database.query(
      'ALTER TABLE cancellation_lines DROP CONSTRAINT cancellation_lines_cancellation_number_fkey',
    );
    await database.query(
      'UPDATE cancellation_lines SET cancellation_number = 7 WHERE cancellation_number = 2 AND $1',
      [damage.includes('= 7')],
    );
    await database.query(damage);
    await t.rejects(assertRestores(database, machine.hash()), { code: 'internal', message });
  }
});
