/**
 * Adds up the metrics of all frontends. Pure; metrics that an older build does not report count as
 * zero.
 */
import type { FrontendStatus, StoreStatus } from '../../wire/status-schemas.js';

type Totals = NonNullable<StoreStatus['totals']>;

/** Counters of a frontend that is gone stay in the sums, so that totals never decrease. */
export function totalsOf(frontends: readonly FrontendStatus[]): Totals {
  const up = frontends.filter(({ state }) => state !== 'down');
  const cache: Record<string, number> = {};
  for (const one of frontends) {
    for (const [name, value] of Object.entries(one.cache)) {
      if (name !== 'hit_rate') cache[name] = (cache[name] ?? 0) + value;
    }
  }
  const { hits = 0, misses = 0 } = cache;
  const asked = hits + misses;
  const requests = (name: keyof NonNullable<FrontendStatus['requests']>): number =>
    sum(frontends, (one) => one.requests?.[name]);
  return {
    frontends: frontends.length,
    up: up.length,
    cache: { ...cache, hit_rate: asked === 0 ? 0 : hits / asked },
    requests: {
      answered: requests('answered'),
      failed: requests('failed'),
      lookups: requests('lookups'),
      purchases: requests('purchases'),
      orders: requests('orders'),
    },
    sessions: sum(up, (one) => one.sessions),
    rss_bytes: sum(up, (one) => one.rss_bytes),
  };
}

function sum(
  all: readonly FrontendStatus[],
  metric: (one: FrontendStatus) => number | undefined,
): number {
  return all.reduce((total, one) => total + (metric(one) ?? 0), 0);
}
