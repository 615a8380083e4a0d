/** Purchase limits in the tables of a real database: each change of a use, a takeover, and damages. */
import t from 'tap';
import { required } from '../../../src/base/assert.js';
import { compareTables } from '../../../src/catalog/tables/compare-tables.js';
import { restoreFromTables } from '../../../src/catalog/tables/restore-tables.js';
import { openTables } from '../../../src/database/table-pieces.js';
import { writeStatement } from '../../../src/database/write-statement.js';
import { logOf } from '../../database/faults.js';
import { append } from '../../database/rows.js';
import { testStore } from '../../support/postgres-server.js';
import { digest } from '../log-builder.js';
import { assertRestores, openWriter, writeAndRestore } from './database-writer.js';
import { TableLog } from './table-log.js';
import { Replica } from './table-store.js';
import { tradesAt } from './trades.js';

const usesText = `SELECT product_id::int AS product, substr(encode(customer, 'hex'), 1, 4) AS customer,
    source::text, time::int, quantity::int FROM limit_uses ORDER BY product_id, limit_uses.time, limit_uses.source`;
const [ann, bob] = ['Ann', 'Bob'].map((name) => Buffer.from(digest(name)).toString('hex', 0, 2));

/** Product 1 has a limit of 9 units a minute, product 2 one of 4 without a window. */
function limitedLog(): TableLog {
  const log = new TableLog(undefined, 3);
  log.append(['update', 1, { limit: [9, 60] }]);
  log.append(['update', 2, { limit: [4, null] }]);
  return log;
}

t.test('uses are counted, given back, renamed, ended and forgotten', async (t) => {
  const database = await testStore(t);
  const writer = await openWriter(t, database);
  const log = limitedLog();
  await writeAndRestore(writer, log);
  t.same(
    await database.query('SELECT limit_quantity::int, limit_window_seconds::int FROM products'),
    [
      { limit_quantity: 9, limit_window_seconds: 60 },
      { limit_quantity: 4, limit_window_seconds: null },
    ],
  );
  const { buy, hold, confirm, release } = tradesAt(0);
  log.trade(
    buy(
      'a',
      [
        [1, 2],
        [2, 1],
      ],
      'Ann',
    ),
    hold('one', [[1, 3]], { customer: 'Bob' }),
  );
  log.trade(
    hold(
      'two',
      [
        [1, 1],
        [2, 2],
      ],
      { customer: 'Ann' },
    ),
    buy('none', [[1, 1]]),
  );
  await writeAndRestore(writer, log);
  t.same(await database.query(usesText), [
    { product: 1, customer: ann, source: '-2', time: 0, quantity: 1 },
    { product: 1, customer: bob, source: '-1', time: 0, quantity: 3 },
    { product: 1, customer: ann, source: '1', time: 0, quantity: 2 },
    { product: 2, customer: ann, source: '0', time: 0, quantity: 3 },
  ]);
  t.same(await database.query('SELECT number::int, customer FROM orders'), [
    { number: 1, customer: Buffer.from(digest('Ann')) },
  ]);

  log.pass(5_000);
  log.trade(confirm('one', [[1, 1]]), release('two'));
  await writeAndRestore(writer, log);
  t.same(await database.query(usesText), [
    { product: 1, customer: ann, source: '1', time: 0, quantity: 2 },
    { product: 1, customer: bob, source: '2', time: 0, quantity: 1 },
    { product: 2, customer: ann, source: '0', time: 0, quantity: 1 },
  ]);

  // The windows of both are over, and one begins.
  log.pass(55_000);
  log.trade(tradesAt(log.time).buy('b', [[1, 4]], 'Ann'));
  await writeAndRestore(writer, log);
  t.match(await database.query(usesText), [{ source: '3', time: 60_000 }, { product: 2 }]);

  log.append(['update', 1, { limit: [9, null] }]);
  log.append(['update', 2, { limit: [4, 3_600] }]);
  await writeAndRestore(writer, log);
  t.same(await database.query(usesText), [
    { product: 1, customer: ann, source: '0', time: 60_000, quantity: 4 },
    { product: 2, customer: ann, source: '9007199254740991', time: 60_000, quantity: 1 },
  ]);
  // All that may happen to a product between two writes.
  log.trade(tradesAt(log.time).buy('c', [[1, 1]], 'Bob'));
  log.append(['update', 1, { limit: [9, 10] }]);
  log.trade(tradesAt(log.time).buy('d', [[1, 1]], 'Bob'));
  log.pass(10_000);
  log.trade(tradesAt(log.time).buy('e', [[1, 1]], 'Bob'));
  log.append(['update', 1, { limit: [9, null] }]);
  log.append(['update', 1, { limit: [9, 10] }]);
  log.append(['remove', 2, null]);
  log.trade(tradesAt(log.time).buy('f', [[1, 2]], 'Ann'));
  await writeAndRestore(writer, log);
  t.match(await database.query(usesText), [
    { product: 1, customer: ann, quantity: 2 },
    { product: 1, customer: bob, source: '9007199254740991', time: 70_000, quantity: 1 },
  ]);
  log.append(['update', 1, { limit: null }]);
  await writeAndRestore(writer, log);
  t.same(await database.query(usesText), []);
});

