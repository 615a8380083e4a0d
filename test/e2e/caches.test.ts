/**
 * Caches and followers, as customers see them: nothing is older than what was answered before, what
 * is sold out needs no log, and reads go on while replicas come and go.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Placed, Product, RawClient } from './raw-client.js';
import { Store } from './store.js';
import { until } from './until.js';

interface Page {
  readonly items: readonly Product[];
}

type Counts = Readonly<Record<string, number>>;

const store = new Store(t, 3258, { catalogs: 2, orders: 1, recovery: 1 });
await store.up('--restock-every', '0', '--workers', '2');
const admin = await store.raw();
const adminToken = readFileSync(join(store.folder, 'data', 'admin.token'), 'utf8').trim();
await admin.get('hello', { protocol: 1, token: adminToken });

/** Connections of both session threads. */
const customers = await store.raws(4);

function each<R>(ask: (customer: RawClient) => Promise<R>): Promise<R[]> {
  return Promise.all(customers.map(ask));
}

async function cache(): Promise<Counts> {
  const status = await admin.get<{ frontends: { cache: Counts }[] }>('status', {});
  return status.frontends[0]?.cache ?? {};
}

/** Threads tell their counters a few times a second. */
function counted(name: string, least: number): Promise<Counts> {
  return until(`${least} ${name} are counted`, async () => {
    const counts = await cache();
    return (counts[name] ?? 0) >= least ? counts : undefined;
  });
}

t.test('every thread tells of a purchase as soon as it is answered, in pages too', async (t) => {
  for (let left = 99; left >= 95; left--) {
    await admin.get<Placed>('buy', { id: 8, quantity: 1 });
    const products = await each((customer) => customer.get<Product>('lookup', { name: 'Tux' }));
    t.same(
      products.map(({ quantity }) => quantity),
      customers.map(() => left),
    );
    const pages = await each((customer) => customer.get<Page>('search', { topic: 'toys' }));
    const shown = pages.map(({ items }) => items.find(({ id }) => id === 8)?.quantity);
    t.same(
      shown,
      customers.map(() => left),
    );
  }
  const counts = await counted('search_hits', 1);
  t.equal(counts.search_stale, 0, 'no purchase has cost a page its list');
});

t.test('what is not there is known, until it is', async (t) => {
  const missing = { name: 'Dodo' };
  for (let i = 0; i < 3; i++) {
    for (const { error } of await each((customer) => customer.ask('lookup', missing))) {
      t.match(error, { code: 'not_found' });
    }
  }
  const dodo = { name: 'Dodo', topic: 'Extinct', price: 5, quantity: 2 };
  const { id } = await admin.get<Product>('add_product', dodo);
  for (const product of await each((customer) => customer.get<Product>('lookup', missing))) {
    t.match(product, { id, ...dodo });
  }
  const inTopic = async (topic: string): Promise<number[]> => {
    const pages = await each((customer) => customer.get<Page>('search', { topic }));
    return pages.map(({ items }) => items.filter((product) => product.id === id).length);
  };
  t.same(await inTopic('extinct'), [1, 1, 1, 1]);
  await admin.get('update_product', { id, topic: 'birds' });
  t.same(await inTopic('extinct'), [0, 0, 0, 0]);
  t.same(await inTopic('birds'), [1, 1, 1, 1]);
  await admin.get('remove_product', { id });
  t.same(await inTopic('birds'), [0, 0, 0, 0]);
  for (const { error } of await each((customer) => customer.ask('lookup', { id }))) {
    t.match(error, { code: 'not_found' });
  }
});

t.test('what is sold out is refused at the edge; with a key the log decides', async (t) => {
  const before = await cache();
  await admin.get('update_product', { id: 9, quantity: 1 });
  await each((customer) => customer.get<Product>('lookup', { id: 9 }));
  const refused = await each((customer) => customer.ask('buy', { id: 9, quantity: 2 }));
  for (const { error } of refused) t.match(error, { code: 'out_of_stock', available: 1 });
  await counted('refused', (before.refused ?? 0) + 1);
  const keyed = { id: 9, quantity: 2, key: 'mine' };
  await each((customer) => customer.ask('buy', keyed));
  for (const { error } of await each((customer) => customer.ask('buy', keyed))) {
    t.match(error, { code: 'out_of_stock', available: 1, replayed: true });
  }
  t.equal((await admin.get<Placed>('buy', { id: 9, quantity: 1 })).order_number > 0, true);
});

t.test('a replica that is killed or hangs costs the readers no error', async (t) => {
  const leader = await store.leader('catalog');
  const follower = leader === 'catalog-1' ? 'catalog-2' : 'catalog-1';
  const { order_number: number } = await admin.get<Placed>('buy', { id: 10, quantity: 1 });
  const readAll = async (): Promise<void> => {
    for (let text = 0; text < 8; text++) {
      // A text that nobody has searched for: no cache can answer it.
      const pages = await each((customer) => customer.get<Page>('search', { text: `${text}` }));
      t.ok(pages.every(({ items }) => Array.isArray(items)));
      await each((customer) => customer.get('order', { number }));
    }
    await admin.get('update_product', { id: 11, add: 1 });
  };
  await store.signal(follower, 'SIGSTOP');
  await readAll();
  await store.signal(follower, 'SIGCONT');
  await store.kill(follower);
  await readAll();
  t.equal((await each((customer) => customer.get('order', { number }))).length, 4);
});
