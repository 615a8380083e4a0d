/**
 * What a frontend counts of its caches: in each session thread, and added up by the owner for the
 * status. Counters only grow. A look-up that the shared cache answers is a hit, for no message left
 * the frontend; how many of the hits were such is counted beside it.
 */

/** Frontends send each other their counts in this order: new names follow the last one. */
export const cacheCounterNames = [
  'hits',
  'misses',
  /** Misses because the copy had been invalidated. */
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

/** What has been counted since `before`; undefined where that is nothing. */
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
