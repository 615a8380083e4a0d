import t from 'tap';
import { type Clock, waitingClock } from '../../src/base/clock.js';
import type { ClusterConfig } from '../../src/base/config.js';
import { BazarError } from '../../src/base/errors.js';
import { seededRandom } from '../../src/base/random.js';
import { ProductCache } from '../../src/frontend/cache/product-cache.js';
import { SearchCache } from '../../src/frontend/cache/search-cache.js';
import { FrontendOperations } from '../../src/frontend/operations.js';
import { Backends } from '../../src/frontend/requests/backends.js';
import { PurchaseKeys } from '../../src/frontend/requests/keys.js';
import { totalTooLarge } from '../../src/wire/internal.js';
import { ManualClock } from '../helpers/manual-clock.js';
import { inSession } from './in-session.js';
import { stageOperations } from './staged-operations.js';

type Answer = (method: string, params: unknown) => unknown;

const at = { host: '127.0.0.1', port: 1 };
const cluster: ClusterConfig = {
  catalogs: [{ name: 'catalog-1', service: at, peer: at }],
  orders: [{ name: 'order-1', service: at, peer: at }],
  recovery: [],
};
const tux = [8, 'Tux', 'toys', 1990, 100, 1] as const;

/** A shop whose services answer as told; every question is written down. */
function build(answers: { catalog?: Answer; order?: Answer }, clock: Clock = waitingClock) {
  const asked: { method: string; params: unknown }[] = [];
  const versions = inSession(1);
  const backends = new Backends({
    cluster,
    connect: (_member, group) => ({
      async call(method, params) {
        asked.push({ method, params });
        return answers[group]?.(method, params);
      },
      close: () => {},
    }),
  });
  backends.follow({ catalog: 'catalog-1', order: 'order-1' });
  const cache = new ProductCache(versions);
  const operations = new FrontendOperations({
    backends,
    cache,
    pages: new SearchCache(versions, cache.counters),
    keys: new PurchaseKeys(seededRandom(1)),
    clock,
    logTime: () => versions.logTime,
    currency: () => versions.currency,
    owner: {
      status: () => Promise.reject(new Error('not asked')),
      audit: () => Promise.reject(new Error('not asked')),
      notReady: () => undefined,
    },
  });
  return { operations, versions, asked, backends };
}

const soon = () => ({ requestId: 'test', deadlineMs: waitingClock.nowMs() + 5_000 });
const shortly = () => ({ requestId: 'test', deadlineMs: waitingClock.nowMs() + 20 });

t.test('a look-up is asked once and then answered from the cache, in decimals', async (t) => {
  const { operations, asked } = build({ catalog: () => [tux, 1, 1] });
  const product = { id: 8, name: 'Tux', topic: 'toys', price: 19.9, quantity: 100, version: 1 };
  t.same(await operations.lookup({ id: 8 }, soon()), product);
  t.same(await operations.lookup({ id: 8 }, soon()), product);
  t.equal(asked.length, 1);
  t.ok(operations.cached({ id: 8 }));
});

t.test('readers of one item at the same time share one question', async (t) => {
  const { operations, asked } = build({ catalog: () => [tux, 1, 1] });
  await Promise.all([1, 2, 3].map(() => operations.lookup({ id: 8 }, soon())));
  t.equal(asked.length, 1);
});

t.test('a reader after an invalidation does not share a question from before it', async (t) => {
  const { operations, versions, asked } = build({ catalog: () => [tux, 1, 5] });
  const before = operations.lookup({ id: 8 }, soon());
  versions.invalidate(versions.idBucket(8), 5);
  await Promise.all([before, operations.lookup({ id: 8 }, soon())]);
  t.equal(asked.length, 2);
});

t.test('a reader that shared a question asks again if an entry was undecided', async (t) => {
  let stock = 100;
  let cacheable = false;
  const { operations, asked } = build({
    catalog: () => [[8, 'Tux', 'toys', 1990, stock, 1], cacheable ? 1 : 0, 1],
  });
  const first = operations.lookup({ id: 8 }, soon());
  // The undecided entry becomes visible, and others see it, before the second reader comes.
  stock = 99;
  cacheable = true;
  const [second, third] = await Promise.all([
    operations.lookup({ id: 8 }, soon()),
    operations.lookup({ id: 8 }, soon()),
  ]);
  t.equal((await first).quantity, 100);
  t.equal(second.quantity, 99);
  t.equal(third.quantity, 99);
  t.equal(asked.length, 2, 'the later readers share one question');
});

