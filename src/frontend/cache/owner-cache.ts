/**
 * The owner's part of the cache: the invalidation versions and the shared cache that all threads read,
 * and the session with the catalog leader that keeps them current. Counts what the threads report.
 */
import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logging.js';
import { CacheSession } from './cache-session.js';
import { addCounters, type CacheCounters, newCounters } from './counters.js';
import { InvalidationVersions } from './invalidation-versions.js';
import { PushedProducts } from './pushed-products.js';
import { SharedCache } from './shared-cache.js';

export interface OwnerCacheOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly frontend: string;
  /** Identifies this process among the frontend's successive processes. */
  readonly process: string;
}

export class OwnerCache {
  readonly versions = new InvalidationVersions();
  readonly shared: SharedCache;
  readonly session: CacheSession;
  readonly #counters = newCounters();

  constructor(options: OwnerCacheOptions) {
    const { versions } = this;
    this.shared = new SharedCache(versions, this.#counters);
    const pushed = new PushedProducts(versions, this.shared);
    this.session = new CacheSession({ ...options, versions, pushed });
  }

  get counters(): Readonly<CacheCounters> {
    return this.#counters;
  }

  counted(news: CacheCounters): void {
    addCounters(this.#counters, news);
  }

  /** Removes a product from the cache: from now on no thread serves its copy. */
  forget(id: number): void {
    this.versions.invalidate(this.versions.idBucket(id), 0);
  }
}
