/**
 * Computes rates, latency and hit rate of the whole store from two readings of the status, added up over
 * its frontends. Pure. Leaves out a process whose counters decreased or that was not in the first
 * reading. An unknown value is undefined, never zero.
 */
import type { Frontend, Status } from './shapes.js';

/** Requests up to each bound in seconds; the bounds ascend, and the last one is infinite. */
type Buckets = readonly (readonly [bound: number, count: number])[];

interface Counters {
  readonly lookups: number;
  readonly purchases: number;
  readonly hits: number;
  readonly misses: number;
  readonly lookupTimes: readonly number[];
  readonly purchaseTimes: readonly number[];
}

export interface Reading {
  /** Monotonic. */
  readonly atMs: number;
  /** Seconds. */
  readonly bounds: readonly number[];
  /** By process. */
  readonly counters: ReadonlyMap<string, Counters>;
}

export interface Interval {
  readonly lookupsPerSecond: number;
  readonly purchasesPerSecond: number;
  /** Milliseconds; undefined without requests. */
  readonly lookupP50: number | undefined;
  readonly lookupP99: number | undefined;
  readonly purchaseP50: number | undefined;
  readonly purchaseP99: number | undefined;
  /** 0 to 1; undefined without requests. */
  readonly hitRate: number | undefined;
}

export function readingOf(status: Status, atMs: number): Reading {
  const counters = status.frontends.map(
    (one) => [`${one.name} ${one.pid} ${one.started_at}`, countersOf(one)] as const,
  );
  return { atMs, bounds: status.time_bounds ?? [], counters: new Map(counters) };
}

/** Undefined if the readings cannot be compared. */
export function between(before: Reading, after: Reading): Interval | undefined {
  const passedS = (after.atMs - before.atMs) / 1_000;
  const news = [...after.counters].flatMap(([process, now]) => {
    const was = before.counters.get(process);
    return was && hasGrown(was, now) ? [difference(was, now)] : [];
  });
  if (passedS <= 0 || news.length === 0) return undefined;
  const sum = (figure: (one: Counters) => number): number =>
    news.reduce((total, one) => total + figure(one), 0);
  const [hits, misses] = [sum((one) => one.hits), sum((one) => one.misses)];
  const times = (figure: (one: Counters) => readonly number[]): Buckets =>
    bucketsOf(after.bounds, news.map(figure));
  const lookupTimes = times((one) => one.lookupTimes);
  const purchaseTimes = times((one) => one.purchaseTimes);
  return {
    lookupsPerSecond: sum((one) => one.lookups) / passedS,
    purchasesPerSecond: sum((one) => one.purchases) / passedS,
    lookupP50: quantileMs(lookupTimes, 0.5),
    lookupP99: quantileMs(lookupTimes, 0.99),
    purchaseP50: quantileMs(purchaseTimes, 0.5),
    purchaseP99: quantileMs(purchaseTimes, 0.99),
    hitRate: hits + misses > 0 ? hits / (hits + misses) : undefined,
  };
}

function countersOf(one: Frontend): Counters {
  const { hits = 0, misses = 0 } = one.cache;
  return {
    ...{ hits, misses },
    lookups: one.requests?.lookups ?? 0,
    purchases: one.requests?.purchases ?? 0,
    lookupTimes: one.lookup_times ?? [],
    purchaseTimes: one.purchase_times ?? [],
  };
}

function hasGrown(was: Counters, now: Counters): boolean {
  const { lookups, purchases, hits, misses } = difference(was, now);
  return Math.min(lookups, purchases, hits, misses) >= 0;
}

function difference(was: Counters, now: Counters): Counters {
  const less = (a: readonly number[], b: readonly number[]): number[] =>
    a.map((count, i) => count - (b[i] ?? 0));
  return {
    lookups: now.lookups - was.lookups,
    purchases: now.purchases - was.purchases,
    hits: now.hits - was.hits,
    misses: now.misses - was.misses,
    lookupTimes: less(now.lookupTimes, was.lookupTimes),
    purchaseTimes: less(now.purchaseTimes, was.purchaseTimes),
  };
}

/** For each bound, the number of requests up to it. */
function bucketsOf(bounds: readonly number[], times: readonly (readonly number[])[]): Buckets {
  let sum = 0;
  return [...bounds, Number.POSITIVE_INFINITY].map((bound, i) => {
    for (const one of times) sum += one[i] ?? 0;
    return [bound, sum] as const;
  });
}

/** Linear within a bucket, as in Prometheus; the unbounded last bucket counts as its lower bound. */
function quantileMs(buckets: Buckets, share: number): number | undefined {
  const all = buckets.at(-1)?.[1] ?? 0;
  if (all <= 0) return undefined;
  const rank = share * all;
  let lower = 0;
  let below = 0;
  for (const [bound, count] of buckets) {
    if (count >= rank) {
      if (bound === Number.POSITIVE_INFINITY) return lower * 1_000;
      const within = count === below ? 1 : (rank - below) / (count - below);
      return (lower + (bound - lower) * within) * 1_000;
    }
    lower = bound;
    below = count;
  }
  return lower * 1_000;
}
