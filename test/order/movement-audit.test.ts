import t from 'tap';
import { addMovements, noMovements } from '../../src/order/movement-audit.js';
import { balanceProblems } from '../../src/wire/balance-check.js';
import type { Movement } from '../../src/wire/movement.js';

/** A movement of product 8 or another one: what it changes, and what it leaves. */
function movement(number: number, delta: number, available: number, id = 8): Movement {
  return [number, id, 5, 0, delta, -delta, available, 10 - available, 1_000];
}

/** What a product has when the ledger begins. */
function opening(number: number, available: number, id = 8): Movement {
  return [number, id, 10, 0, available, 10 - available, available, 10 - available, 1_000];
}

const run = [opening(1, 7), opening(2, 4, 9), movement(3, -3, 4)];

t.test('movements that follow each other have no problem', async (t) => {
  const sums = noMovements();
  t.same(addMovements(sums, run, [8, 9], 10), []);
  t.same(addMovements(sums, [movement(3, -3, 4), movement(4, 1, 5)], [8], 10), []);
  t.equal(sums.movements, 4);
  t.same([...sums.balances.values()].sort(), [
    [8, 5, 5],
    [9, 4, 6],
  ]);
});

t.test('those behind the last one do not count', async (t) => {
  const sums = noMovements();
  t.same(addMovements(sums, run, [8, 9], 2), []);
  t.equal(sums.movements, 2);
  t.same(sums.balances.get(8), [8, 7, 3]);
});

t.test('a gap, a broken chain and a wrong list of products are problems', async (t) => {
  const gap = addMovements(noMovements(), [opening(1, 1), movement(3, 1, 2)], [8], 10);
  t.match(gap, [/movement 3 stands where 2 should/]);
  const broken = addMovements(noMovements(), [opening(1, 1), movement(2, 1, 3)], [8], 10);
  t.match(broken, [/movement 2 does not follow the one before of product 8/]);
  const first = addMovements(noMovements(), [movement(1, 1, 3)], [8], 10);
  t.match(first, [/movement 1 does not follow/], 'the first one begins with nothing');
  for (const products of [[8], [9, 8], [8, 9, 10], [8, 8, 9]]) {
    const wrong = addMovements(noMovements(), run, products, 10);
    t.match(wrong, [/the entry of movement 1 does not name its products/]);
  }
});

t.test('the last movements must leave the stock of the catalog', async (t) => {
  const books = [
    { id: 8, name: 'Tux', stock: 5, reserved: 5 },
    { id: 9, name: 'Gnu', stock: 4 },
    { id: 10, name: 'Bug', stock: 0 },
  ];
  const balances = [[8, 5, 5] as const, [9, 4, 0] as const] as const;
  t.same(balanceProblems(books, balances), []);
  t.same(balanceProblems(books, []), [], 'the ledger has not begun');
  const [tux, gnu] = balances;
  t.match(balanceProblems(books, [[8, 5, 4], gnu]), [/8 \(Tux\): available 5 and reserved 5/]);
  t.match(balanceProblems(books, [tux, [9, 3, 0]]), [/product 9 .*but 3 and 0 by the movements/]);
  t.match(balanceProblems(books, [tux, gnu, [11, 1, 0]]), [/product 11 .* never had it/]);
  t.match(balanceProblems(books, [tux]), [
    /product 9 \(Gnu\): available 4, but it has no movement/,
  ]);
});
