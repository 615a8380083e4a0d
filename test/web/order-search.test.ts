/** What the administrator's views ask of the store, and how they read its answers. */
import t from 'tap';
import {
  cancellationOf,
  leftOf,
  numberOf,
  pageQuery,
  statusWords,
} from '../../src/web/model/order-search.js';
import {
  additionOf,
  changesOf,
  emptyFields,
  fieldsOf,
  isLow,
} from '../../src/web/model/product-form.js';
import type { Order, Product } from '../../src/web/model/shapes.js';

const tux: Product = {
  id: 8,
  name: 'Tux',
  topic: 'toys',
  price: 19.9,
  price_exact: '19.90',
  quantity: 90,
  version: 3,
  restock_to: 100,
  purchase_limit: { quantity: 2, window_seconds: null },
};

const order: Order = {
  number: 7,
  name: 'Tux',
  quantity: 3,
  lines: [
    { id: 8, name: 'Tux', quantity: 3, price: 1, cancelled: 1 },
    { id: 9, name: 'Whale', quantity: 1, price: 1 },
  ],
  total: 4,
  at: '2030-01-01T00:00:00.000Z',
};

t.test('orders are listed newest first, or found by one field', async (t) => {
  const query = (kind: 'number' | 'product' | 'key', text: string, before?: number): string =>
    pageQuery({ kind, text }, 50, before).toString();
  t.equal(query('number', ''), 'order=desc&limit=50');
  t.equal(query('product', 'Bear', 12), 'order=desc&limit=50&before=12&product=Bear');
  t.equal(query('key', 'a b'), 'order=desc&limit=50&key=a+b');
  t.equal(numberOf({ kind: 'number', text: '12' }), 12);
  t.equal(numberOf({ kind: 'number', text: '' }), undefined);
  t.equal(numberOf({ kind: 'product', text: '12' }), undefined);
});

t.test('the status of an order is in words', async (t) => {
  t.equal(statusWords(order), 'Placed');
  t.equal(statusWords({ ...order, status: 'partly_cancelled' }), 'Partly cancelled');
  t.equal(statusWords({ ...order, status: 'lost' }), 'lost', 'one of a newer store');
});

t.test('a cancellation names lines only if some units stay', async (t) => {
  const how = { restock: true, reason: ' ' };
  t.same(order.lines.map(leftOf), [2, 1]);
  t.same(cancellationOf(order, new Map(), how), { restock: true });
  t.same(cancellationOf(order, new Map([[8, 2]]), how), { restock: true });
  t.same(cancellationOf(order, new Map([[9, 0]]), { restock: false, reason: 'broken' }), {
    lines: [{ id: 8, quantity: 2 }],
    restock: false,
    reason: 'broken',
  });
});

t.test('a form sends the fields that differ, and an empty one removes', async (t) => {
  const fields = fieldsOf(tux);
  t.same(changesOf(fields, tux), {});
  t.same(changesOf({ ...fields, price: '21.50' }, tux), { price: 21.5 });
  t.same(changesOf({ ...fields, quantity: '5', topic: 'birds' }, tux), {
    quantity: 5,
    topic: 'birds',
  });
  t.same(changesOf({ ...fields, restockTo: '', limit: '' }, tux), {
    restock_to: null,
    purchase_limit: null,
  });
  t.same(changesOf({ ...fields, limitWindow: '60' }, tux), {
    purchase_limit: { quantity: 2, window_seconds: 60 },
  });
});

t.test('a new product has the fields that were filled in', async (t) => {
  const least = { ...emptyFields, name: 'Yo-yo', topic: 'toys', price: '4.5' };
  const body = { name: 'Yo-yo', topic: 'toys', price: 4.5, quantity: 0 };
  t.same(additionOf(least), body);
  t.same(additionOf({ ...least, restockTo: '7', limit: '2' }), {
    ...body,
    restock_to: 7,
    purchase_limit: { quantity: 2, window_seconds: null },
  });
});

t.test('a product is low below its target, or sold out', async (t) => {
  const { restock_to: _target, ...free } = tux;
  t.same([isLow(tux), isLow({ ...tux, quantity: 100 })], [true, false]);
  t.same([isLow(free), isLow({ ...free, quantity: 0 })], [false, true]);
});