t.test('uses of the same log time restore equal in any order, and decide the same', async (t) => {
  const database = await testStore(t);
  const writer = await openWriter(t, database);
  const log = limitedLog();
  const { buy, hold } = tradesAt(0);
  log.trade(buy('z', [[1, 3]], 'Ann'), hold('y', [[1, 2]], { customer: 'Ann' }));
  log.trade(hold('x', [[1, 1]], { customer: 'Ann' }), buy('w', [[1, 2]], 'Ann'));
  await writer.write(log.leader);
  const restored = new Replica();
  const tables = await openTables(database);
  restored.tables.startFrom(await restoreFromTables(tables, restored.machine));
  await tables.close();
  const before = log.entries.length;
  log.time = 1_000;
  log.trade(tradesAt(1_000).buy('too many', [[1, 2]], 'Ann'), tradesAt(1_000).release('y'));
  log.time = 15_000;
  log.append();
  for (const entry of log.entries.slice(before)) restored.apply(entry);
  t.equal(restored.machine.hash(), log.leader.machine.hash());
  t.same(restored.tables.changes(), log.leader.tables.changes());
});

t.test('a follower takes over with the uses that the tables lack', async (t) => {
  const database = await testStore(t);
  const log = limitedLog();
  const { buy, hold, release } = tradesAt(0);
  const follower = new Replica();
  log.trade(buy('a', [[1, 2]], 'Ann'), hold('one', [[1, 1]], { customer: 'Bob' }));
  await (await openWriter(t, database)).write(log.leader);
  log.trade(buy('b', [[2, 2]], 'Bob'), release('one'));
  follower.applyThrough(log.entries, log.entries.length);
  const next = await openWriter(t, database);
  const tables = await openTables(database);
  t.ok(follower.tables.continueFrom(await tables.state()));
  await tables.close();
  t.match(follower.tables.changes()?.uses, { rows: [{ productId: 2 }], gone: [{ source: -1 }] });
  await next.write(follower);
  await assertRestores(database, log.leader.machine.hash());
});

t.test('a changed row is named, and missing ones refuse the restore', async (t) => {
  const database = await testStore(t);
  const writer = await openWriter(t, database);
  const log = limitedLog();
  log.trade(tradesAt(0).buy('a', [[1, 2]], 'Ann'));
  await writer.write(log.leader);
  await database.query('UPDATE limit_uses SET quantity = 1');
  await database.query('UPDATE products SET limit_window_seconds = 5 WHERE id = 1');
  await database.query('UPDATE orders SET customer = NULL');
  const tables = await openTables(database);
  const found = await compareTables(tables, log.leader.machine);
  await tables.close();
  t.match(found, [
    { table: 'products', id: '1', column: 'limit_window_seconds', stored: '5', expected: '60' },
    { table: 'orders', id: '1', column: 'customer', stored: 'null' },
    { table: 'limit_uses', column: 'quantity', stored: '1', expected: '2' },
  ]);
  await database.query('DELETE FROM limit_uses');
  await t.rejects(assertRestores(database, ''), {
    code: 'internal',
    message: /limit_uses has 0 rows, not 1/,
  });
});

t.test('a refused use is named, and a write has only the parts that it needs', async (t) => {
  const database = await testStore(t);
  const log = limitedLog();
  log.trade(tradesAt(0).buy('a', [[1, 2]], 'Ann'));
  const changes = required(log.leader.tables.changes(), 'changes');
  const uses = required(changes.uses, 'uses');
  const postgres = logOf(t, database);
  const lead = await postgres.takeLead('catalog-1');
  const rows = uses.rows.map((row) => ({ ...row, quantity: 0 }));
  t.match(await postgres.write(append(lead, 0, { ...changes, uses: { ...uses, rows } })), {
    kind: 'refused',
    reason: /table limit_uses, constraint limit_uses_quantity_check/,
  });
  const nameOf = (given: typeof uses): string | undefined => {
    const write = append(lead, 0, {
      ...changes,
      orders: [],
      products: [],
      purchaseKeys: [],
      uses: given,
    });
    return writeStatement({
      group: 'catalog',
      write,
      dropped: { ...changes.kept, resolvedBefore: 0 },
    }).name;
  };
  const none = { rows: [], gone: [], ended: [], replaced: [] };
  t.equal(nameOf(none), 'write_fa');
  t.equal(nameOf({ ...none, rows: uses.rows }), 'write_fau');
  t.equal(
    nameOf({ ...none, gone: uses.rows, ended: [{ productId: 1, through: 5 }] }),
    'write_favy',
  );
  t.equal(nameOf({ ...none, replaced: [1] }), 'write_faz');
});
