/**
 * The metrics of a store, from a frontend's owner: the sum of its threads' requests, its own
 * process, and the metrics of the services. Concurrent scrapes share one collection.
 */
import { systemClock } from '../base/clock.js';
import type { MetricSample } from '../base/metric-table.js';
import { ProcessMetrics } from '../base/process-metrics.js';
import type { FrontendOwner } from '../frontend/owner.js';
import type { OwnRequests } from '../frontend/store-view.js';
import { poolSamples } from '../group/member-metrics.js';
import type { PoolStatus } from '../pool/types.js';
import type { FrontendConfig } from './frontend-config.js';
import { type MeterNews, RequestMeter } from './request-meter.js';

export interface FrontendMetricsOptions {
  readonly config: FrontendConfig;
  readonly owner: FrontendOwner;
  readonly pool: () => PoolStatus;
}

export class FrontendMetrics {
  readonly #options: FrontendMetricsOptions;
  readonly #meter = new RequestMeter();
  readonly #process: ProcessMetrics;
  #taking: Promise<MetricSample[]> | undefined;

  constructor(options: FrontendMetricsOptions) {
    this.#options = options;
    this.#process = new ProcessMetrics(options.config.name, systemClock);
  }

  /** Adds what a thread has counted since the last time. */
  counted(news: MeterNews): void {
    this.#meter.add(news);
  }

  take(): Promise<MetricSample[]> {
    this.#taking ??= this.#collect().finally(() => {
      this.#taking = undefined;
    });
    return this.#taking;
  }

  /** The request counts of this frontend that the page and the status show. */
  requests(): OwnRequests {
    const all = this.#meter.sum();
    const lookups = this.#meter.sum('lookup');
    const purchases = this.#meter.sum('buy');
    return {
      answered: all.answered,
      failed: all.failed,
      lookups: lookups.answered,
      purchases: purchases.answered,
      orders: purchases.succeeded + this.#meter.sum('confirm_hold').succeeded,
      sessions: this.#options.pool().sessions,
      lookupTimes: lookups.times,
      purchaseTimes: purchases.times,
    };
  }

  stop(): void {
    this.#process.stop();
  }

  async #collect(): Promise<MetricSample[]> {
    const { config, owner, pool } = this.#options;
    const { name } = config;
    const theirs = await owner.metrics();
    const own = [...this.#meter.samples(name), ...this.#process.samples()];
    return [...own, ...poolSamples(name, pool()), ...theirs];
  }
}
