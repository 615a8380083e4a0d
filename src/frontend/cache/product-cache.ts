/**
 * The look-up cache of one session thread: products by id, ids by name, and absences; each is valid
 * as long as the shared invalidation versions confirm it. A hit costs a map access and a few atomic
 * loads, and returns the answer in encoded form. Misses look in the cache that all threads share.
 * Invariant: a returned entry was current at some moment during the call.
 */
import { LRUCache } from 'lru-cache';
import { cacheLimits } from '../../base/limits.js';
import { decode } from '../../wire/codec.js';
import { unusedIds } from '../../wire/internal.js';
import type { Product } from '../../wire/schemas.js';
import { type CacheCounters, newCounters } from './counters.js';
import type { Horizon, InvalidationVersions, Sighting } from './invalidation-versions.js';
import type { SharedCache } from './shared-cache.js';

export interface CachedProduct {
  readonly product: Product;
  /** The product as a MessagePack map, usable as the result of an answer. */
  readonly encoded: Uint8Array;
  readonly sighting: Sighting;
}

/** The entry for "no such product". */
export interface Absence {
  readonly product: undefined;
  readonly sighting: Sighting;
}

export type Cached = CachedProduct | Absence;

/** The position and the grant epoch of an answer, which decide whether it may be cached. */
export interface Provenance {
  readonly appliedSeq: number;
  /** Epoch of the leader that will invalidate the answer; 0 if it may not be cached. */
  readonly grantEpoch: number;
}

interface CachedName {
  /** Undefined if no product has the name. */
  readonly id: number | undefined;
  readonly sighting: Sighting;
}

export interface CacheBounds {
  /** 0 disables the cache. */
  readonly entriesMax: number;
  readonly bytesMax: number;
}

/** Overhead of an entry in addition to its text or bytes: objects, map and list entries. */
const entryBytes = 320;
/** The share of the bytes that names may use. */
const namesShare = 1 / 4;

export class ProductCache {
  readonly counters: CacheCounters;
  readonly #versions: InvalidationVersions;
  readonly #shared: SharedCache | undefined;
  readonly #products: LRUCache<number, Cached> | undefined;
  readonly #names: LRUCache<string, CachedName> | undefined;

