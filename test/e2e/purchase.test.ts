/**
 * A purchase as customers see it, through real processes: the stock that everyone reads right after
 * the answer, the order read back, the last one sold, and the shelves filled again.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Cancelled } from '../../src/wire/cancel-schemas.js';
import type { Order, Placed, Product, RawClient } from './raw-client.js';
import { Store } from './store.js';
import { until } from './until.js';

const rounds = 8;

const store = new Store(t, 3000);
// No product has a target until a test sets one.
await store.up('--workers', '3', '--restock-every', '1', '--restock-to', '0');

async function lookupHttp(item: string): Promise<Product> {
  const response = await store.http(`/products/${item}`);
  return ((await response.json()) as { data: Product }).data;
}

function order(body: unknown): Promise<Response> {
  return store.http('/orders', { method: 'POST', body: JSON.stringify(body) });
}

t.test('after the answer to a purchase every connection reads the new stock', async (t) => {
  // More than there are threads, so that each thread has some.
  const clients = await store.raws(6);
  const look = async (): Promise<number[]> => {
    const found = await Promise.all([
      ...clients.map((client) => client.get<Product>('lookup', { id: 8 })),
      ...clients.map((client) => client.get<Product>('lookup', { name: 'Tux' })),
      lookupHttp('8'),
      lookupHttp('Tux'),
    ]);
    return found.map(({ quantity }) => quantity);
  };
  let left = (await lookupHttp('Tux')).quantity;
  for (let round = 0; round < rounds; round++) {
    // Twice, so that every thread has it in its cache when it is sold.
    await look();
    t.same(new Set(await look()), new Set([left]));
    const quantity = 1 + (round % 3);
    const buyer = clients[round % (clients.length + 1)];
    if (buyer) await buyer.get('buy', { id: 8, quantity });
    else t.equal((await order({ name: 'Tux', quantity })).status, 200);
    left -= quantity;
    t.same(new Set(await look()), new Set([left]), `after purchase ${round + 1}`);
  }
});

t.test('an order is read back as it was placed, on both listeners', async (t) => {
  const client = await store.raw();
  const lines = [
    { name: 'Bear', quantity: 2 },
    { id: 12, quantity: 1 },
  ];
  const [bear, barbie] = [await lookupHttp('Bear'), await lookupHttp('12')];
  const total = Math.round((2 * bear.price + barbie.price) * 100) / 100;
  const placed = await client.get<Placed>('buy', { lines });
  t.equal(placed.total, total);
  const found = await client.get<Order>('order', { number: placed.order_number });
  t.match(found, {
    number: placed.order_number,
    name: 'Bear',
    quantity: 2,
    lines: [
      { id: 11, name: 'Bear', quantity: 2, price: bear.price },
      { id: 12, name: 'Barbie', quantity: 1, price: barbie.price },
    ],
    total,
  });
  t.ok(Date.parse(found.at) > 0);
  const response = await store.http(`/orders/${placed.order_number}`);
  t.match(await response.json(), { data: { ...found, currency: 'EUR' } });
  const next = (await (await order({ id: 9, quantity: 1 })).json()) as { data: Placed };
  t.equal(next.data.order_number, placed.order_number + 1, 'the next number follows');
});

t.test('nobody buys more than there is: 409 with what is left, and nothing is taken', async (t) => {
  const { price } = await lookupHttp('Frisbee');
  t.equal((await order({ name: 'Frisbee', quantity: 98 })).status, 200);
  const refused = await order({ name: 'Frisbee', quantity: 3 });
  t.equal(refused.status, 409);
  t.match(await refused.json(), { error: { code: 409, type: 'out_of_stock', available: 2 } });
  const both = {
    lines: [
      { name: 'Frisbee', quantity: 2 },
      { name: 'Hula hoop', quantity: 101 },
    ],
  };
  t.equal((await order(both)).status, 409, 'all lines or none');
  t.equal((await lookupHttp('Frisbee')).quantity, 2);
  const last = await order({ name: 'Frisbee', quantity: 2 });
  t.match(await last.json(), { data: { total: Math.round(price * 200) / 100 } });
  const client = await store.raw();
  t.match(await client.ask('buy', { name: 'Frisbee', quantity: 1 }), {
    error: { code: 'out_of_stock', available: 0, retryable: false },
  });
  t.equal((await lookupHttp('Frisbee')).quantity, 0, 'the end of it is shown at once');
});

t.test('of many who want the last ones at once exactly so many get one', async (t) => {
  const clients = await store.raws(5);
  t.equal((await order({ name: 'Penguin', quantity: 93 })).status, 200);
  const buy = (client: RawClient): Promise<string> =>
    client.ask('buy', { id: 10, quantity: 1 }).then(({ error }) => error?.code ?? 'sold');
  const outcomes = await Promise.all(
    clients.flatMap((client) => [0, 1, 2, 3].map(() => buy(client))),
  );
  t.equal(outcomes.filter((outcome) => outcome === 'sold').length, 7);
  t.equal(outcomes.filter((outcome) => outcome === 'out_of_stock').length, 13);
});

t.test('a cancelled order stays cancelled after a crash of the catalog', async (t) => {
  const token = readFileSync(join(store.folder, 'data', 'admin.token'), 'utf8').trim();
  const headers = { authorization: `Bearer ${token}` };
  const dataOf = async <T>(answer: Promise<Response>): Promise<T> =>
    ((await (await answer).json()) as { data: T }).data;
  const list = (of: string) => dataOf<object[]>(store.http(of, { headers }));
  // Movements are recorded soon after the store has started.
  await until('movements are recorded', async () => {
    await order({ id: 8, quantity: 1 });
    return (await list('/products/8/ledger')).length > 0;
  });
  const { quantity } = await lookupHttp('Barbie');
  const placed = await dataOf<Placed>(order({ id: 12, quantity: 3 }));
  const path = `/orders/${placed.order_number}`;
  const cancel = (body: object) =>
    store.http(`${path}/cancellations`, { method: 'POST', headers, body: JSON.stringify(body) });
  const lines = [{ id: 12, quantity: 1 }];
  const part = await dataOf<Cancelled>(cancel({ lines, restock: true, reason: 'broken' }));
  const status = 'partly_cancelled';
  t.match(part, { cancellation_number: 1, status, lines, restock: true, reason: 'broken' });
  t.match(await dataOf(store.http(path)), { status, lines: [{ quantity: 3, cancelled: 1 }] });
  t.match(await dataOf(cancel({ restock: false })), {
    cancellation_number: 2,
    status: 'cancelled',
  });
  t.equal((await cancel({ restock: true })).status, 409, 'nothing is left of it');
  await store.kill(await store.leader('catalog'));
  const all = { status: 'cancelled', lines: [{ quantity: 3, cancelled: 3 }] };
  const again = await until('the order is read', async () => {
    const answer = await store.http(path);
    return answer.ok && dataOf(Promise.resolve(answer));
  });
  t.match(again, all);
  t.match(await list('/orders?order=desc&limit=1'), [all]);
  t.match(await list(`${path}/cancellations`), [
    { cancellation_number: 2, restock: false },
    { cancellation_number: 1 },
  ]);
  t.equal((await lookupHttp('Barbie')).quantity, quantity - 2);
  t.match(
    (await list('/products/12/ledger?limit=1000')).slice(-2),
    [
      { cause: 'sale', order_number: placed.order_number, delta: -3, balance: quantity - 3 },
      { cause: 'cancellation', cancellation_number: 1, delta: 1, balance: quantity - 2 },
    ],
    'a cancellation without restock moves nothing',
  );
  const client = await store.raw();
  await client.get('hello', { protocol: 1, token });
  t.match(await client.get('audit', {}), { ok: true, cancellations: 2 });
});

t.test('what is sold out is back at 100 after a restock, in every cache', async (t) => {
  const [admin, reader, other] = await store.raws(3);
  if (!admin || !reader || !other) throw new Error('three clients');
  const token = readFileSync(join(store.folder, 'data', 'admin.token'), 'utf8').trim();
  await admin.get('hello', { protocol: 1, token });
  for (const id of [16, 10, 11]) await admin.get('update_product', { id, restock_to: 100 });
  const isFull = async (client: RawClient, id: number): Promise<boolean> =>
    (await client.get<Product>('lookup', { id })).quantity === 100;
  for (const id of [16, 10, 11]) await until(`${id} is restocked`, () => isFull(reader, id));
  // A second time, with the empty shelf in the caches.
  await reader.get('buy', { id: 16, quantity: 100 });
  for (const client of [reader, other]) {
    await until('it is restocked again', () => isFull(client, 16));
  }
  t.equal((await order({ name: 'Frisbee', quantity: 1 })).status, 200);
  const { code, out } = await store.bazar(['audit', '--json']);
  t.equal(code, 0, out);
});
