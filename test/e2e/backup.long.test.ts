/**
 * A copy made while customers buy, and the store made of it: its books balance, it has every order
 * that was answered before the copy was begun, and it goes on selling where it stopped.
 */
import { join } from 'node:path';
import t from 'tap';
import { sendCustomers } from './customers.js';
import { Ledger } from './ledger.js';
import type { Order, Placed } from './raw-client.js';
import { chosenSeed, seeded } from './seeded.js';
import { Store } from './store.js';
import { upWithStock } from './test-stock.js';
import { within } from './until.js';

const answersBefore = 150;

t.test('a copy of a busy store is a store', async (t) => {
  const store = new Store(t, 3373, { catalogs: 2, orders: 1, recovery: 1 });
  const { products } = await upWithStock(store);
  const ledger = new Ledger(products);
  const customers = sendCustomers(store, ledger, { raw: 6, http: 2 }, seeded(chosenSeed()));
  await within('purchases are made', ledger.answersMore(answersBefore));
  const before = [...ledger.sold.values()].filter(({ hold }) => hold === undefined);
  const copy = join(store.folder, 'copy');
  const made = await store.bazar(['backup', copy, '--json']);
  t.equal(made.code, 0, made.err);
  await within('purchases go on', ledger.answersMore(1));
  await customers.leave();
  t.same(ledger.wrong, []);
  const { catalog, order } = JSON.parse(made.out);
  t.ok(catalog.sales >= before.length, 'all sales that were answered are in the copy');
  t.ok(order.orders <= catalog.sales);
  t.match(await store.bazar(['backup', copy]), { code: 7, err: /is not empty/ });
  t.equal(await store.down(), 0);

  const members = ['--catalogs', '1', '--orders', '2', '--recovery', '1'];
  const other = new Store(t, 3396, { catalogs: 1, orders: 2, recovery: 1 });
  t.match(await other.bazar(['restore', copy, ...members]), { code: 0 });
  t.match(await other.bazar(['restore', copy, ...members]), {
    code: 7,
    err: /already has a store/,
  });
  await other.up('--restock-every', '0', '--workers', '1');
  const audit = await other.bazar(['audit', '--json']);
  t.equal(audit.code, 0, audit.out);
  const { orders, sales } = JSON.parse(audit.out);
  t.same([orders, sales], [catalog.sales, catalog.sales], 'what was sold has become an order');

  const client = await other.raw();
  for (const { placed, ...purchase } of before) {
    const found = await client.get<Order>('order', { number: placed.order_number });
    t.match(found, { quantity: purchase.quantity, total: placed.total });
    const again = await client.get<Placed>('buy', purchase);
    const { order_number, total } = placed;
    t.same(again, { order_number, total, replayed: true }, 'its key is remembered');
  }
  const next = await client.get<Placed>('buy', { id: products[0]?.id, quantity: 1 });
  t.equal(next.order_number, catalog.sales + 1, 'and it sells on');
  t.equal((await other.bazar(['audit'])).code, 0);
  t.equal(await other.down(), 0);
});
