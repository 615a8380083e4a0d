import t from 'tap';
import { newCounters } from '../../src/frontend/counters.js';
import { PushedProducts } from '../../src/frontend/pushed-products.js';
import { SharedCache } from '../../src/frontend/shared-cache.js';
import { decode } from '../../src/wire/codec.js';
import type { ProductRecord } from '../../src/wire/internal.js';
import { inSession } from './in-session.js';

const tux: ProductRecord = [8, 'Tux', 'toys', 1990, 97, 4];

function build() {
  const stamps = inSession(3, 10);
  const shared = new SharedCache(stamps, newCounters());
  return { stamps, shared, pushed: new PushedProducts(stamps, shared) };
}

t.test('a pushed record is found by every thread until the next invalidation', async (t) => {
  const { stamps, shared, pushed } = build();
  stamps.invalidate(stamps.idBucket(8), 11);
  pushed.pushed(11, [tux]);
  const found = shared.find(8);
  t.match(found && decode(found.encoded), { id: 8, price: 19.9, quantity: 97, version: 4 });
  stamps.invalidate(stamps.idBucket(8), 12);
  t.equal(shared.find(8), undefined);
});

t.test('a record from before an invalidation, or without a session, is not kept', async (t) => {
  const { stamps, shared, pushed } = build();
  stamps.invalidate(stamps.idBucket(8), 12);
  pushed.pushed(11, [tux]);
  t.equal(shared.find(8), undefined);
  stamps.endSession();
  pushed.pushed(12, [tux]);
  t.equal(shared.find(8), undefined);
});
