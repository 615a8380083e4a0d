import t from 'tap';
import { newCounters } from '../../../src/frontend/cache/counters.js';
import { ProductCache } from '../../../src/frontend/cache/product-cache.js';
import { PushedProducts } from '../../../src/frontend/cache/pushed-products.js';
import { SharedCache } from '../../../src/frontend/cache/shared-cache.js';
import type { ProductRecord } from '../../../src/wire/internal.js';
import { inSession } from '../in-session.js';

const sold: ProductRecord = [8, 'Tux', 'toys', 1990, 99, 2];

function build() {
  const versions = inSession(3);
  const shared = new SharedCache(versions, newCounters());
  const thread = new ProductCache(versions, undefined, { shared });
  return { versions, thread, pushes: new PushedProducts(versions, shared) };
}

t.test('a pushed product is a hit in every thread, without a question', async (t) => {
  const { versions, thread, pushes } = build();
  versions.invalidate(versions.idBucket(8), 5);
  pushes.pushed(5, [sold]);
  t.match(thread.find(8)?.product, { name: 'Tux', price: 19.9, quantity: 99, version: 2 });
  t.match(thread.counters, { hits: 1, misses: 0 });
});

t.test('a record from before a newer invalidation is not cached', async (t) => {
  const { versions, thread, pushes } = build();
  versions.invalidate(versions.idBucket(8), 5);
  versions.invalidate(versions.idBucket(8), 6);
  pushes.pushed(5, [sold]);
  t.equal(thread.find(8), undefined);
});

t.test('a record without a session is not cached', async (t) => {
  const { versions, thread, pushes } = build();
  versions.endSession();
  pushes.pushed(5, [sold]);
  t.equal(thread.find(8), undefined);
});
