import t from 'tap';
import { newCounters } from '../../../src/frontend/cache/counters.js';
import { InvalidationVersions } from '../../../src/frontend/cache/invalidation-versions.js';
import { type CacheBounds, ProductCache } from '../../../src/frontend/cache/product-cache.js';
import { SharedCache } from '../../../src/frontend/cache/shared-cache.js';
import { encode } from '../../../src/wire/codec.js';
import { inSession } from '../in-session.js';

const tux = { id: 8, name: 'Tux', topic: 'toys', price: 19.9, quantity: 100, version: 1 };
const encoded = encode(tux);
const from = { appliedSeq: 1, grantEpoch: 3 };
const later = { appliedSeq: 5, grantEpoch: 3 };

function build(bounds?: Partial<CacheBounds>) {
  const versions = inSession(3);
  const cache = new ProductCache(versions, { entriesMax: 100, bytesMax: 100_000, ...bounds });
  const fill = (id: number, provenance = from): void => {
    cache.fill({ product: { ...tux, id }, encoded, sighting: cache.sightId(id) }, provenance);
  };
  return { cache, versions, fill };
}

t.test('a filled product is found by id and, once its name is known, by name', async (t) => {
  const { cache, fill } = build();
  fill(8);
  t.same(cache.find(8)?.product, tux);
  t.equal(cache.findByName('Tux'), undefined);
  cache.fillName('Tux', 8, cache.horizon(), from);
  t.same(cache.findByName('Tux')?.product, tux);
});

t.test('an invalidated product is not found and counts as stale', async (t) => {
  const { cache, versions, fill } = build();
  fill(8);
  versions.invalidate(versions.idBucket(8), 2);
  t.equal(cache.find(8), undefined);
  t.match(cache.counters, { hits: 0, misses: 1, stale: 1, fills: 1 });
});

t.test('the absence of a product is not cached if the leader granted the product', async (t) => {
  const { cache, versions } = build();
  const horizon = cache.horizon();
  versions.invalidate(versions.idBucket(99), 2);
  cache.fillAbsence(99, horizon, later);
  t.equal(cache.find(99), undefined);
  cache.fillAbsence(99, cache.horizon(), later);
  t.ok(cache.find(99));
});

t.test('an answer to a question from before an invalidation is not cached', async (t) => {
  const { cache, versions } = build();
  const sighting = cache.sightId(8);
  const horizon = cache.horizon();
  versions.invalidate(versions.idBucket(8), 2);
  cache.fill({ product: tux, encoded, sighting }, later);
  t.equal(cache.find(8), undefined);
  cache.fillAt(tux, encoded, horizon, later);
  t.equal(cache.find(8), undefined, 'also if the question did not name the product id');
  cache.fillAt(tux, encoded, cache.horizon(), later);
  t.ok(cache.find(8));
});

t.test('a product is not cached if the grant may cover its absence', async (t) => {
  const { cache, versions } = build();
  const horizon = cache.horizon();
  versions.invalidate(versions.idBucket(0), 2);
  cache.fillAt(tux, encoded, horizon, later);
  t.equal(cache.find(8), undefined);
  cache.fillAt(tux, encoded, cache.horizon(), later);
  t.ok(cache.find(8));
});

t.test('an answer without a grant of the session’s leader is not cached', async (t) => {
  const { cache, fill } = build();
  fill(8, { appliedSeq: 1, grantEpoch: 0 });
  fill(8, { appliedSeq: 1, grantEpoch: 2 });
  t.equal(cache.find(8), undefined);
});

t.test(
  'no reader joins a question from before an invalidation, or one without a session',
  async (t) => {
    const { cache, versions } = build();
    const sighting = cache.sightId(8);
    t.equal(cache.mayJoin(sighting), true);
    versions.invalidate(versions.idBucket(8), 2);
    t.equal(cache.mayJoin(sighting), false);
    versions.endSession();
    t.equal(cache.mayJoin(cache.sightId(8)), false);
  },
);

