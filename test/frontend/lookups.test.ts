import t from 'tap';
import type { LookupAnswer, ProductRecord } from '../../src/wire/internal.js';
import { epoch, stageShop } from './staged-shop.js';

const tux: ProductRecord = [8, 'Tux', 'toys', 1990, 100, 1];
const found: LookupAnswer = [tux, epoch, 1];
const absent: LookupAnswer = [null, epoch, 1];
const soldOut = { code: 'not_found' };

t.test('one question by name is enough for all look-ups by name and by id after it', async (t) => {
  const { shop, asked, soon } = stageShop(() => found);
  await shop.lookup({ name: 'Tux' }, soon());
  await shop.lookup({ name: 'Tux' }, soon());
  await shop.lookup({ id: 8 }, soon());
  t.equal(asked.length, 1);
});

t.test('a product whose name changed hands under the question is not kept', async (t) => {
  const { shop, stamps, asked, soon } = stageShop(() => {
    if (asked.length === 1) stamps.invalidate(stamps.nameBucket('Tux'), 1);
    return found;
  });
  await shop.lookup({ name: 'Tux' }, soon());
  t.equal(shop.cached({ name: 'Tux' }), undefined);
  t.equal(shop.cached({ id: 8 }), undefined, 'the leader lent what the name stood for before');
});

t.test('that there is no such product is answered from the cache, by id and by name', async (t) => {
  const { shop, asked, soon } = stageShop(() => absent);
  for (const item of [{ id: 99 }, { name: 'Dodo' }]) {
    await t.rejects(shop.lookup(item, soon()), soldOut);
    await t.rejects(shop.lookup(item, soon()), soldOut);
  }
  t.equal(asked.length, 2);
});

t.test('a product that is added ends what was known of its absence', async (t) => {
  const { shop, stamps, asked, soon } = stageShop(() => absent);
  await t.rejects(shop.lookup({ id: 99 }, soon()), soldOut);
  await t.rejects(shop.lookup({ name: 'Dodo' }, soon()), soldOut);
  stamps.invalidate(stamps.idBucket(0), 1);
  stamps.invalidate(stamps.nameBucket('Dodo'), 1);
  t.equal(shop.cached({ id: 99 }), undefined);
  t.equal(shop.cached({ name: 'Dodo' }), undefined);
  t.equal(asked.length, 2);
});

t.test('who shares a question gets no answer from before the floor', async (t) => {
  let seq = 1;
  const { shop, stamps, asked, soon } = stageShop(() => [tux, epoch, seq++] satisfies LookupAnswer);
  stamps.invalidate(stamps.idBucket(8), 2);
  await Promise.all([shop.lookup({ id: 8 }, soon()), shop.lookup({ id: 8 }, soon())]);
  t.equal(asked.length, 2);
});

t.test('who shares a question gets no answer that another leader lent', async (t) => {
  const { shop, asked, soon } = stageShop(() => [tux, epoch - 1, 1] satisfies LookupAnswer);
  await Promise.all([shop.lookup({ id: 8 }, soon()), shop.lookup({ id: 8 }, soon())]);
  t.equal(asked.length, 2);
});

t.test('who shares a question gets no absence from before a product was added', async (t) => {
  let add = (): void => {};
  const added = new Promise<void>((resolve) => {
    add = resolve;
  });
  const { shop, stamps, asked, soon } = stageShop(async () => {
    if (asked.length > 1) return [[99, 'Dodo', 'toys', 1990, 100, 1], epoch, 2];
    await added;
    return absent;
  });
  const before = shop.lookup({ id: 99 }, soon());
  stamps.invalidate(stamps.idBucket(0), 2);
  const after = shop.lookup({ id: 99 }, soon());
  add();
  await t.rejects(before, soldOut);
  t.match(await after, { name: 'Dodo' });
});

t.test('a product that was added under the question is neither kept nor shared', async (t) => {
  const { shop, stamps, asked, soon } = stageShop(() => {
    if (asked.length === 1) stamps.invalidate(stamps.idBucket(0), 1);
    return found;
  });
  await shop.lookup({ id: 8 }, soon());
  t.equal(shop.cached({ id: 8 }), undefined, 'the leader lent that there was none');
  const shared = stageShop(() => {
    if (shared.asked.length === 1) shared.stamps.invalidate(shared.stamps.idBucket(0), 1);
    return found;
  });
  await Promise.all([1, 2].map(() => shared.shop.lookup({ id: 8 }, shared.soon())));
  t.equal(shared.asked.length, 2, 'nobody would say when it changes');
});