t.test('a question by an unknown name is not shared, because its product may change', async (t) => {
  const { operations, versions, asked } = build({ catalog: () => [tux, 1, 5] });
  const before = operations.lookup({ name: 'Tux' }, soon());
  versions.invalidate(versions.idBucket(8), 5);
  await Promise.all([before, operations.lookup({ name: 'Tux' }, soon())]);
  t.equal(asked.length, 2);
});

t.test('an answer that may not be cached is not cached', async (t) => {
  const { operations, asked } = build({ catalog: () => [tux, 0, 1] });
  await operations.lookup({ id: 8 }, soon());
  await operations.lookup({ id: 8 }, soon());
  t.equal(asked.length, 2);
});

t.test('an unknown product is not found', async (t) => {
  const { operations } = build({ catalog: () => [null, 1, 1] });
  await t.rejects(operations.lookup({ id: 99 }, soon()), { code: 'not_found' });
});

t.test('a purchase is retried with its own key until it is answered', async (t) => {
  let tries = 0;
  const { operations, asked } = build({
    order() {
      tries++;
      if (tries < 3) throw new BazarError('unavailable', 'gone', { details: { unknown: true } });
      return ['sold', 7, 1990, false];
    },
  });
  t.same(await operations.buy({ id: 8, quantity: 1 }, soon()), { order_number: 7, total: 19.9 });
  t.equal(asked.length, 3);
  t.same(asked[0]?.params, asked[2]?.params);
});

t.test('two purchases without keys get two keys; a client key is the same each time', async (t) => {
  const { operations, asked } = build({ order: () => ['sold', 1, 1990, false] });
  await operations.buy({ id: 8, quantity: 1 }, soon());
  await operations.buy({ id: 8, quantity: 1 }, soon());
  await operations.buy({ id: 8, quantity: 1, key: 'mine' }, soon());
  await operations.buy({ lines: [{ id: 8, quantity: 1 }], key: 'mine' }, soon());
  const [one, two, three, four] = asked.map(({ params }) => params);
  t.notSame(one, two);
  t.same(three, four);
});

const refusals: [outcome: readonly unknown[], code: string, details: object][] = [
  [['out_of_stock', 8, 3, false], 'out_of_stock', { available: 3 }],
  [['not_found', 0, false], 'not_found', { line: 0 }],
  [['key_reused'], 'key_reused', {}],
];

for (const [outcome, code, details] of refusals) {
  t.test(`the outcome ${outcome[0]} is an error without a retry`, async (t) => {
    const { operations, asked } = build({ order: () => outcome });
    await t.rejects(operations.buy({ id: 8, quantity: 1 }, soon()), { code, details });
    t.equal(asked.filter(({ method }) => method === 'buy').length, 1);
  });
}

t.test('a purchase is not sent again while the key table is full', async (t) => {
  const { operations, asked, soon } = stageOperations(() => ['full', 'keys']);
  const buying = operations.buy({ id: 8, quantity: 1, key: 'new' }, soon());
  await t.rejects(buying, { code: 'overloaded', message: /purchase keys/ });
  t.equal(asked.length, 1);
});

t.test('a purchase is sent again while too many sales are no orders', async (t) => {
  const stage = stageOperations(() => {
    return stage.asked.length === 1 ? ['full', 'sales'] : ['sold', 7, 1990, false];
  });
  const { operations, clock, asked, soon } = stage;
  const buying = operations.buy({ id: 8, quantity: 1 }, soon());
  await new Promise((resolve) => setTimeout(resolve, 0));
  clock.advance(100);
  t.match(await buying, { order_number: 7 });
  t.equal(asked.length, 2);
});

t.test('with no leader a purchase is unavailable when its time is up', async (t) => {
  const { operations, backends, asked } = build({});
  backends.follow({ catalog: 'catalog-1', order: undefined });
  await t.rejects(operations.buy({ id: 8, quantity: 1 }, shortly()), { code: 'unavailable' });
  t.equal(asked.length, 0);
});

t.test(
  'a purchase with an unknown outcome at its deadline has exceeded the deadline',
  async (t) => {
    const { operations } = build({
      order() {
        throw new BazarError('unavailable', 'gone', { details: { unknown: true } });
      },
    });
    await t.rejects(operations.buy({ id: 8, quantity: 1 }, shortly()), {
      code: 'deadline_exceeded',
    });
  },
);

