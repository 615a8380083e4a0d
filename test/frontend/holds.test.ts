// Holds and purchases with terms, from the public params to the answer.
import t from 'tap';
import { BazarError } from '../../src/base/errors.js';
import { seededRandom } from '../../src/base/random.js';
import { ProductCache } from '../../src/frontend/cache/product-cache.js';
import { SearchCache } from '../../src/frontend/cache/search-cache.js';
import { FrontendOperations } from '../../src/frontend/operations.js';
import { Backends } from '../../src/frontend/requests/backends.js';
import { PurchaseKeys } from '../../src/frontend/requests/keys.js';
import type { HoldRecord, TradeOperation, TradeOutcome } from '../../src/wire/trade.js';
import { ManualClock } from '../helpers/manual-clock.js';
import { inSession } from './in-session.js';

const at = { host: '127.0.0.1', port: 1 };
const id = Uint8Array.from(Buffer.from('c0ffee00c0ffee00c0ffee00c0ffee00', 'hex'));
const text = Buffer.from(id).toString('hex');
const lines = [[8, 'Tux', 2, 1_990]] as const;
const wall = Date.UTC(2026, 0, 1);

interface Refused {
  readonly code: string;
  readonly message?: RegExp | string;
  readonly details?: object;
}

/** Operations whose order leader answers each attempt as told; `asked` has what was sent. */
function build(...answers: (TradeOutcome | Error)[]) {
  const asked: TradeOperation[] = [];
  const versions = inSession(1);
  const backends = new Backends({
    cluster: {
      catalogs: [{ name: 'catalog-1', service: at, peer: at }],
      orders: [{ name: 'order-1', service: at, peer: at }],
      recovery: [],
    },
    connect: () => ({
      async call(method, params) {
        if (method === 'hold') return record;
        if (method !== 'trades') throw new Error(`unexpected ${method}`);
        asked.push(...(params as TradeOperation[]));
        const answer = answers.length > 1 ? answers.shift() : answers[0];
        if (answer instanceof Error) throw answer;
        return (params as unknown[]).map(() => answer);
      },
      close: () => {},
    }),
  });
  let record: HoldRecord | null = null;
  backends.follow({ catalog: 'catalog-1', order: 'order-1' });
  const cache = new ProductCache(versions);
  const owner = { status: fail, audit: fail, notReady: () => undefined };
  const operations = new FrontendOperations({
    ...{ backends, cache, clock, owner, logTime: () => 70 },
    currency: () => 'EUR',
    pages: new SearchCache(versions, cache.counters),
    keys: new PurchaseKeys(seededRandom(1)),
  });
  return { operations, asked, shows: (next: HoldRecord | null) => (record = next) };
}

function fail(): Promise<never> {
  return Promise.reject(new Error('not asked'));
}

const clock = new ManualClock();
const soon = () => ({ requestId: 'test', deadlineMs: clock.nowMs() + 1_000 });

/** Lets time pass until there is an answer. */
async function answered<T>(answer: Promise<T>): Promise<T> {
  let isOpen = true;
  const end = (): void => {
    isOpen = false;
  };
  answer.then(end, end);
  while (isOpen) {
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(5);
  }
  return answer;
}
const unavailable = new BazarError('unavailable', 'no leader', { details: { unknown: true } });
const cart = { lines: [{ id: 8, quantity: 2 }], ttl_seconds: 900 };

t.test('a retry carries the same hold, key and log time', async (t) => {
  const { operations, asked } = build(
    unavailable,
    ['stale'],
    ['held', id, wall, lines, 3_980, true],
  );
  const held = await answered(
    operations.hold({ ...cart, customer: 'ada', reference: 'r' }, soon()),
  );
  t.same(held, {
    hold_id: text,
    expires_at: '2026-01-01T00:00:00.000Z',
    lines: [{ id: 8, name: 'Tux', quantity: 2, price: 19.9 }],
    total: 39.8,
    replayed: true,
  });
  t.equal(asked.length, 3);
  for (const one of asked) t.same(one, asked[0]);
  const [name, key, holdId, wanted, ttl, terms, reference] = asked[0] as Extract<
    TradeOperation,
    readonly ['hold', ...unknown[]]
  >;
  t.same([name, wanted, ttl, reference], ['hold', [[8, 2]], 900, 'r']);
  t.same([key[1], key[3]], [0, 70]);
  t.equal(holdId.length, 16);
  t.equal(terms[0]?.length, 16, 'the customer is a digest');
});

t.test('two holds have ids of their own; the same request has the same hash', async (t) => {
  const { operations, asked } = build(['held', id, wall, lines, 3_980, false]);
  await answered(operations.hold({ ...cart, key: 'k' }, soon()));
  await answered(operations.hold({ ...cart, key: 'k' }, soon()));
  await answered(operations.hold({ ...cart, key: 'k', ttl_seconds: 5 }, soon()));
  await answered(operations.hold({ ...cart, key: 'k', expected_total: 39.8 }, soon()));
  await answered(operations.hold({ ...cart, key: 'k', expected_total: '39.80' }, soon()));
  const [first, second, third, asNumber, asText] = asked;
  t.same(asNumber?.[1], asText?.[1]);
  t.not(Buffer.from(first?.[2] as Uint8Array).equals(second?.[2] as Uint8Array), true);
  t.same(first?.[1], second?.[1]);
  t.same(first?.[1][0], third?.[1][0]);
  t.notSame(first?.[1][2], third?.[1][2]);
});

