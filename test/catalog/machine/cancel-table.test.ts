import t, { type Test } from 'tap';
import { cancelLimits, storageLimits } from '../../../src/base/limits.js';
import {
  isSavedCancelled,
  loadCancelled,
  type SavedCancelled,
  saveCancelled,
} from '../../../src/catalog/machine/cancel-snapshot.js';
import { type CancelledOrder, CancelTable } from '../../../src/catalog/machine/cancel-table.js';

function one(order: number, units: readonly number[] = [1, 1], count = 1): CancelledOrder {
  return { order, last: order + count, count, units };
}

function tableOf(...orders: readonly CancelledOrder[]): CancelTable {
  const table = new CancelTable();
  for (const order of orders) table.put(order);
  return table;
}

/** Replaces maxima until the test ends. */
function withMaxima(t: Test, maxima: Partial<Record<keyof typeof cancelLimits, number>>): void {
  const before = { ...cancelLimits };
  Object.assign(cancelLimits, maxima);
  t.teardown(() => Object.assign(cancelLimits, before));
}

t.test('the newest state of an order replaces the one before', async (t) => {
  const table = tableOf(one(7), one(8), one(7, [1, 2, 3, 1], 2));
  t.equal(table.size, 2);
  t.same(table.find(7), { order: 7, last: 9, count: 2, units: [1, 2, 3, 1] });
  t.equal(table.find(9), undefined);
  table.invariants();
});

t.test('so many orders have cancellations, and no more', async (t) => {
  withMaxima(t, { cancelledOrdersMax: 2 });
  const table = tableOf(one(1));
  t.equal(table.isFull(2, 1), false);
  table.put(one(2));
  t.equal(table.isFull(3, 1), true, 'a third order');
  t.equal(table.isFull(1, 1), false, 'a known order is cancelled further');
  table.invariants();
  table.put(one(3));
  t.throws(() => table.invariants(), /cancelled orders are bounded/);
});

t.test('an order has so many cancellations, and no more', async (t) => {
  withMaxima(t, { perOrderMax: 3 });
  const table = tableOf(one(1, [1, 2], 2), one(2, [1, 3], 3));
  t.equal(table.isFull(1, 1), false);
  t.equal(table.isFull(2, 1), true);
  t.equal(table.isFull(3, 1), false, 'another order');
});

t.test('lines are counted once for each product of an order', async (t) => {
  withMaxima(t, { cancelledLinesMax: 4 });
  const table = tableOf(one(1, [1, 1, 2, 1]));
  t.equal(table.isFull(2, 2), false);
  t.equal(table.isFull(2, 3), true);
  table.put(one(1, [1, 5, 2, 7, 3, 1], 2));
  t.equal(table.isFull(2, 1), false, 'more units of a product are no more lines');
  t.equal(table.isFull(2, 2), true);
  table.invariants();
});

t.test('the sum is that of the orders, in any sequence', async (t) => {
  const [a, b] = [one(1), one(2, [4, 2, 9, 1], 2)];
  t.equal(tableOf(a, b).sum, tableOf(b, a).sum);
  t.equal(tableOf(one(1, [1, 3], 5), a).sum, tableOf(a).sum, 'what was before leaves no trace');
  for (const other of [one(3), one(1, [1, 2]), one(1, [2, 1]), one(1, [1, 1], 2)]) {
    t.not(tableOf(other).sum, tableOf(a).sum);
  }
});

t.test('a snapshot brings all orders back, in pieces', async (t) => {
  const orders = Array.from({ length: storageLimits.pieceCancelled + 3 }, (_, order) => {
    return one(order + 1, order % 2 === 0 ? [1, order + 1] : [2, 1, 5, order]);
  });
  const table = tableOf(...orders);
  const pieces = [...saveCancelled(table)];
  t.same(
    pieces.map(({ length }) => length),
    [storageLimits.pieceCancelled, 3],
  );
  t.ok(pieces.flat().every(isSavedCancelled));
  const again = tableOf(...pieces.flat().map(loadCancelled));
  t.equal(again.sum, table.sum);
  t.same([...again.all()], [...table.all()]);
  again.invariants();
  t.same([...saveCancelled(new CancelTable())], []);
});

t.test('other shapes are not of a snapshot', async (t) => {
  const bad: readonly unknown[] = [null, {}, [1, 2, 3], [1, 2, 3, 4], [1, 2, 3, 4, 'x'], [[1]]];
  for (const value of bad) t.equal(isSavedCancelled(value), false, JSON.stringify(value));
  const good: SavedCancelled = [1, 2, 1, 4, 5];
  t.equal(isSavedCancelled(good), true);
});

t.test('a broken table is noticed', async (t) => {
  t.throws(() => tableOf(one(1, [])).invariants(), /has cancellations/);
  t.throws(() => tableOf(one(1, [1, 0])).invariants(), /something is cancelled/);
  t.throws(() => tableOf({ order: 1, last: 1, count: 2, units: [1, 1] }).invariants());
});
