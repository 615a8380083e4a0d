/**
 * Pages of searches as one session thread keeps them: lists of ids, whose records are the product
 * cache's. So a purchase leaves a list as it is; adding and removing products and moving them to
 * another topic invalidates the lists of that topic, and those found by text alone. Invariant: a
 * page that is found was current at some moment during the call.
 */
import { LRUCache } from 'lru-cache';
import { cacheLimits } from '../../base/limits.js';
import { anyTopic } from '../../wire/internal.js';
import type { SearchParams } from '../../wire/thread-questions.js';
import type { CacheCounters } from './counters.js';
import type { InvalidationVersions, Sighting } from './invalidation-versions.js';
import type { Provenance } from './product-cache.js';

/** Of an entry beside its text and ids: objects, the map's and the list's places. */
const entryBytes = 400;

export interface CachedPage {
  readonly ids: readonly number[];
  /** The `after` of the next page; null where this is the last. */
  readonly next: number | null;
  readonly sighting: Sighting;
}

export interface SearchBounds {
  /** 0 caches nothing. */
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

  /** The same without being counted. */
  known(params: SearchParams): CachedPage | undefined {
    const page = this.#pages?.get(keyOf(params));
    return page !== undefined && this.#versions.isCurrent(page.sighting) ? page : undefined;
  }

  /** Nothing was added to the list, or taken from it, since it was found. */
  isCurrent(page: CachedPage): boolean {
    return this.#versions.isCurrent(page.sighting);
  }

  /** To be taken before the question. */
  sight([topic]: SearchParams): Sighting {
    return this.#versions.sight(this.#versions.topicBucket(topic?.toLowerCase() ?? anyTopic));
  }

  /** Keeps a page that was answered to a question asked at its sighting, if it may. */
  fill(params: SearchParams, page: CachedPage, { appliedSeq, grantor }: Provenance): void {
    if (!this.#pages || !this.#versions.mayFill(page.sighting, appliedSeq, grantor)) return;
    this.#counters.search_fills++;
    this.#pages.set(keyOf(params), page);
  }
}

/** Searches that differ in case alone are the same. */
function keyOf([topic, text, limit, after]: SearchParams): string {
  return JSON.stringify([topic?.toLowerCase() ?? null, text?.toLowerCase() ?? null, limit, after]);
}
