/** Holds in the tables of a real database: each way a hold goes, a takeover, and random histories. */
import fc from 'fast-check';
import t from 'tap';
import { required } from '../../../src/base/assert.js';
import { compareTables } from '../../../src/catalog/tables/compare-tables.js';
import { openTables } from '../../../src/database/table-pieces.js';
import { testStore } from '../../support/postgres-server.js';
import { digest, hour } from '../log-builder.js';
import { assertRestores, openWriter, writeAndRestore } from './database-writer.js';
import { TableLog } from './table-log.js';
import { Replica } from './table-store.js';
import { type TablePresent, tradeHistory } from './trade-history.js';
import { tradesAt } from './trades.js';

const holdsText = `SELECT serial::int, state, end_time::int AS end, expires_ms::int AS expires,
    order_number::int AS number, reference FROM holds ORDER BY serial`;
const productsText =
  'SELECT id::int, quantity::int, reserved::int, sold::int FROM products ORDER BY id';

t.test('holds are opened, confirmed in part, released, expired and forgotten', async (t) => {
  const database = await testStore(t);
  const writer = await openWriter(t, database);
  const log = new TableLog(undefined, 3);
  await writeAndRestore(writer, log);
  const { hold, confirm, release, extend } = tradesAt(0);
  const reference = 'a\0"b" \\0 {c}';
  log.trade(
    hold('one', [
      [1, 3],
      [2, 2],
    ]),
    hold('two', [[1, 4]], { customer: 'Ann', reference }),
    hold('three', [[1, 1]], { ttlSeconds: 10 }),
  );
  await writeAndRestore(writer, log);
  const open = { state: 'open', number: null };
  t.same(await database.query(holdsText), [
    { serial: 1, ...open, end: 60_000, expires: 61_000, reference: null },
    { serial: 2, ...open, end: 60_000, expires: 61_000, reference: 'a\\0"b" \\\\0 {c}' },
    { serial: 3, ...open, end: 10_000, expires: 11_000, reference: null },
  ]);
  t.same(await database.query('SELECT customer FROM holds WHERE customer IS NOT NULL'), [
    { customer: Buffer.from(digest('Ann')) },
  ]);
  t.same(await database.query(productsText), [
    { id: 1, quantity: 92, reserved: 8, sold: 0 },
    { id: 2, quantity: 3, reserved: 2, sold: 0 },
  ]);

  log.trade(confirm('one', [[1, 2]]), extend('two', 100));
  log.pass(15_000);
  log.append(['expire', [1, 2, 3]]);
  log.trade(hold('four', [[2, 1]]), release('four'), hold('five', [[1, 1]]));
  await writeAndRestore(writer, log);
  t.same(await database.query(holdsText), [
    { serial: 1, state: 'confirmed', end: 0, expires: null, number: 1, reference: null },
    { serial: 2, ...open, end: 100_000, expires: 101_000, reference: 'a\\0"b" \\\\0 {c}' },
    { serial: 3, state: 'expired', end: 15_000, expires: 11_000, number: null, reference: null },
    { serial: 4, state: 'released', end: 15_000, expires: 61_000, number: null, reference: null },
    { serial: 5, ...open, end: 75_000, expires: 61_000, reference: null },
  ]);
  t.same(await database.query(productsText), [
    { id: 1, quantity: 93, reserved: 5, sold: 2 },
    { id: 2, quantity: 5, reserved: 0, sold: 0 },
  ]);
  t.same(await database.query('SELECT number::int, product_id::int FROM sold_lines'), [
    { number: 1, product_id: 1 },
  ]);
  t.match(await database.query('SELECT * FROM held_lines WHERE serial = 2'), [
    { state: 'open', product_id: '1', quantity: '4', line_cents: '7960' },
  ]);

  // The first one is forgotten at this log time.
  log.pass(24 * hour - 15_000);
  await writeAndRestore(writer, log);
  t.same(await database.query('SELECT serial::int FROM holds ORDER BY 1'), [
    { serial: 2 },
    { serial: 3 },
    { serial: 4 },
    { serial: 5 },
  ]);
  // These are resolved and forgotten before the tables are written again.
  const later = tradesAt(log.time);
  log.append(['expire', [2, 5]]);
  log.trade(later.hold('six', [[1, 1]]), later.release('six'), later.hold('seven', [[1, 6]]));
  log.pass(24 * hour);
  await writeAndRestore(writer, log);
  t.same(await database.query('SELECT serial::int, state FROM holds'), [
    { serial: 7, state: 'open' },
  ]);
  t.same(await database.query('SELECT hold_serial::int FROM hold_lines'), [{ hold_serial: 7 }]);
});

