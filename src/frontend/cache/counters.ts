/**
 * The cache counters of a frontend: counted in each session thread and added up by the owner for
 * the status. Counters only grow. A look-up answered by the shared cache counts as a hit, because
 * it sends no message; such hits are also counted separately.
 */

/** Frontends exchange their counts in this order; append new names. */
export const cacheCounterNames = [
  'hits',
  'misses',
  /** Misses because the cached copy was invalidated. */
  'stale',
  'fills',
  'shared_hits',
  'shared_misses',
  'shared_stale',
  'shared_fills',
  'search_hits',
  'search_misses',
  'search_stale',
  'search_fills',
  /** Purchases refused from the cache, without a message. */
  'refused',
] as const;

export type CacheCounters = Record<(typeof cacheCounterNames)[number], number>;

export function newCounters(): CacheCounters {
  return Object.fromEntries(cacheCounterNames.map((name) => [name, 0])) as CacheCounters;
}

export function addCounters(sum: CacheCounters, news: Readonly<CacheCounters>): void {
  for (const name of cacheCounterNames) sum[name] += news[name];
}

/** The counts since `before`; undefined if there are none. */
export function countedSince(
  before: Readonly<CacheCounters>,
  now: Readonly<CacheCounters>,
): CacheCounters | undefined {
  const news = newCounters();
  let any = false;
  for (const name of cacheCounterNames) {
    news[name] = now[name] - before[name];
    any ||= news[name] > 0;
  }
  return any ? news : undefined;
}