  constructor(
    versions: InvalidationVersions,
    { entriesMax, bytesMax }: CacheBounds = cacheLimits,
    { shared, counters = newCounters() }: { shared?: SharedCache; counters?: CacheCounters } = {},
  ) {
    this.#versions = versions;
    this.counters = counters;
    if (entriesMax === 0) return;
    this.#shared = shared;
    this.#products = new LRUCache({
      max: entriesMax,
      maxSize: Math.ceil(bytesMax * (1 - namesShare)),
      sizeCalculation: (entry) => entryBytes + 3 * (entry.product ? entry.encoded.length : 0),
    });
    this.#names = new LRUCache({
      max: entriesMax,
      maxSize: Math.ceil(bytesMax * namesShare),
      sizeCalculation: (_entry, name) => entryBytes + 2 * name.length,
    });
  }

  get size(): number {
    return this.#products?.size ?? 0;
  }

  get bytes(): number {
    return (this.#products?.calculatedSize ?? 0) + (this.#names?.calculatedSize ?? 0);
  }

  /** The products that would be served now, newest first. Does not count as a look-up. */
  content(max: number): Product[] {
    const content: Product[] = [];
    for (const { product, sighting } of this.#products?.values() ?? []) {
      if (content.length === max) break;
      if (product && this.#versions.isCurrent(sighting)) content.push(product);
    }
    return content;
  }

  find(id: number): Cached | undefined {
    const { counters } = this;
    const entry = this.#products?.get(id);
    if (entry !== undefined && this.#versions.isCurrent(entry.sighting)) {
      counters.hits++;
      return entry;
    }
    const shared = this.#findShared(id);
    if (shared !== undefined) {
      counters.hits++;
      return shared;
    }
    counters.misses++;
    if (entry !== undefined) counters.stale++;
    return undefined;
  }

  findByName(name: string): Cached | undefined {
    const known = this.#named(name);
    if (known?.id !== undefined) return this.find(known.id);
    if (known === undefined) {
      this.counters.misses++;
      return undefined;
    }
    this.counters.hits++;
    return { product: undefined, sighting: known.sighting };
  }

  /** As a look-up, but not counted, and without effect on eviction. */
  peek(item: number | string): Cached | undefined {
    const known = typeof item === 'string' ? this.#named(item) : undefined;
    const id = typeof item === 'string' ? known?.id : item;
    if (id === undefined) return known && { product: undefined, sighting: known.sighting };
    const entry = this.#products?.peek(id);
    if (entry !== undefined && this.#versions.isCurrent(entry.sighting)) return entry;
    return this.#findShared(id);
  }

  /** The id of a name, if known. */
  idOf(name: string): number | undefined {
    return this.#named(name)?.id;
  }

  /**
   * True if a reader that arrives now may share the answer to a question asked after `sighting`
   * (A18). This depends on the lease, as a cached answer does; with the cache off no answer is
   * shared.
   */
  mayJoin(sighting: Sighting): boolean {
    if (this.#products === undefined) return false;
    return sighting.generation % 2 === 1 && this.#versions.isCurrent(sighting);
  }

  sightId(id: number): Sighting {
    return this.#versions.sight(this.#versions.idBucket(id));
  }

  /** For a question by name, or one whose answer may contain any product. */
  horizon(): Horizon {
    return this.#versions.horizon();
  }

  /**
   * True if an answer includes every invalidated change of its item, and the leader of this session
   * granted it. If an earlier leader granted it, the current one does not know of the grant and
   * sends no invalidation for it.
   */
  isSettled(id: number, { appliedSeq, grantEpoch }: Provenance): boolean {
    const bucket = this.#versions.idBucket(id);
    return (
      this.#versions.isSessionWith(grantEpoch) &&
      this.#versions.isAboveMinPosition(bucket, appliedSeq)
    );
  }

  /**
   * True if no absence was invalidated since the horizon. Otherwise the product may have been added
   * after the leader granted its absence, and the leader has no grant of the product itself.
   */
  wasThere(horizon: Horizon): boolean {
    return this.#versions.sightedAt(this.#versions.idBucket(unusedIds), horizon) !== undefined;
  }

  /** Caches a product answered to a question asked at `sighting`, if allowed. */
  fill(found: CachedProduct, { appliedSeq, grantEpoch }: Provenance): void {
    if (!this.#products || !this.#versions.mayFill(found.sighting, appliedSeq, grantEpoch)) return;
    const { id } = found.product;
    this.counters.fills++;
    this.#products.set(id, found);
    this.#shared?.put(id, found.encoded, found.sighting);
  }

  /** As `fill`, if the question did not contain the id. */
  fillAt(product: Product, encoded: Uint8Array, horizon: Horizon, from: Provenance): void {
    const sighting = this.#versions.sightedAt(this.#versions.idBucket(product.id), horizon);
    if (sighting && this.wasThere(horizon)) this.fill({ product, encoded, sighting }, from);
  }

  /** Caches that no product has this id. All such absences are invalidated together. */
  fillAbsence(id: number, horizon: Horizon, { appliedSeq, grantEpoch }: Provenance): void {
    const sighting = this.#versions.sightedAt(this.#versions.idBucket(unusedIds), horizon);
    if (!this.#products || !sighting) return;
    // The product was removed after the leader granted it; the absence was not granted.
    if (!this.#versions.sightedAt(this.#versions.idBucket(id), horizon)) return;
    if (!this.#versions.mayFill(sighting, appliedSeq, grantEpoch)) return;
    this.counters.fills++;
    this.#products.set(id, { product: undefined, sighting });
  }

  /** Caches the id of a name, or its absence. Returns whether it was cached. */
  fillName(
    name: string,
    id: number | undefined,
    horizon: Horizon,
    { appliedSeq, grantEpoch }: Provenance,
  ): boolean {
    const sighting = this.#versions.sightedAt(this.#versions.nameBucket(name), horizon);
    if (!this.#names || !sighting) return false;
    if (!this.#versions.mayFill(sighting, appliedSeq, grantEpoch)) return false;
    if (id === undefined) this.counters.fills++;
    this.#names.set(name, { id, sighting });
    return true;
  }

  #named(name: string): CachedName | undefined {
    const entry = this.#names?.get(name);
    return entry !== undefined && this.#versions.isCurrent(entry.sighting) ? entry : undefined;
  }

  /** Another thread or a push may have filled the shared cache since. */
  #findShared(id: number): CachedProduct | undefined {
    const found = this.#shared?.find(id);
    if (found === undefined) return undefined;
    const { encoded, sighting } = found;
    const entry = { product: decode(encoded) as Product, encoded, sighting };
    this.#products?.set(id, entry);
    return entry;
  }
}
