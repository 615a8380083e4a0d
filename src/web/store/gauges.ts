/**
 * Reads the status once a second while a view watches, and keeps the last minutes, so that a view that
 * opens later has data. The first view starts it.
 */
import { between, type Interval, type Reading, readingOf } from '../model/rates.js';
import { emptySeries, type Series, withPoint } from '../model/series.js';
import type { Status } from '../model/shapes.js';
import { readStatus } from './api.js';
import { cell } from './cell.js';

const everyMs = 1_000;

export interface Plots {
  /** Look-ups and purchases per second. */
  readonly requests: Series;
  /** Milliseconds: look-ups p50 and p99, purchases p50 and p99. */
  readonly latency: Series;
  /** Percent. */
  readonly hitRate: Series;
}

export const status = cell<Status | undefined>(undefined);
export const interval = cell<Interval | undefined>(undefined);
export const plots = cell<Plots>({
  requests: emptySeries(2),
  latency: emptySeries(4),
  hitRate: emptySeries(1),
});
/** Why there is no status; undefined while there is one. */
export const silence = cell<string | undefined>(undefined);

let last: Reading | undefined;
let viewers = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Reads until the returned function is called. */
export function watchGauges(): () => void {
  viewers++;
  if (viewers === 1) void turn();
  return () => {
    viewers--;
    if (viewers === 0) clearTimeout(timer);
  };
}

/** A service came or went: reads at once if a view watches. */
export function lookNow(): void {
  if (viewers > 0) void turn();
}

async function turn(): Promise<void> {
  clearTimeout(timer);
  if (document.visibilityState === 'visible') await read();
  clearTimeout(timer);
  if (viewers > 0) timer = setTimeout(() => void turn(), everyMs);
}

async function read(): Promise<void> {
  try {
    const now = await readStatus();
    status.set(now);
    keep(readingOf(now, performance.now()));
    silence.set(undefined);
  } catch (error) {
    silence.set(error instanceof Error ? error.message : String(error));
  }
}

function keep(reading: Reading): void {
  const news = last && between(last, reading);
  last = reading;
  interval.set(news);
  if (!news) return;
  const time = Date.now() / 1_000;
  const { requests, latency, hitRate } = plots.get();
  const { lookupP50, lookupP99, purchaseP50, purchaseP99 } = news;
  const percent = news.hitRate === undefined ? undefined : news.hitRate * 100;
  plots.set({
    requests: withPoint(requests, time, [news.lookupsPerSecond, news.purchasesPerSecond]),
    latency: withPoint(latency, time, [lookupP50, lookupP99, purchaseP50, purchaseP99]),
    hitRate: withPoint(hitRate, time, [percent]),
  });
}
