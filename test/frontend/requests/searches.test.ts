import t from 'tap';
import { decode } from '../../../src/wire/codec.js';
import type { ProductRecord } from '../../../src/wire/internal.js';
import type { SearchAnswer } from '../../../src/wire/thread-requests.js';
import { epoch, type Question, stageOperations } from '../staged-operations.js';

type Shelf = Map<number, ProductRecord>;

function shelf(...ids: number[]): Shelf {
  return new Map(ids.map((id) => [id, [id, `toy ${id}`, 'toys', 100, 5, 1]]));
}

/** A catalog of what is on the shelf, at log position 9. */
function catalog(products: Shelf, undecided: readonly number[] = []) {
  return ({ method, params }: Question): unknown => {
    if (method === 'search') {
      const records = [...products.values()];
      const kept = records.map(([id]) => !undecided.includes(id));
      return [records, null, epoch, 9, true, kept] satisfies SearchAnswer;
    }
    if (method === 'lookup') return [products.get((params as [number])[0]) ?? null, epoch, 9];
    const [ids] = params as [number[]];
    return [ids.map((id) => products.get(id) ?? null), epoch, 9, ids.map(() => true)];
  };
}

const toys = { topic: 'Toys' };

t.test('a page is asked for once, in any case', async (t) => {
  const { operations, asked, soon } = stageOperations(catalog(shelf(1, 2, 3)));
  const first = await operations.search(toys, soon());
  t.same(await operations.search({ topic: 'toys' }, soon()), first);
  t.equal(first.items.length, 3);
  t.same(
    asked.map(({ method }) => method),
    ['search'],
  );
});

t.test('each page, and each limit, is a list of its own', async (t) => {
  const { operations, asked, soon } = stageOperations(catalog(shelf(1)));
  await operations.search(toys, soon());
  for (const more of [{ limit: 5 }, { after: 1 }, { text: 'x' }]) {
    await operations.search({ ...toys, ...more }, soon());
  }
  t.equal(asked.length, 4);
});

t.test('different search texts never share a cache entry', async (t) => {
  const { operations, asked, soon } = stageOperations(catalog(shelf(1)));
  const searches = [
    { text: 'x' },
    { topic: '-', text: 'x' },
    { topic: 'x' },
    { topic: 'a', text: 'b c' },
    { topic: 'c', text: 'a b' },
    { topic: 'a","b' },
    { topic: 'null' },
  ];
  for (const search of searches) await operations.search(search, soon());
  t.equal(asked.length, searches.length);
});

t.test('look-ups of a page’s products need no question', async (t) => {
  const { operations, asked, soon } = stageOperations(catalog(shelf(1, 2)));
  await operations.search(toys, soon());
  t.equal((await operations.lookup({ id: 2 }, soon())).name, 'toy 2');
  t.equal(asked.length, 1);
});

t.test(
  'a product that an undecided entry touches is not cached, the rest of the page is',
  async (t) => {
    const { operations, asked, soon } = stageOperations(catalog(shelf(1, 2, 3), [2]));
    await operations.search(toys, soon());
    await operations.search(toys, soon());
    t.same(asked.map(({ method, params }) => [method, params]).slice(1), [['lookup', [2]]]);
  },
);

t.test('a purchase invalidates the record of a page, not the list', async (t) => {
  const products = shelf(1, 2, 3, 4);
  const { operations, versions, asked, soon } = stageOperations(catalog(products));
  await operations.search(toys, soon());
  for (const id of [2, 4]) {
    versions.invalidate(versions.idBucket(id), 9);
    products.set(id, [id, `toy ${id}`, 'toys', 100, 4, 2]);
  }
  const { items } = await operations.search(toys, soon());
  t.same(
    items.map(({ quantity }) => quantity),
    [5, 4, 5, 4],
  );
  t.same(asked.slice(1), [
    { to: 'catalog-2', port: 'service', method: 'lookup_many', params: [[2, 4]] },
  ]);
});

t.test('a change of a topic’s lists makes its pages stale, and no others', async (t) => {
  const { operations, versions, asked, soon } = stageOperations(catalog(shelf(1)));
  await operations.search(toys, soon());
  await operations.search({ topic: 'books' }, soon());
  await operations.search({ text: 'toy' }, soon());
  versions.invalidate(versions.topicBucket('toys'), 9);
  t.equal(operations.cachedPage(toys), undefined);
  t.ok(operations.cachedPage({ topic: 'books' }));
  t.ok(operations.cachedPage({ text: 'toy' }));
  versions.invalidate(versions.topicBucket(''), 9);
  t.equal(operations.cachedPage({ text: 'toy' }), undefined);
  t.ok(operations.cachedPage({ topic: 'books' }));
  t.equal(asked.length, 3);
});

t.test('a page whose list changes during the fetch is asked for as a whole', async (t) => {
  const products = shelf(1, 2);
  const answer = catalog(products);
  const { operations, versions, asked, soon } = stageOperations((question) => {
    if (question.method === 'lookup') {
      products.delete(2);
      versions.invalidate(versions.topicBucket('toys'), 9);
    }
    return answer(question);
  });
  await operations.search(toys, soon());
  versions.invalidate(versions.idBucket(1), 9);
  const { items } = await operations.search(toys, soon());
  t.same(
    items.map(({ id }) => id),
    [1],
  );
  t.same(
    asked.map(({ method }) => method),
    ['search', 'lookup', 'search'],
  );
});

t.test('the encoded page equals the page', async (t) => {
  const { operations, soon } = stageOperations(({ method }) => {
    t.equal(method, 'search');
    const records = Array.from({ length: 20 }, (_, i): ProductRecord => {
      return [i + 1, `toy ${i + 1}`, 'toys', 100, 5, 1];
    });
    return [records, 20, epoch, 9, true, records.map(() => true)] satisfies SearchAnswer;
  });
  const asBytes = await operations.fetchPage(toys, soon());
  const page = await operations.search(toys, soon());
  t.equal(page.next, 20);
  t.same(decode(asBytes), page);
  t.same(decode(operations.cachedPage(toys) ?? new Uint8Array()), page);
});

t.test('a search for nothing is refused', async (t) => {
  const { operations, soon } = stageOperations(() => t.fail('no service is asked'));
  await t.rejects(operations.search({}, soon()), { code: 'invalid_argument' });
});

t.test('a topic of any name differs from no topic', async (t) => {
  const { operations, asked, soon } = stageOperations(catalog(shelf(1)));
  for (const params of [{ topic: '-', text: 'x' }, { text: 'x' }, { topic: 'null', text: 'x' }]) {
    await operations.search(params, soon());
  }
  t.equal(asked.length, 3, 'each is a list of its own');
});
