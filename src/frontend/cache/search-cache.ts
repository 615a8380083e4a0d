/**
 * The search pages of one session thread: lists of ids, whose records are in the product cache. A
 * purchase therefore leaves lists valid. Adding or removing a product, or moving it to another
 * topic, invalidates the lists of that topic and those found by text alone. Invariant: a returned
 * page was current at some moment during the call.
 */
import { LRUCache } from 'lru-cache';
import { cacheLimits } from '../../base/limits.js';
import { anyTopic } from '../../wire/internal.js';
import type { SearchParams } from '../../wire/thread-requests.js';
import type { CacheCounters } from './counters.js';
import type { InvalidationVersions, Sighting } from './invalidation-versions.js';
import type { Provenance } from './product-cache.js';

/** Overhead of an entry in addition to its text and ids: objects, map and list entries. */
const entryBytes = 400;

export interface CachedPage {
  readonly ids: readonly number[];
  /** The `after` of the next page; null on the last page. */
  readonly next: number | null;
  readonly sighting: Sighting;
}

export interface SearchBounds {
  /** 0 disables the cache. */
  readonly searchesMax: number;
  readonly searchBytesMax: number;
}

export class SearchCache {
  readonly #versions: InvalidationVersions;
  readonly #counters: CacheCounters;
  readonly #pages: LRUCache<string, CachedPage> | undefined;

  constructor(
    versions: InvalidationVersions,
    counters: CacheCounters,
    { searchesMax, searchBytesMax }: SearchBounds = cacheLimits,
  ) {
    this.#versions = versions;
    this.#counters = counters;
    if (searchesMax === 0) return;
    this.#pages = new LRUCache({
      max: searchesMax,
      maxSize: searchBytesMax,
      sizeCalculation: ({ ids }, key) => entryBytes + 2 * key.length + 8 * ids.length,
    });
  }

  get size(): number {
    return this.#pages?.size ?? 0;
  }

  find(params: SearchParams): CachedPage | undefined {
    const page = this.#pages?.get(keyOf(params));
    if (page !== undefined && this.#versions.isCurrent(page.sighting)) {
      this.#counters.search_hits++;
      return page;
    }
    this.#counters.search_misses++;
    if (page !== undefined) this.#counters.search_stale++;
    return undefined;
  }

  /** As a look-up, but not counted. */
  known(params: SearchParams): CachedPage | undefined {
    const page = this.#pages?.get(keyOf(params));
    return page !== undefined && this.#versions.isCurrent(page.sighting) ? page : undefined;
  }

  /** True if no product was added to or removed from the list since it was found. */
  isCurrent(page: CachedPage): boolean {
    return this.#versions.isCurrent(page.sighting);
  }

  /** Take it before the question. */
  sight([topic]: SearchParams): Sighting {
    return this.#versions.sight(this.#versions.topicBucket(topic?.toLowerCase() ?? anyTopic));
  }

  /** Caches a page answered to a question asked at its sighting, if allowed. */
  fill(params: SearchParams, page: CachedPage, { appliedSeq, grantEpoch }: Provenance): void {
    if (!this.#pages || !this.#versions.mayFill(page.sighting, appliedSeq, grantEpoch)) return;
    this.#counters.search_fills++;
    this.#pages.set(keyOf(params), page);
  }
}

/** Searches that differ only in case have the same key. */
function keyOf([topic, text, limit, after]: SearchParams): string {
  return JSON.stringify([topic?.toLowerCase() ?? null, text?.toLowerCase() ?? null, limit, after]);
}
