/** From two readings of metrics and status to rates, latency and hit rate. */
import t from 'tap';
import { parseMetrics } from '../../src/web/model/metrics.js';
import { between, type Reading, readingOf } from '../../src/web/model/rates.js';
import type { Status } from '../../src/web/model/shapes.js';

t.test(
  'lines of metrics are read with their labels; what makes no sense is passed over',
  async (t) => {
    const text = [
      '# HELP x y',
      '# TYPE x counter',
      'plain 3',
      'x{a="1",b="two, \\"quoted\\" \\\\ and\\nmore"} 4.5 1700000000',
      'x{le="+Inf"} +Inf',
      'nonsense {',
      'y abc',
      '',
    ].join('\n');
    t.same(parseMetrics(text), [
      { name: 'plain', labels: {}, value: 3 },
      { name: 'x', labels: { a: '1', b: 'two, "quoted" \\ and\nmore' }, value: 4.5 },
      { name: 'x', labels: { le: '+Inf' }, value: Number.POSITIVE_INFINITY },
    ]);
  },
);

interface Counters {
  readonly lookups: number;
  readonly purchases: number;
  /** Look-ups up to 1 ms, up to 10 ms, in all. */
  readonly times: readonly [number, number, number];
  readonly cache: Readonly<Record<string, number>>;
}

function reading(atMs: number, { lookups, purchases, times, cache }: Counters): Reading {
  const bucket = (le: string, count: number): string =>
    `bazar_request_duration_seconds_bucket{operation="lookup",le="${le}"} ${count}`;
  const text = [
    // Two doors: their series are added up.
    `bazar_requests_total{operation="lookup",code="ok",door="http"} ${lookups - 1}`,
    'bazar_requests_total{operation="lookup",code="not_found",door="raw"} 1',
    `bazar_requests_total{operation="buy",code="ok"} ${purchases}`,
    bucket('0.001', times[0]),
    bucket('0.01', times[1]),
    bucket('+Inf', times[2]),
  ].join('\n');
  const status: Status = {
    members: [],
    frontends: [{ name: 'frontend-1', pid: 1, cache, lease: {} }],
  };
  return readingOf(parseMetrics(text), status, atMs);
}

const first: Counters = {
  lookups: 100,
  purchases: 10,
  times: [50, 100, 100],
  cache: { hits: 80, misses: 20 },
};

t.test('what happened between two readings is told a second', async (t) => {
  const second: Counters = {
    lookups: 300,
    purchases: 20,
    times: [150, 290, 300],
    cache: { hits: 230, misses: 70 },
  };
  const told = between(reading(1_000, first), reading(3_000, second));
  t.match(told, { lookupsPerSecond: 100, purchasesPerSecond: 5, hitRate: 0.75 });
  t.equal(told?.lookupP50?.toFixed(3), '1.000', 'half were within the first bucket');
  t.equal(told?.lookupP99, 10, 'the open bucket counts as its lower bound');
  t.equal(told?.purchaseP50, undefined, 'nothing is known of purchases');
});

t.test('where nothing was asked there is no latency and no hit rate', async (t) => {
  const told = between(reading(1_000, first), reading(2_000, first));
  t.match(told, { lookupsPerSecond: 0, lookupP50: undefined, hitRate: undefined });
});

t.test('counters that went back are not compared', async (t) => {
  const anew: Counters = { ...first, lookups: 3, times: [1, 2, 2] };
  t.equal(between(reading(1_000, first), reading(2_000, anew)), undefined);
  t.equal(between(reading(1_000, first), reading(1_000, first)), undefined, 'no time has passed');
});
