/**
 * Two frontends with caches, one of which hangs: what the other sells becomes visible when the
 * lease of the one that hangs has run out, and what that one has kept is never served again.
 */
import t from 'tap';
import type { Placed, Product, RawClient } from './raw-client.js';
import { RawClient as Client } from './raw-client.js';
import { Store } from './store.js';
import { upWithStock } from './test-stock.js';
import { until } from './until.js';

const size = { catalogs: 1, orders: 1, recovery: 0, frontends: 2 };
const readers = 4;
const item = { id: 1 };

const store = new Store(t, 3235, size);
const { flags } = await upWithStock(store);

interface FrontendStatus {
  readonly name: string;
  readonly lease: { readonly held: boolean };
  readonly cache: { readonly hits: number };
}

t.test('a frontend that hangs delays a sale by a lease, and serves nothing old', async (t) => {
  const here = await store.raw();
  const there = await Promise.all(
    Array.from({ length: readers }, () => Client.open(store.rawPort + 1)),
  );
  t.teardown(() => {
    for (const client of there) client.destroy();
  });
  const statusOf = async (client: RawClient): Promise<FrontendStatus> => {
    const { frontends } = await client.get<{ frontends: FrontendStatus[] }>('status', {});
    const [own] = frontends;
    if (!own) throw new Error('a frontend tells of itself');
    return own;
  };
  for (const clients of [[here], there]) {
    const hits = async (): Promise<number> => {
      const [client] = clients;
      return client ? (await statusOf(client)).cache.hits : 0;
    };
    const before = await hits();
    // Figures of the threads come once in a while: as many hits as there are clients.
    await until('look-ups are answered from the cache', async () => {
      await Promise.all(clients.map((client) => client.get<Product>('lookup', item)));
      return (await hits()) >= before + clients.length;
    });
  }
  t.match(await statusOf(here), { name: 'frontend-1', lease: { held: true } });
  const before = await here.get<Product>('lookup', item);

  await store.signal('frontend-2', 'SIGSTOP');
  // They lie in its sockets, before the news that would end its lease.
  const late = there.map((client) => client.get<Product>('lookup', item));
  let placed: Placed | undefined;
  const buying = here.get<Placed>('buy', { ...item, quantity: 1 }).then((answer) => {
    placed = answer;
  });
  const seen = [before.version];
  while (!placed) seen.push((await here.get<Product>('lookup', item)).version);
  await buying;
  t.equal(placed.order_number, 1, 'while the other hangs');
  t.same(seen, [...seen].sort(), 'nobody sees the old stock after the new one');
  const after = await here.get<Product>('lookup', item);
  t.equal(after.quantity, before.quantity - 1);

  await store.signal('frontend-2', 'SIGCONT');
  for (const answer of await Promise.all(late)) t.equal(answer.quantity, after.quantity);
  await until('it is in session again', async () => {
    const [client] = there;
    return client && (await statusOf(client)).lease.held;
  });
});

t.test('a frontend that is killed delays sales no longer than its lease lasts', async (t) => {
  const here = await store.raw();
  await here.get<Product>('lookup', item);
  await store.kill('frontend-2');
  for (let number = 2; number <= 4; number++) {
    const placed = await here.get<Placed>('buy', { ...item, quantity: 1 });
    t.equal(placed.order_number, number);
  }
  // All leases of before are in the log: none of their holders comes back.
  await store.killAll();
  await store.up(...flags);
  const again = await store.raw();
  t.equal((await again.get<Placed>('buy', { ...item, quantity: 1 })).order_number, 5);
  const { code, out } = await store.bazar(['audit']);
  t.equal(code, 0, out);
  t.equal(await store.down(), 0);
});
