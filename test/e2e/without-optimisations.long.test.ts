/**
 * A store with every optimisation of src/base/optimisations.ts switched off: no shared read buffer, no
 * ring between threads, no stages in a turn. It answers as any other store does.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { optimisationNames } from '../../src/base/optimisations.js';
import type { Order, Placed, Product } from './raw-client.js';
import { Store } from './store.js';

const rounds = 5;

const store = new Store(t, 3606);
await store.up(
  ...['--workers', '2', '--restock-every', '0'],
  ...optimisationNames.flatMap((name) => ['--without', name]),
);

t.test('every service says in its log what is off', async (t) => {
  for (const name of store.services()) {
    const log = readFileSync(join(store.folder, 'logs', `${name}.log`), 'utf8');
    const starts = log.split('\n').find((line) => line.includes('"starts"')) ?? '{}';
    t.same((JSON.parse(starts) as { without?: unknown }).without, [...optimisationNames], name);
  }
});

t.test('purchases are decided, and every connection reads the new stock', async (t) => {
  const clients = await store.raws(6);
  const [buyer] = clients;
  let left = (await buyer?.get<Product>('lookup', { id: 8 }))?.quantity ?? 0;
  for (let round = 0; round < rounds; round++) {
    const placed = await buyer?.get<Placed>('buy', { id: 8, quantity: 2 });
    left -= 2;
    const found = await Promise.all(
      clients.map((client) => client.get<Product>('lookup', { id: 8 })),
    );
    t.same(new Set(found.map(({ quantity }) => quantity)), new Set([left]), `round ${round}`);
    const order = await buyer?.get<Order>('order', { number: placed?.order_number });
    t.match(order, { name: 'Tux', quantity: 2 });
  }
});

t.test('HTTP answers the same, and large answers arrive whole', async (t) => {
  const response = await store.http('/products/8');
  const { data } = (await response.json()) as { data: Product };
  t.equal(data.quantity, 100 - 2 * rounds);
  const page = await store.http('/docs');
  t.equal(page.status, 200);
  t.ok((await page.text()).length > 1_000);
});
