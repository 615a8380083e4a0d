/** Look-ups: from the frontend's cache, without it, and with many session threads. */
import { ask } from '../ask.js';
import type { Bench, Fact, Report, Scenario } from '../bench.js';
import { type Measured, measureInTurn, type Subject } from '../measure.js';
import { Picks } from '../picks.js';
import type { Target } from '../session.js';
import { storeKnowsFlag } from '../store.js';
import { echoes, hotProduct, lookups, ownProducts, readShapes } from '../workloads.js';
import { together } from './echo.js';

/** Four times the cache limit of a session thread (cacheLimits.entriesMax). */
const tooManyProducts = 200_000;
const uncachedProducts = 10_000;
const cacheFlag = 'cache-entries';
/** Separates all ports of two stores that run at once. */
const secondOffset = 2_000;
const manyWorkers = 10;

export const lookupCached: Scenario = {
  name: 'lookup-cached',
  about: 'look-ups from the cache, of one item and of the 17, also as a share of the echo',
  async run(bench) {
    const echoTarget = await bench.helper('echo-server');
    const { target } = await bench.store();
    return measureShapes(bench, [
      { what: 'byte echo', target: echoTarget, workload: echoes() },
      { what: 'look-up, one item', target, workload: lookups(Picks.always(hotProduct)) },
      { what: 'look-up, 17 items', target, workload: lookups(Picks.uniform(ownProducts)) },
    ]);
  },
};

export const lookupUncached: Scenario = {
  name: 'lookup-uncached',
  about: 'look-ups that the cache cannot serve: it is off, or has too little room',
  async run(bench) {
    const off = storeKnowsFlag(cacheFlag);
    const products = off ? uncachedProducts : tooManyProducts;
    const flags = off ? [`--${cacheFlag}`, '0'] : [];
    bench.progress(off ? 'the cache is off' : `the cache is on, with ${products} products`);
    const echoTarget = await bench.helper('echo-server');
    const { target } = await bench.store({ products, flags });
    const before = await cacheOf(target);
    const report = await measureShapes(bench, [
      { what: 'byte echo', target: echoTarget, workload: echoes() },
      { what: 'look-up, uncached', target, workload: lookups(Picks.uniform(products)) },
    ]);
    return { ...report, facts: hitRate(before, await cacheOf(target)) };
  },
};

export const workers10: Scenario = {
  name: 'workers-10',
  about: 'cached look-ups with ten session threads, beside those with the default and the echo',
  async run(bench) {
    const { portOffset, workers } = bench.settings.store;
    const echoTarget = await bench.helper('echo-server');
    const few = await bench.store();
    const many = await bench.store({
      workers: manyWorkers,
      portOffset: portOffset + secondOffset,
    });
    const workload = lookups(Picks.uniform(ownProducts));
    return measureShapes(bench, [
      { what: 'byte echo', target: echoTarget, workload: echoes() },
      { what: `look-up, ${workers} workers`, target: few.target, workload },
      { what: `look-up, ${manyWorkers} workers`, target: many.target, workload },
    ]);
  },
};

async function measureShapes(bench: Bench, subjects: readonly Subject[]): Promise<Report> {
  const measured: Measured[] = [];
  for (const shape of readShapes.slice(0, bench.settings.quick ? 1 : undefined)) {
    measured.push(await measureInTurn(bench, shape, subjects, 'echo'));
  }
  return together(measured);
}

export type CacheCounts = Readonly<Record<string, unknown>>;

/** The counters of the first frontend's cache, from `status`. */
export async function cacheOf(target: Target): Promise<CacheCounts> {
  const { frontends } = await ask(target, 'status');
  const first: unknown = Array.isArray(frontends) ? frontends[0] : undefined;
  if (typeof first !== 'object' || first === null || !('cache' in first)) return {};
  return typeof first.cache === 'object' && first.cache !== null ? { ...first.cache } : {};
}

export function hitRate(before: CacheCounts, after: CacheCounts): Fact[] {
  const grown = (name: string): number => Number(after[name] ?? 0) - Number(before[name] ?? 0);
  const [hits, misses] = [grown('hits'), grown('misses')];
  if (hits + misses === 0) return [];
  return [{ what: 'hit rate of the cache', value: (100 * hits) / (hits + misses), unit: '%' }];
}
