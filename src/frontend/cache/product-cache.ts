/**
 * The look-up cache of one session thread: products by id, ids by name, and that there is none;
 * each valid only as long as the shared stamps say so. A hit costs a map access and a few atomic
 * loads, and gives the answer in encoded form. Behind it lies the cache that all threads share.
 * Invariant: what is found was current at some moment during the call.
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
  /** The product as a MessagePack map, ready to be an answer's result. */
  readonly encoded: Uint8Array;
  readonly sighting: Sighting;
}

/** There is no such product. */
export interface Absence {
  readonly product: undefined;
  readonly sighting: Sighting;
}

export type Cached = CachedProduct | Absence;

/** What an answer says of what it may be kept for. */
export interface Provenance {
  readonly appliedSeq: number;
  /** The epoch of the leader that will say when it changes; 0: not to be kept. */
  readonly grantor: number;
}

interface CachedName {
  /** Undefined: the name stands for no product. */
  readonly id: number | undefined;
  readonly sighting: Sighting;
}

export interface CacheBounds {
  /** 0 caches nothing. */
  readonly entriesMax: number;
  readonly bytesMax: number;
}

/** Of an entry beside its text or bytes: objects, the maps' and lists' places. */
const entryBytes = 320;
/** The share of the bytes that names may take. */
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

  /** What would be served now, the newest first; counts as no look-up. */
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

  /** The same without being a look-up: it is not counted, and keeps nothing from being forgotten. */
  peek(item: number | string): Cached | undefined {
    const known = typeof item === 'string' ? this.#named(item) : undefined;
    const id = typeof item === 'string' ? known?.id : item;
    if (id === undefined) return known && { product: undefined, sighting: known.sighting };
    const entry = this.#products?.peek(id);
    if (entry !== undefined && this.#versions.isCurrent(entry.sighting)) return entry;
    return this.#findShared(id);
  }

  /** The id that a name stands for, where that is known. */
  idOf(name: string): number | undefined {
    return this.#named(name)?.id;
  }

  /** As Stamps.inputBegins. */
  inputBegins(): void {
    this.#versions.inputBegins();
  }

  inputEnds(): void {
    this.#versions.inputEnds();
  }

  /**
   * May a reader who comes now share the answer to a question asked after `sighting`? (A18) That rests
   * on the lease, as a cached answer does. So no reader shares an answer where the cache is off.
   */
  mayJoin(sighting: Sighting): boolean {
    if (this.#products === undefined) return false;
    return sighting.generation % 2 === 1 && this.#versions.isCurrent(sighting);
  }

  sightId(id: number): Sighting {
    return this.#versions.sight(this.#versions.idBucket(id));
  }

  /** For a question by name, or whatever else may be answered with any product. */
  horizon(): Horizon {
    return this.#versions.horizon();
  }

  /**
   * Does an answer hold all that its item was invalidated for, and will whatever changes the item
   * invalidate it here? An earlier leader may have lent it, of which the session's knows nothing.
   */
  isSettled(id: number, { appliedSeq, grantor }: Provenance): boolean {
    const bucket = this.#versions.idBucket(id);
    return this.#versions.isSessionWith(grantor) && this.#versions.isAboveFloor(bucket, appliedSeq);
  }

  /**
   * Was it the product that was lent with an answer, and not that there is none? The replica that
   * answered may have applied what adds the product after it had asked the leader, which then knows
   * of no loan of the product itself.
   */
  wasThere(horizon: Horizon): boolean {
    return this.#versions.sightedAt(this.#versions.idBucket(unusedIds), horizon) !== undefined;
  }

  /** Keeps a product that was answered to a question asked at `sighting`, if it may. */
  fill(found: CachedProduct, { appliedSeq, grantor }: Provenance): void {
    if (!this.#products || !this.#versions.mayFill(found.sighting, appliedSeq, grantor)) return;
    const { id } = found.product;
    this.counters.fills++;
    this.#products.set(id, found);
    this.#shared?.put(id, found.encoded, found.sighting);
  }

  /** The same where the id was not known at the question. */
  fillAt(product: Product, encoded: Uint8Array, horizon: Horizon, from: Provenance): void {
    const sighting = this.#versions.sightedAt(this.#versions.idBucket(product.id), horizon);
    if (sighting && this.wasThere(horizon)) this.fill({ product, encoded, sighting }, from);
  }

  /** That no product has this id: all such are invalidated together. */
  fillAbsence(id: number, horizon: Horizon, { appliedSeq, grantor }: Provenance): void {
    const sighting = this.#versions.sightedAt(this.#versions.idBucket(unusedIds), horizon);
    if (!this.#products || !sighting) return;
    // Its product went since the leader lent the product: that there is none was not lent.
    if (!this.#versions.sightedAt(this.#versions.idBucket(id), horizon)) return;
    if (!this.#versions.mayFill(sighting, appliedSeq, grantor)) return;
    this.counters.fills++;
    this.#products.set(id, { product: undefined, sighting });
  }

  /** What a name stands for; true where it was kept. */
  fillName(
    name: string,
    id: number | undefined,
    horizon: Horizon,
    { appliedSeq, grantor }: Provenance,
  ): boolean {
    const sighting = this.#versions.sightedAt(this.#versions.nameBucket(name), horizon);
    if (!this.#names || !sighting) return false;
    if (!this.#versions.mayFill(sighting, appliedSeq, grantor)) return false;
    if (id === undefined) this.counters.fills++;
    this.#names.set(name, { id, sighting });
    return true;
  }

  #named(name: string): CachedName | undefined {
    const entry = this.#names?.get(name);
    return entry !== undefined && this.#versions.isCurrent(entry.sighting) ? entry : undefined;
  }

  /** Another thread, or the catalog by itself, may have brought what this thread's copy lacks. */
  #findShared(id: number): CachedProduct | undefined {
    const found = this.#shared?.find(id);
    if (found === undefined) return undefined;
    const { encoded, sighting } = found;
    const entry = { product: decode(encoded) as Product, encoded, sighting };
    this.#products?.set(id, entry);
    return entry;
  }
}
