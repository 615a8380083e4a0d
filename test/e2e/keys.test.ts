/** One purchase for one key, on any listener, however often it is sent, and after a crash. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Placed, Product, RawClient } from './raw-client.js';
import { Store } from './store.js';
import { until } from './until.js';

const store = new Store(t, 3003);
await store.up('--restock-every', '0', '--workers', '2');

function order(body: unknown, key: string): Promise<Response> {
  const headers = { 'idempotency-key': key };
  return store.http('/orders', { method: 'POST', body: JSON.stringify(body), headers });
}

async function stock(client: RawClient, id: number): Promise<number> {
  return (await client.get<Product>('lookup', { id })).quantity;
}

t.test('over the raw port: the same again is the same order, and says so', async (t) => {
  const [client, other] = [await store.raw(), await store.raw()];
  const purchase = { name: 'Tux', quantity: 2, key: 'raw' };
  const first = await client.get<Placed>('buy', purchase);
  t.notOk(first.replayed);
  const again = await other.get<Placed>('buy', purchase);
  t.same(again, { ...first, replayed: true });
  t.equal(await stock(client, 8), 98);
  for (const different of [{ quantity: 3 }, { name: 'Bear' }]) {
    const { error } = await client.ask('buy', { ...purchase, ...different });
    t.match(error, { code: 'key_reused', retryable: false });
  }
  t.equal(await stock(client, 8), 98);
  t.equal(await stock(client, 11), 100);
});

t.test('over HTTP: a repeat has its header, another body is 422', async (t) => {
  const first = await order({ id: 9, quantity: 2 }, 'http');
  t.equal(first.status, 200);
  t.equal(first.headers.get('idempotency-replayed'), null);
  const again = await order({ id: 9, quantity: 2 }, 'http');
  t.equal(again.status, 200);
  t.equal(again.headers.get('idempotency-replayed'), 'true');
  t.same(await again.json(), await first.json());
  const other = await order({ id: 9, quantity: 1 }, 'http');
  t.equal(other.status, 422);
  t.match(await other.json(), { error: { code: 422, type: 'key_reused' } });
  const client = await store.raw();
  t.equal(await stock(client, 9), 98);
});

t.test('the raw and the HTTP listener share their keys', async (t) => {
  const client = await store.raw();
  const placed = await client.get<Placed>('buy', { id: 12, quantity: 1, key: 'both' });
  const again = await order({ id: 12, quantity: 1 }, 'both');
  t.equal(again.headers.get('idempotency-replayed'), 'true');
  t.match(await again.json(), { data: { order_number: placed.order_number } });
});

t.test('twins sent at the same time are one order', async (t) => {
  const clients = await store.raws(4);
  const before = await stock(clients[0] as RawClient, 13);
  for (const key of ['twins', 'zwillinge', 'jumeaux']) {
    const purchase = { id: 13, quantity: 5 };
    const numbers = await Promise.all([
      ...clients.flatMap((client) =>
        [0, 1, 2].map(async () => {
          const { order_number } = await client.get<Placed>('buy', { ...purchase, key });
          return order_number;
        }),
      ),
      ...[0, 1, 2].map(async () => {
        const { data } = (await (await order(purchase, key)).json()) as { data: Placed };
        return data.order_number;
      }),
    ]);
    t.equal(new Set(numbers).size, 1, `${key}: ${numbers}`);
  }
  t.equal(await stock(clients[0] as RawClient, 13), before - 15);
});

t.test('keys outlive a kill -9 of every process, and a refusal outlives a restock', async (t) => {
  const client = await store.raw();
  const refused = { id: 14, quantity: 101, key: 'refused' };
  t.match((await client.ask('buy', refused)).error, { code: 'out_of_stock', available: 100 });
  const purchase = { name: 'Whale', quantity: 1, key: 'before the crash' };
  const first = await client.get<Placed>('buy', purchase);

  await store.killAll();
  await store.up('--restock-every', '1', '--workers', '1');
  const after = await store.raw();
  const token = readFileSync(join(store.folder, 'data', 'admin.token'), 'utf8').trim();
  await after.get('hello', { protocol: 1, token });
  await after.get('update_product', { id: 14, restock_to: 200 });
  t.same(await after.get('buy', purchase), { ...first, replayed: true });
  t.match((await after.ask('buy', { ...purchase, quantity: 2 })).error, { code: 'key_reused' });
  const http = await order({ name: 'Whale', quantity: 1 }, 'before the crash');
  t.equal(http.headers.get('idempotency-replayed'), 'true');
  t.same(await after.get('buy', { name: 'Tux', quantity: 2, key: 'raw' }), {
    order_number: 1,
    total: 39.8,
    replayed: true,
  });
  await until('there are 200', async () => (await stock(after, 14)) === 200);
  t.match((await after.ask('buy', refused)).error, { code: 'out_of_stock', available: 100 });
  const next = await after.get<Placed>('buy', { ...refused, key: 'after' });
  t.equal(next.order_number, first.order_number + 1, 'no number is lost');
});