t.test('an unknown outcome stays unknown without a leader', async (t) => {
  const { operations, clock, asked, soon } = stageOperations(() => {
    const details = asked.length === 1 ? { unknown: true } : {};
    throw new BazarError('unavailable', 'gone', { details });
  });
  let over = false;
  const bought = operations.buy({ id: 8, quantity: 1 }, soon()).finally(() => {
    over = true;
  });
  bought.catch(() => {});
  while (!over) {
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(100);
  }
  await t.rejects(bought, { code: 'deadline_exceeded' });
  t.ok(asked.length > 1);
});

t.test('a read without an answer in time is unavailable', async (t) => {
  const { operations } = build({
    catalog() {
      throw new BazarError('unavailable', 'gone', { details: { unknown: true } });
    },
  });
  await t.rejects(operations.lookup({ id: 8 }, shortly()), { code: 'unavailable' });
});

t.test('a change with an unknown outcome is not sent twice', async (t) => {
  const { operations, asked } = build({
    catalog() {
      throw new BazarError('unavailable', 'gone', { details: { unknown: true } });
    },
  });
  await t.rejects(operations.updateProduct({ id: 8, add: 5 }, soon()), { code: 'unavailable' });
  t.equal(asked.length, 1);
});

t.test('a conflict contains the record in its public shape', async (t) => {
  const { operations } = build({
    catalog() {
      throw new BazarError('conflict', 'another version', { details: { current: [...tux] } });
    },
  });
  await t.rejects(operations.updateProduct({ id: 8, price: 1, if_version: 9 }, soon()), {
    code: 'conflict',
    details: { current: { id: 8, price: 19.9, version: 1 } },
  });
});

t.test('orders come in decimals with the first line in front', async (t) => {
  const sale = [3, Buffer.alloc(16), [[8, 'Tux', 2, 1990]], 3980, 1_700_000_000_000];
  const { operations } = build({ order: () => sale });
  t.same(await operations.order({ number: 3 }, soon()), {
    number: 3,
    name: 'Tux',
    quantity: 2,
    lines: [{ id: 8, name: 'Tux', quantity: 2, price: 19.9 }],
    total: 39.8,
    at: '2023-11-14T22:13:20.000Z',
    status: 'placed',
  });
});

t.test('a request that waits for a leader retries at once when there is one', async (t) => {
  const clock = new ManualClock();
  const { operations, backends, asked } = build({ order: () => ['sold', 1, 1990, false] }, clock);
  backends.follow({ catalog: 'catalog-1', order: undefined });
  const buying = operations.buy({ id: 8, quantity: 1 }, { requestId: 'test', deadlineMs: 1_000 });
  await new Promise(setImmediate);
  t.equal(asked.length, 0);
  backends.follow({ catalog: 'catalog-1', order: 'order-1' });
  t.same(await buying, { order_number: 1, total: 19.9 }, 'the clock stood still');
});

t.test('the catalog’s refusal of a total is an invalid argument', async (t) => {
  const { operations, asked } = build({ order: () => ['not_found', totalTooLarge, false] });
  await t.rejects(operations.buy({ id: 8, quantity: 1 }, soon()), { code: 'invalid_argument' });
  t.equal(asked.length, 1, 'which is not tried again');
});

t.test('a change that older catalogs would misread uses another method', async (t) => {
  const { operations, asked } = build({ catalog: () => [[...tux, 60], true] });
  const changed = await operations.updateProduct({ id: 8, restock_to: 60 }, soon());
  t.match(changed, { name: 'Tux', restock_to: 60, replayed: true });
  await operations.removeProduct({ id: 8, key: 'k' }, soon());
  t.match(asked, [
    { method: 'change', params: [['update', [8, { restockTo: 60 }]]] },
    { method: 'change', params: [['remove', [8, null]], { length: 3 }] },
  ]);
});

t.test('a catalog of the previous build cannot apply such a change', async (t) => {
  const refuse = () => {
    throw new BazarError('unknown_method', 'unknown method "change"');
  };
  const { operations } = build({ catalog: refuse });
  await t.rejects(operations.updateProduct({ id: 8, restock_to: null }, soon()), {
    code: 'unavailable',
    message: /does not support/,
  });
});