t.test('a name that another product has now is asked for again', async (t) => {
  const { cache, versions } = build();
  cache.fillName('Tux', 8, cache.horizon(), from);
  t.equal(cache.idOf('Tux'), 8);
  versions.invalidate(versions.nameBucket('Tux'), 3);
  t.equal(cache.idOf('Tux'), undefined);
});

t.test('the absence of an id is cached until products are added', async (t) => {
  const { cache, versions } = build();
  cache.fillAbsence(99, cache.horizon(), from);
  t.match(cache.find(99), { product: undefined });
  t.match(cache.counters, { hits: 1, misses: 0 });
  versions.invalidate(versions.idBucket(0), 2);
  t.equal(cache.find(99), undefined);
});

t.test('the absence of a name is cached until a product gets the name', async (t) => {
  const { cache, versions } = build();
  cache.fillName('Dodo', undefined, cache.horizon(), from);
  t.match(cache.findByName('Dodo'), { product: undefined });
  versions.invalidate(versions.nameBucket('Dodo'), 2);
  t.equal(cache.findByName('Dodo'), undefined);
});

t.test('a peek is not counted as a look-up', async (t) => {
  const { cache, fill } = build();
  fill(8);
  cache.fillName('Tux', 8, cache.horizon(), from);
  t.same(cache.peek('Tux')?.product, tux);
  t.equal(cache.peek(9), undefined);
  t.match(cache.counters, { hits: 0, misses: 0 });
});

t.test(
  'the cache keeps at most its maximum of entries and evicts the least recently used',
  async (t) => {
    const { cache, fill } = build({ entriesMax: 2 });
    for (const id of [1, 2]) fill(id);
    cache.find(1);
    fill(3);
    t.ok(cache.find(1) && cache.find(3));
    t.equal(cache.find(2), undefined);
    t.equal(cache.size, 2);
  },
);

t.test('the cache keeps at most its maximum of bytes', async (t) => {
  const { cache, fill } = build({ entriesMax: 10_000, bytesMax: 20_000 });
  for (let id = 1; id <= 1_000; id++) fill(id);
  t.ok(cache.bytes <= 20_000, `${cache.bytes} bytes`);
  t.ok(cache.size > 10 && cache.size < 100, `${cache.size} entries`);
  t.ok(cache.find(1_000));
});

t.test('a maximum of 0 caches nothing', async (t) => {
  const { cache, fill } = build({ entriesMax: 0 });
  fill(8);
  cache.fillName('Tux', 8, cache.horizon(), from);
  cache.fillAbsence(9, cache.horizon(), from);
  for (const found of [cache.find(8), cache.findByName('Tux'), cache.find(9)]) {
    t.equal(found, undefined);
  }
  t.equal(cache.mayJoin(cache.sightId(8)), false, 'and no reader relies on the lease');
});

t.test('a product that one thread fetched is available to the others', async (t) => {
  const versions = inSession(3);
  const memory = new SharedCache(versions, newCounters()).buffer;
  const [one, other] = [1, 2].map(() => {
    const inThread = new InvalidationVersions(versions.buffer);
    const counters = newCounters();
    const shared = new SharedCache(inThread, counters, memory);
    return new ProductCache(inThread, { entriesMax: 10, bytesMax: 10_000 }, { shared, counters });
  }) as [ProductCache, ProductCache];
  one.fill({ product: tux, encoded, sighting: one.sightId(8) }, from);
  t.same(other.find(8)?.product, tux);
  t.match(other.counters, { hits: 1, misses: 0, shared_hits: 1 });
  t.same(other.find(8)?.product, tux);
  t.match(other.counters, { hits: 2, shared_hits: 1 }, 'then it has a copy of its own');
  versions.invalidate(versions.idBucket(8), 2);
  t.equal(other.find(8), undefined);
  t.match(other.counters, { misses: 1, shared_stale: 1 });
});
