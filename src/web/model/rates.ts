/**
 * From two readings of the store's counters to what happened between them: rates, latency, hit
 * rate. Pure. A counter that went back belongs to a service that was started anew; what cannot be
 * told is undefined, never zero.
 */
import type { Sample } from './metrics.js';
import type { Status } from './shapes.js';

/** Requests up to each bound in seconds, the bounds rising, the last one infinite. */
type Buckets = readonly (readonly [bound: number, count: number])[];

export interface Reading {
  /** Monotonic. */
  readonly atMs: number;
  readonly lookups: number;
  readonly purchases: number;
  readonly lookupBuckets: Buckets;
  readonly purchaseBuckets: Buckets;
  readonly hits: number;
  readonly misses: number;
}

export interface Interval {
  readonly lookupsPerSecond: number;
  readonly purchasesPerSecond: number;
  /** Milliseconds; undefined where nothing was asked. */
  readonly lookupP50: number | undefined;
  readonly lookupP99: number | undefined;
  readonly purchaseP50: number | undefined;
  readonly purchaseP99: number | undefined;
  /** 0 to 1; undefined where nothing was asked. */
  readonly hitRate: number | undefined;
}

const requests = 'bazar_requests_total';
const seconds = 'bazar_request_duration_seconds_bucket';

export function readingOf(samples: readonly Sample[], status: Status, atMs: number): Reading {
  const cached = (name: string): number =>
    status.frontends.reduce((sum, { cache }) => sum + (cache[name] ?? 0), 0);
  return {
    atMs,
    lookups: total(samples, 'lookup'),
    purchases: total(samples, 'buy'),
    lookupBuckets: bucketsOf(samples, 'lookup'),
    purchaseBuckets: bucketsOf(samples, 'buy'),
    hits: cached('hits'),
    misses: cached('misses'),
  };
}

/** Undefined where the two cannot be compared. */
export function between(before: Reading, after: Reading): Interval | undefined {
  const passedS = (after.atMs - before.atMs) / 1_000;
  const lookups = after.lookups - before.lookups;
  const purchases = after.purchases - before.purchases;
  const hits = after.hits - before.hits;
  const misses = after.misses - before.misses;
  if (passedS <= 0 || Math.min(lookups, purchases, hits, misses) < 0) return undefined;
  const lookupTimes = difference(before.lookupBuckets, after.lookupBuckets);
  const purchaseTimes = difference(before.purchaseBuckets, after.purchaseBuckets);
  return {
    lookupsPerSecond: lookups / passedS,
    purchasesPerSecond: purchases / passedS,
    lookupP50: quantileMs(lookupTimes, 0.5),
    lookupP99: quantileMs(lookupTimes, 0.99),
    purchaseP50: quantileMs(purchaseTimes, 0.5),
    purchaseP99: quantileMs(purchaseTimes, 0.99),
    hitRate: hits + misses > 0 ? hits / (hits + misses) : undefined,
  };
}

function total(samples: readonly Sample[], operation: string): number {
  let sum = 0;
  for (const { name, labels, value } of samples) {
    if (name === requests && labels.operation === operation) sum += value;
  }
  return sum;
}

/** Series of the same bound (one each door, one each frontend) are added up. */
function bucketsOf(samples: readonly Sample[], operation: string): Buckets {
  const sums = new Map<number, number>();
  for (const { name, labels, value } of samples) {
    if (name !== seconds || labels.operation !== operation) continue;
    const bound = labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels.le);
    sums.set(bound, (sums.get(bound) ?? 0) + value);
  }
  return [...sums].sort(([a], [b]) => a - b);
}

function difference(before: Buckets, after: Buckets): Buckets {
  const earlier = new Map(before);
  return after.map(([bound, count]) => [bound, count - (earlier.get(bound) ?? 0)]);
}

/** Linear within a bucket, as Prometheus does it; the open last bucket counts as its lower bound. */
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
