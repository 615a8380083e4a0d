/** What a write brings of purchase limits, and what a replica notes for it. */
import t from 'tap';
import { compareTables } from '../../../src/catalog/tables/compare-tables.js';
import { useName } from '../../../src/catalog/tables/table-rows.js';
import { digest } from '../log-builder.js';
import { TableLog } from './table-log.js';
import { assertShows, Replica, restoredReplica } from './table-store.js';
import { tradesAt } from './trades.js';

const [ann, bob] = [digest('Ann'), digest('Bob')];

/** Product 1 has a limit of 9 units a minute, product 2 one of 4 without a window. */
function limitedLog(): TableLog {
  const log = new TableLog(undefined, 3);
  log.append(['update', 1, { limit: [9, 60] }]);
  log.append(['update', 2, { limit: [4, null] }]);
  return log;
}

function usesOf(log: TableLog) {
  return log.leader.tables.changes()?.uses;
}

t.test('a store without purchase limits gets no uses', async (t) => {
  const log = new TableLog(undefined, 3);
  const { buy } = tradesAt(0);
  log.trade(buy('a', [[1, 1]], 'Ann'));
  const changes = log.leader.tables.changes();
  t.notOk(changes && 'uses' in changes);
  t.same(changes?.orders[0]?.customer, ann);
  t.match(changes?.products[0], { limitQuantity: null, limitWindowSeconds: null });
});

t.test('a write brings each changed use once, and deletes the others', async (t) => {
  const log = limitedLog();
  const { buy, hold, confirm, release } = tradesAt(0);
  log.trade(buy('a', [[1, 2]], 'Ann'), buy('b', [[2, 1]], 'Ann'), buy('c', [[2, 1]], 'Ann'));
  log.trade(hold('one', [[1, 3]], { customer: 'Bob' }), hold('two', [[1, 1]], { customer: 'Ann' }));
  t.same(usesOf(log), {
    rows: [
      { productId: 1, customer: ann, source: 1, time: 0, lastSale: 0, quantity: 2 },
      { productId: 2, customer: ann, source: 0, time: 0, lastSale: 1, quantity: 2 },
      { productId: 1, customer: bob, source: -1, time: 0, lastSale: 3, quantity: 3 },
      { productId: 1, customer: ann, source: -2, time: 0, lastSale: 3, quantity: 1 },
    ],
    ...{ gone: [], ended: [], replaced: [] },
  });
  t.match(log.leader.tables.changes()?.products, [
    { id: 1, limitQuantity: 9, limitWindowSeconds: 60 },
    { id: 2, limitQuantity: 4, limitWindowSeconds: null },
  ]);
  log.write();
  log.trade(confirm('one', [[1, 1]]), release('two'));
  const { rows, gone } = usesOf(log) ?? {};
  t.same(rows, [{ productId: 1, customer: bob, source: 4, time: 0, lastSale: 3, quantity: 1 }]);
  t.same(gone?.map(useName), [
    useName({ productId: 1, customer: bob, source: -1 }),
    useName({ productId: 1, customer: ann, source: -2 }),
  ]);
  log.write();
  t.equal(usesOf(log), undefined);
  await assertShows(log.model, log.leader.machine.hash());
});

t.test('a use that changes again is written again', async (t) => {
  const log = limitedLog();
  const { buy, hold, release } = tradesAt(0);
  log.trade(buy('a', [[2, 1]], 'Ann'), hold('one', [[2, 2]], { customer: 'Ann' }));
  log.write();
  log.trade(buy('b', [[2, 1]], 'Ann'));
  t.match(usesOf(log)?.rows, [{ productId: 2, source: 0, quantity: 4 }]);
  log.write();
  log.trade(release('one'));
  t.match(usesOf(log)?.rows, [{ productId: 2, source: 0, quantity: 2 }]);
  log.write();
  await assertShows(log.model, log.leader.machine.hash());
});

t.test('uses whose window is over are deleted by their time', async (t) => {
  const log = limitedLog();
  log.trade(tradesAt(0).buy('a', [[1, 2]], 'Ann'), tradesAt(0).buy('b', [[1, 2]], 'Bob'));
  log.write();
  log.pass(60_000);
  t.equal(usesOf(log), undefined, 'no entry has looked at them');
  log.trade(tradesAt(log.time).buy('c', [[1, 1]], 'Ann'));
  t.match(usesOf(log), { gone: [], ended: [{ productId: 1, through: 0 }], replaced: [] });
  t.equal(usesOf(log)?.rows.length, 1);
  log.write();
  t.equal(log.model.useRows.size, 1);
  await assertShows(log.model, log.leader.machine.hash());
});

