/** The check of the books finds every difference to the accepted purchases. */
import t from 'tap';
import { faultsOf } from '../../../bench/peers/check.js';

const start = [0, 10, 10, 2];
const sold = [0, 3, 0, 2];
const right = { orders: 5, lastOrder: 5, stock: [0, 7, 10, 0], problems: [] };

t.test('balanced books have no fault', async (t) => {
  t.same(faultsOf(right, start, sold), []);
});

t.test('a lost order, a gap and a wrong stock are faults', async (t) => {
  t.match(faultsOf({ ...right, orders: 4 }, start, sold), [/^4 orders for 5 accepted/]);
  t.match(faultsOf({ ...right, lastOrder: 6 }, start, sold), [/^the last order is 6/]);
  t.match(faultsOf({ ...right, stock: [0, 7, 9, 0] }, start, sold), [/^item 2: 9 units/]);
  t.match(faultsOf({ ...right, stock: [0, 7] }, start, sold), [/^item 2: undef/, /^item 3: undef/]);
});

t.test('an oversold item is a fault even if its books agree', async (t) => {
  const books = { orders: 6, lastOrder: 6, stock: [0, 7, 10, -1], problems: [] };
  t.match(faultsOf(books, start, [0, 3, 0, 3]), [/^item 3: -1 units/]);
});

t.test('faults that the system found itself are kept', async (t) => {
  t.same(faultsOf({ ...right, problems: ['broken'] }, start, sold), ['broken']);
});
