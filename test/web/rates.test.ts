/** From two readings of the status to rates, latency and hit rate of the whole store. */
import t from 'tap';
import { between, type Reading, readingOf } from '../../src/web/model/rates.js';
import type { Frontend } from '../../src/web/model/shapes.js';

interface Counters {
  readonly lookups: number;
  readonly purchases: number;
  /** Look-ups up to 1 ms, up to 10 ms, slower. */
  readonly times: readonly [number, number, number];
  readonly cache: Readonly<Record<string, number>>;
}

function frontend(pid: number, { lookups, purchases, times, cache }: Counters): Frontend {
  return {
    ...{ name: `frontend-${pid}`, pid, cache, lease: {} },
    requests: { answered: lookups + purchases, failed: 0, lookups, purchases, orders: purchases },
    lookup_times: [...times],
    purchase_times: [0, 0, 0],
  };
}

function reading(atMs: number, ...frontends: readonly Frontend[]): Reading {
  const status = { members: [], frontends: [...frontends], time_bounds: [0.001, 0.01] };
  return readingOf(status, atMs);
}

const first: Counters = {
  lookups: 100,
  purchases: 10,
  times: [50, 50, 0],
  cache: { hits: 80, misses: 20 },
};
const second: Counters = {
  lookups: 300,
  purchases: 20,
  times: [150, 140, 10],
  cache: { hits: 230, misses: 70 },
};

t.test('the difference of two readings becomes a rate per second', async (t) => {
  const told = between(reading(1_000, frontend(1, first)), reading(3_000, frontend(1, second)));
  t.match(told, { lookupsPerSecond: 100, purchasesPerSecond: 5, hitRate: 0.75 });
  t.equal(told?.lookupP50?.toFixed(3), '1.000', 'half were within the first bucket');
  t.equal(told?.lookupP99, 10, 'the open bucket counts as its lower bound');
  t.equal(told?.purchaseP50, undefined, 'nothing is known of purchases');
});

t.test('the frontends of a store are added up', async (t) => {
  const before = reading(1_000, frontend(1, first), frontend(2, first));
  const told = between(before, reading(3_000, frontend(1, second), frontend(2, second)));
  t.match(told, { lookupsPerSecond: 200, purchasesPerSecond: 10, hitRate: 0.75 });
  t.equal(told?.lookupP99, 10);
});

t.test('a frontend that stopped, restarted or is new adds nothing', async (t) => {
  const anew: Counters = { ...first, lookups: 3, times: [1, 2, 0] };
  const before = reading(1_000, frontend(1, first), frontend(2, first), frontend(3, first));
  const after = [frontend(1, second), frontend(2, anew), frontend(4, second)];
  t.match(between(before, reading(3_000, ...after)), { lookupsPerSecond: 100, hitRate: 0.75 });
});

t.test('without requests there is no latency and no hit rate', async (t) => {
  const told = between(reading(1_000, frontend(1, first)), reading(2_000, frontend(1, first)));
  t.match(told, { lookupsPerSecond: 0, lookupP50: undefined, hitRate: undefined });
});

t.test('counters that decreased are not compared', async (t) => {
  const anew: Counters = { ...first, lookups: 3, times: [1, 2, 0] };
  const before = reading(1_000, frontend(1, first));
  t.equal(between(before, reading(2_000, frontend(1, anew))), undefined);
  t.equal(between(before, reading(1_000, frontend(1, first))), undefined, 'no time has passed');
});