t.test(
  'a limit that goes, gets or loses its window replaces the uses of its product',
  async (t) => {
    const log = limitedLog();
    const { buy, hold } = tradesAt(0);
    log.trade(buy('a', [[1, 2]], 'Ann'), buy('b', [[1, 1]], 'Ann'), buy('c', [[2, 1]], 'Bob'));
    log.write();
    log.append(['update', 1, { limit: [9, 30] }]);
    t.equal(usesOf(log), undefined, 'another window changes no use');
    log.append(['update', 1, { limit: [9, null] }]);
    t.same(usesOf(log), {
      rows: [{ productId: 1, customer: ann, source: 0, time: 0, lastSale: 0, quantity: 3 }],
      ...{ gone: [], ended: [], replaced: [1] },
    });
    log.write();
    log.time = 5_000;
    log.append(['update', 2, { limit: [4, 60] }]);
    log.trade(hold('one', [[2, 1]], { customer: 'Ann' }));
    t.match(usesOf(log)?.rows, [
      { productId: 2, customer: bob, source: Number.MAX_SAFE_INTEGER, time: 5_000, quantity: 1 },
      { productId: 2, customer: ann, source: -1, time: 5_000, quantity: 1 },
    ]);
    log.write();
    await assertShows(log.model, log.leader.machine.hash());
    log.append(['update', 1, { limit: null }]);
    log.append(['remove', 2, null]);
    t.same(usesOf(log), { rows: [], gone: [], ended: [], replaced: [1, 2] });
    log.write();
    t.equal(log.model.useRows.size, 0);
    await assertShows(log.model, log.leader.machine.hash());
  },
);

t.test('a replica forgets old changes of uses, and then restores itself', async (t) => {
  const log = limitedLog();
  log.write();
  const behind = log.model.row;
  const follower = new Replica(undefined, { uses: 2 });
  const { buy } = tradesAt(0);
  log.trade(buy('a', [[1, 1]], 'Ann'), buy('b', [[1, 1]], 'Bob'));
  follower.applyThrough(log.entries, log.entries.length);
  t.ok(follower.tables.continueFrom(behind), 'two uses changed');
  t.same(follower.tables.changes(), log.leader.tables.changes());
  log.trade(buy('c', [[1, 1]], 'Ann'));
  follower.applyThrough(log.entries, log.entries.length);
  t.equal(follower.tables.continueFrom(behind), false);
  log.write();
  t.ok(follower.tables.continueFrom(log.model.row));
  const restored = await restoredReplica(log.model);
  log.trade(buy('d', [[1, 1]], 'Bob'));
  restored.applyThrough(log.entries, log.entries.length);
  t.same(restored.tables.changes(), log.leader.tables.changes());
});

t.test('a use or a limit that was changed by hand is named', async (t) => {
  const log = limitedLog();
  log.trade(tradesAt(0).buy('a', [[1, 2]], 'Ann'), tradesAt(0).buy('b', [[2, 1]], 'Bob'));
  log.write();
  const [use, other] = log.model.useRows.values();
  const product = log.model.productRows.get(1);
  const order = log.model.orderRows.get(2);
  if (!use || !other || !product || !order) throw new Error('the rows are there');
  log.model.useRows.set(useName(use), { ...use, quantity: 1 });
  log.model.useRows.delete(useName(other));
  log.model.productRows.set(1, { ...product, limitQuantity: 8 });
  log.model.orderRows.set(2, { ...order, customer: null });
  const found = await compareTables(log.model, log.leader.machine);
  const texts = found.map(({ table, id, column, stored, expected }) => {
    return `${table} ${id} ${column}: ${stored}, not ${expected}`;
  });
  t.same(texts, [
    'products 1 limit_quantity: 8, not 9',
    `orders 2 customer: null, not ${Buffer.from(bob).toString('hex')}`,
    `limit_uses ${useName(use)} quantity: 1, not 2`,
    `limit_uses ${useName(other)} undefined: no row, not a row`,
  ]);
});
