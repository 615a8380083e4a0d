/** The ledger of trades reports what cannot be, and nothing else. */
import t from 'tap';
import type { Cancelled, Product } from '../test/e2e/raw-client.js';
import { TradeLedger } from './trade-ledger.js';

const priced = { name: 'A', topic: 'trade', price: 1, quantity: 100, version: 1 };
const products: readonly Product[] = [
  { ...priced, id: 1, purchase_limit: { quantity: 4, window_seconds: null } },
  { ...priced, id: 2, purchase_limit: { quantity: 4, window_seconds: 2 } },
];

function ledger() {
  const problems: string[] = [];
  return { trades: new TradeLedger(products, (text) => void problems.push(text)), problems };
}

function hold(id: string, units: number, endsMs: number, product = 1) {
  const lines = [{ id: product, quantity: units }];
  return { id, lines, customer: 'ada', endsMs, end: undefined, order: undefined };
}

t.test('a hold ends once, and not before its end', async (t) => {
  const { trades, problems } = ledger();
  trades.opened(hold('a', 1, 100), 0, 1);
  trades.ended('a', 'confirmed', 2, 7);
  trades.ended('a', 'confirmed', 3);
  t.same(problems, []);
  trades.ended('a', 'released', 3);
  t.match(problems, [/hold a was confirmed, and then released/]);
  trades.opened(hold('b', 1, 100), 0, 1);
  trades.ended('b', 'expired', 99);
  t.match(problems[1], /hold b expired 1 ms before its end/);
  trades.opened(hold('b', 1, 100), 0, 1);
  t.match(problems[2], /hold b was opened twice/);
});

t.test('an extended hold ends later', async (t) => {
  const { trades, problems } = ledger();
  trades.opened(hold('a', 1, 100), 0, 1);
  trades.extended('a', 200);
  trades.ended('a', 'expired', 150);
  t.match(problems, [/hold a expired 50 ms before its end/]);
});

t.test('a customer has no more units than the limit', async (t) => {
  const { trades, problems } = ledger();
  trades.opened(hold('a', 3, 100), 0, 1);
  trades.bought(1, hold('', 1, 0), 2, 3);
  // The first hold may have expired by now.
  trades.opened(hold('b', 3, 300), 150, 151);
  t.same(problems, []);
  trades.bought(2, hold('', 1, 0), 160, 161);
  t.match(problems, [/ada has 5 units of product 1, and the limit is 4/]);
});

t.test('units that may have been given back do not count', async (t) => {
  const { trades, problems } = ledger();
  trades.opened(hold('a', 4, 1_000), 0, 1);
  trades.mayGiveBack('a', () => 1);
  trades.confirmedAs('a', 1);
  trades.bought(2, hold('', 3, 0), 2, 3);
  t.same(problems, []);
  trades.mayGiveBack('order 1', () => 0);
  trades.bought(3, hold('', 1, 0), 4, 5);
  t.same(problems, []);
  trades.bought(4, hold('', 1, 0), 6, 7);
  t.match(problems, [/ada has 5 units/]);
});

t.test('a use ends with its window', async (t) => {
  const { trades, problems } = ledger();
  trades.bought(1, hold('', 4, 0, 2), 0, 1);
  trades.bought(2, hold('', 4, 0, 2), 2_000, 2_001);
  t.same(problems, []);
  trades.bought(3, hold('', 1, 0, 2), 3_999, 3_999.5);
  t.match(problems, [/ada has 5 units of product 2/]);
});

t.test('a number of a cancellation is given once', async (t) => {
  const { trades, problems } = ledger();
  const one: Cancelled = {
    ...{ cancellation_number: 1, order_number: 1, lines: [], total: 0, restock: true },
  };
  trades.cancelled(one);
  t.same(problems, []);
  trades.cancelled(one);
  t.match(problems, [/cancellation 1 was given twice/]);
});