t.test('services of an earlier build make holds unavailable', async (t) => {
  const { operations } = build(new BazarError('unknown_method', 'unknown method "trades"'));
  await t.rejects(answered(operations.hold(cart, soon())), { code: 'unavailable' });
  await t.rejects(answered(operations.releaseHold({ id: text }, soon())), { code: 'unavailable' });
});

t.test('each outcome has its answer or its error', async (t) => {
  const errors: [TradeOutcome, Refused][] = [
    [['resolved', 'expired', false], { code: 'hold_expired' }],
    [['resolved', 'confirmed', true], { code: 'hold_confirmed', details: { replayed: true } }],
    [['resolved', 'released', false], { code: 'hold_released' }],
    [['no_hold', false], { code: 'not_found', message: 'hold not found' }],
    [['not_held', 8, 1, false], { code: 'conflict', details: { id: 8, held: 1 } }],
    [['key_reused'], { code: 'key_reused' }],
    [['out_of_stock', 8, 1, false], { code: 'out_of_stock', details: { id: 8, available: 1 } }],
    [['not_found', 0, false], { code: 'not_found', details: { line: 0 } }],
    [['not_found', -1, false], { code: 'invalid_argument' }],
    [['price_changed', 2_050, false], { code: 'price_changed', details: { total: 20.5 } }],
    [['customer_required', 8, false], { code: 'customer_required', details: { id: 8 } }],
    [
      ['limit_exceeded', 8, 1, 3_000, false],
      { code: 'limit_exceeded', details: { id: 8, remaining: 1, retry_after_ms: 3_000 } },
    ],
    [
      ['limit_exceeded', 8, 0, null, true],
      { code: 'limit_exceeded', details: { id: 8, remaining: 0, replayed: true } },
    ],
    [['full', 'holds'], { code: 'overloaded', message: /holds/ }],
    [['full', 'limits'], { code: 'overloaded' }],
    [['stale', 70], { code: 'unavailable' }],
  ];
  for (const [outcome, error] of errors) {
    const { operations } = build(outcome);
    await t.rejects(answered(operations.confirmHold({ id: text }, soon())), error, `${outcome}`);
    await t.rejects(answered(operations.hold(cart, soon())), error);
    await t.rejects(answered(operations.releaseHold({ id: text }, soon())), error);
    await t.rejects(answered(operations.extendHold({ id: text, ttl_seconds: 5 }, soon())), error);
    const terms = { id: 8, quantity: 1, customer: 'ada' };
    await t.rejects(answered(operations.buy(terms, soon())), error);
  }
});

t.test('a purchase with terms states them, and a total has two decimals at most', async (t) => {
  const { operations, asked } = build(['sold', 4, 3_980, false]);
  const placed = await answered(
    operations.buy({ id: 8, quantity: 2, expected_total: 39.8 }, soon()),
  );
  t.same(placed, { order_number: 4, total: 39.8 });
  t.same(asked[0]?.[0], 'buy');
  t.same(asked[0]?.[3], [null, 3_980]);
  const asText = { id: 8, quantity: 2, expected_total: '39.80' };
  await answered(operations.buy(asText, soon()));
  t.same(asked[1]?.[3], [null, 3_980], 'as the answers over HTTP contain it');
  const odd = { id: 8, quantity: 2, expected_total: 39.801 };
  await t.rejects(answered(operations.buy(odd, soon())), { code: 'invalid_argument' });
  t.equal(asked.length, 2);
});

t.test('release, extension and confirmation', async (t) => {
  const released = build(['released', true]);
  t.same(await answered(released.operations.releaseHold({ id: text }, soon())), {
    ...{ hold_id: text, status: 'released', replayed: true },
  });
  t.same(Buffer.from(released.asked[0]?.[2] as Uint8Array), Buffer.from(id));
  const extended = build(['extended', wall, false]);
  t.same(await answered(extended.operations.extendHold({ id: text, ttl_seconds: 9 }, soon())), {
    ...{ hold_id: text, expires_at: '2026-01-01T00:00:00.000Z' },
  });
  const sold = build(['sold', 4, 1_990, false]);
  const part = { id: text, lines: [{ name: 'Tux', quantity: 1 }] };
  t.same(await answered(sold.operations.confirmHold(part, soon())), {
    order_number: 4,
    total: 19.9,
  });
  t.same(sold.asked[0]?.[3], [['Tux', 1]]);
});

t.test('a hold is read with its state', async (t) => {
  const { operations, shows } = build(['stale']);
  await t.rejects(answered(operations.readHold({ id: text }, soon())), { code: 'not_found' });
  shows([id, 'open', lines, 3_980, wall, null, 'cart']);
  t.match(await answered(operations.readHold({ id: text }, soon())), {
    ...{ hold_id: text, status: 'open', total: 39.8, reference: 'cart' },
    expires_at: '2026-01-01T00:00:00.000Z',
  });
  shows([id, 'confirmed', lines, 3_980, null, 12, null]);
  const hold = await answered(operations.readHold({ id: text }, soon()));
  t.equal(hold.order_number, 12);
  t.notOk('expires_at' in hold || 'reference' in hold);
});

t.test('a cancellation by a name that the order does not have says so', async (t) => {
  const { operations } = build(['not_found', 1, true]);
  const wanted = { number: 3, restock: true, lines: [{ name: 'Whale', quantity: 1 }] };
  await t.rejects(answered(operations.cancelOrder({ ...wanted, key: 'k' }, soon())), {
    code: 'not_found',
    message: 'the order has no line with this name',
    details: { line: 1, replayed: true },
  });
});