t.test('a follower takes over with what the tables lack', async (t) => {
  const database = await testStore(t);
  const log = new TableLog(undefined, 3);
  const { hold, confirm, release } = tradesAt(0);
  const follower = new Replica();
  log.trade(hold('one', [[1, 3]]), hold('two', [[1, 1]]));
  await (await openWriter(t, database)).write(log.leader);
  log.trade(confirm('one'), hold('three', [[2, 1]]), release('two'));
  follower.applyThrough(log.entries, log.entries.length);
  const next = await openWriter(t, database);
  const tables = await openTables(database);
  t.ok(follower.tables.continueFrom(await tables.state()));
  await tables.close();
  const { holds } = required(follower.tables.changes(), 'changes');
  t.match(holds, { rows: [{ serial: 1 }, { serial: 2 }, { serial: 3 }], linesThrough: 2 });
  await next.write(follower);
  await assertRestores(database, log.leader.machine.hash());
});

t.test('a row that was changed by hand is named, or refuses the restore', async (t) => {
  const database = await testStore(t);
  const writer = await openWriter(t, database);
  const log = new TableLog(undefined, 3);
  const { hold, release } = tradesAt(0);
  log.trade(hold('one', [[1, 3]]), hold('two', [[1, 1]]), release('two'));
  await writer.write(log.leader);
  await database.query("UPDATE holds SET expires_ms = 5, reference = 'mine' WHERE serial = 2");
  await database.query('UPDATE hold_lines SET price_cents = 1 WHERE hold_serial = 1');
  const tables = await openTables(database);
  const found = await compareTables(tables, log.leader.machine);
  await tables.close();
  t.match(found, [
    { table: 'holds', id: '1', column: 'lines', stored: /"priceCents":1}/ },
    { table: 'holds', id: '2', column: 'expires_ms', stored: '5', expected: '61000' },
    { table: 'holds', id: '2', column: 'reference', stored: '"mine"', expected: 'null' },
  ]);
  const hash = log.leader.machine.hash();
  const damages: readonly (readonly [string, RegExp])[] = [
    ['UPDATE hold_lines SET quantity = 2 WHERE hold_serial = 1', /open holds of product 1 are not/],
    ['DELETE FROM holds WHERE serial = 2', /holds has 1 rows, not 2/],
    ['UPDATE holds SET serial = 9 WHERE serial = 2', /hold 9 follows the last one, 2/],
  ];
  for (const [damage, message] of damages) {
    const other = await testStore(t);
    const another = await openWriter(t, other);
    const replica = new Replica();
    replica.applyThrough(log.entries, log.entries.length);
    await another.write(replica);
    await other.query('DELETE FROM hold_lines WHERE hold_serial = 2');
    await other.query(damage);
    await t.rejects(assertRestores(other, hash), { code: 'internal', message });
  }
});

t.test('random histories restore from a database after any write', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      tradeHistory.filter((steps) => steps.length > 3),
      async (steps) => {
        const database = await testStore(t);
        const writer = await openWriter(t, database);
        const log = new TableLog(undefined, 3);
        let written = { lastCancellation: 0, lastMovement: 0 };
        for (const [at, { passed, command }] of steps.entries()) {
          log.time += passed;
          const { lastSale, lastRestock, rules, lastLogTime: time } = log.leader.machine;
          const present: TablePresent = {
            time,
            lastSale,
            lastRestock,
            rules,
            sales: log.sales,
            written,
          };
          log.append(command(present));
          if (at % 4 !== 3) continue;
          await writeAndRestore(writer, log);
          const { cancellations, movements } = log.leader.machine;
          written = { lastCancellation: cancellations.last, lastMovement: movements.last };
        }
      },
    ),
    { numRuns: 6 },
  );
});
