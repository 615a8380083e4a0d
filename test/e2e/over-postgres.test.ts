/**
 * A store over PostgreSQL in brief: purchases, keys, caches, holds and the audit, also after the catalog's
 * leader was killed. over-postgres.long.test.ts runs whole files of tests over PostgreSQL.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Order, Placed, Product, RawClient } from './raw-client.js';
import { Store } from './store.js';
import { until } from './until.js';

const store = new Store(t, 3630, { catalogs: 2, orders: 1, recovery: 0 }, 'postgres');
await store.up('--restock-every', '0', '--workers', '2');
/** Connections of both session threads. */
const clients = await store.raws(4);
const [client, other] = clients as [RawClient, RawClient];
const keyed = { name: 'Tux', quantity: 2, key: 'mine' };

function post(path: string, body: unknown, headers: Record<string, string> = {}) {
  return store.http(path, { method: 'POST', headers, body: JSON.stringify(body) });
}

/** The quantity of Tux on every connection, and over HTTP. */
async function quantities(): Promise<Set<number>> {
  const found = await Promise.all(clients.map((each) => each.get<Product>('lookup', { id: 8 })));
  const { data } = (await (await store.http('/products/8')).json()) as { data: Product };
  return new Set([...found, data].map(({ quantity }) => quantity));
}

t.test('after the answer to a purchase every connection reads the new stock', async (t) => {
  t.same(await quantities(), new Set([100]));
  for (let left = 99; left >= 96; left--) {
    await client.get<Placed>('buy', { id: 8, quantity: 1 });
    t.same(await quantities(), new Set([left]));
  }
  const refused = await other.ask('buy', { id: 8, quantity: 97 });
  t.match(refused.error, { code: 'out_of_stock', available: 96 });
});

t.test('a key gives its order again, on each listener', async (t) => {
  const first = await client.get<Placed>('buy', keyed);
  t.same(await other.get<Placed>('buy', keyed), { ...first, replayed: true });
  const again = await post('/orders', { name: 'Tux', quantity: 2 }, { 'idempotency-key': 'mine' });
  t.equal(again.headers.get('idempotency-replayed'), 'true');
  t.match((await other.ask('buy', { ...keyed, quantity: 3 })).error, { code: 'key_reused' });
  const twin = { id: 8, quantity: 1, key: 'twins' };
  const twins = await Promise.all(clients.map((each) => each.get<Placed>('buy', twin)));
  t.equal(new Set(twins.map(({ order_number }) => order_number)).size, 1);
  t.same(await quantities(), new Set([93]));
});

t.test('a hold reserves units until it is confirmed or released', async (t) => {
  const hold = async (quantity: number): Promise<string> => {
    const answer = await post('/holds', { lines: [{ id: 8, quantity }], ttl_seconds: 600 });
    return ((await answer.json()) as { data: { hold_id: string } }).data.hold_id;
  };
  const [bought, released] = [await hold(2), await hold(5)];
  t.same(await quantities(), new Set([86]));
  t.equal((await post(`/holds/${bought}/confirm`, {})).status, 200);
  t.equal((await post(`/holds/${released}/release`, {})).status, 200);
  t.same(await quantities(), new Set([91]));
});

interface Moved {
  readonly cause: string;
  readonly delta: number;
  readonly balance: number;
  readonly reserved: number;
}

async function ledger(): Promise<Moved[]> {
  const token = readFileSync(join(store.folder, 'data', 'admin.token'), 'utf8').trim();
  const headers = { authorization: `Bearer ${token}` };
  const answer = await store.http('/products/8/ledger?limit=1000', { headers });
  return ((await answer.json()) as { data: Moved[] }).data;
}

t.test('the ledger has each change of the stock right after its answer', async (t) => {
  t.match((await ledger()).slice(-4), [
    { cause: 'hold', hold_serial: 1, delta: -2, balance: 91, reserved: 2 },
    { cause: 'hold', hold_serial: 2, delta: -5, balance: 86, reserved: 7 },
    { cause: 'sale', order_number: 7, delta: 0, reserved_delta: -2, balance: 86, reserved: 5 },
    { cause: 'release', hold_serial: 2, delta: 5, balance: 91, reserved: 0, on_hand: 91 },
  ]);
});

t.test('the next leader knows the stock, the keys and the orders', async (t) => {
  const moved = await ledger();
  await store.kill(await store.leader('catalog'));
  const replayed = await until('the key is answered', async () => {
    const { error, result } = await client.ask<Placed>('buy', keyed);
    return !error && result;
  });
  t.match(replayed, { order_number: 5, replayed: true });
  t.same(await quantities(), new Set([91]));
  const { order_number: number } = await client.get<Placed>('buy', { id: 8, quantity: 1 });
  t.equal(number, 8, 'no number is lost');
  t.match(await client.get<Order>('order', { number }), { name: 'Tux', quantity: 1 });
  const later = await ledger();
  t.same(later.slice(0, -1), moved, 'no movement is lost');
  t.match(later.at(-1), { cause: 'sale', order_number: 8, delta: -1, balance: 90, on_hand: 90 });
  const { code, out } = await store.bazar(['audit', '--json']);
  t.equal(code, 0, out);
  t.match(JSON.parse(out), { ok: true, sales: 8, orders: 8 });
  t.equal(await store.down(), 0);
});
