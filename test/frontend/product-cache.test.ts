import t from 'tap';
import { ProductCache } from '../../src/frontend/product-cache.js';
import { Stamps } from '../../src/frontend/stamps.js';

const tux = { id: 8, name: 'Tux', topic: 'toys', price: 19.9, quantity: 100, version: 1 };
const encoded = Buffer.from('encoded');

function build(entriesMax?: number): { cache: ProductCache; stamps: Stamps } {
  const stamps = new Stamps();
  stamps.beginSession(1);
  return { cache: new ProductCache(stamps, entriesMax), stamps };
}

t.test('a filled product is found by id and, once its name is known, by name', async (t) => {
  const { cache } = build();
  cache.fill(tux, encoded, cache.sightId(8), 1);
  t.equal(cache.find(8)?.product, tux);
  t.equal(cache.findByName('Tux'), undefined);
  cache.fillName('Tux', 8, cache.sightName('Tux'), 1);
  t.equal(cache.findByName('Tux')?.encoded, encoded);
});

t.test('an invalidated product is not found and counts as stale', async (t) => {
  const { cache, stamps } = build();
  cache.fill(tux, encoded, cache.sightId(8), 1);
  stamps.invalidate(stamps.idBucket(8), 2);
  t.equal(cache.find(8), undefined);
  t.match(cache.counters, { hits: 0, misses: 1, stale: 1, fills: 1 });
});

t.test('an answer asked for before an invalidation is not kept', async (t) => {
  const { cache, stamps } = build();
  const sighting = cache.sightId(8);
  stamps.invalidate(stamps.idBucket(8), 2);
  cache.fill(tux, encoded, sighting, 2);
  t.equal(cache.find(8), undefined);
});

t.test(
  'nobody joins a question that an invalidation has overtaken, or one without a session',
  async (t) => {
    const { cache, stamps } = build();
    const sighting = cache.sightId(8);
    t.equal(cache.mayJoin(sighting), true);
    stamps.invalidate(stamps.idBucket(8), 2);
    t.equal(cache.mayJoin(sighting), false);
    stamps.endSession();
    t.equal(cache.mayJoin(cache.sightId(8)), false);
  },
);

t.test('a name that stands for another product now is asked for again', async (t) => {
  const { cache, stamps } = build();
  cache.fillName('Tux', 8, cache.sightName('Tux'), 1);
  t.equal(cache.idOf('Tux'), 8);
  stamps.invalidate(stamps.nameBucket('Tux'), 3);
  t.equal(cache.idOf('Tux'), undefined);
});

t.test('the cache holds no more entries than its bound, the least used go first', async (t) => {
  const { cache } = build(2);
  for (const id of [1, 2]) cache.fill({ ...tux, id }, encoded, cache.sightId(id), 1);
  cache.find(1);
  cache.fill({ ...tux, id: 3 }, encoded, cache.sightId(3), 1);
  t.ok(cache.find(1) && cache.find(3));
  t.equal(cache.find(2), undefined);
  t.equal(cache.size, 2);
});

t.test('a bound of 0 caches nothing', async (t) => {
  const { cache } = build(0);
  cache.fill(tux, encoded, cache.sightId(8), 1);
  t.equal(cache.find(8), undefined);
});
