/**
 * The look-up cache of one session thread: products by id, ids by name, each valid only as long as
 * the shared stamps say so. A hit costs a map access and two atomic loads, and gives the answer in
 * encoded form. Invariant: what `find` returns was current at some moment during the call.
 */
import { LRUCache } from 'lru-cache';
import { cacheLimits } from '../base/limits.js';
import type { Product } from '../wire/schemas.js';
import type { Sighting, Stamps } from './stamps.js';

export interface CachedProduct {
  readonly product: Product;
  /** The product as a MessagePack map, ready to be an answer's result. */
  readonly encoded: Uint8Array;
  readonly sighting: Sighting;
}

interface CachedName {
  readonly id: number;
  readonly sighting: Sighting;
}

export interface CacheCounters {
  hits: number;
  misses: number;
  /** Misses because the copy had been invalidated. */
  stale: number;
  fills: number;
}

export class ProductCache {
  readonly counters: CacheCounters = { hits: 0, misses: 0, stale: 0, fills: 0 };
  readonly #stamps: Stamps;
  readonly #products: LRUCache<number, CachedProduct> | undefined;
  readonly #names: LRUCache<string, CachedName> | undefined;

  /** `entriesMax` 0 caches nothing. */
  constructor(stamps: Stamps, entriesMax: number = cacheLimits.entriesMax) {
    this.#stamps = stamps;
    if (entriesMax === 0) return;
    this.#products = new LRUCache({ max: entriesMax });
    this.#names = new LRUCache({ max: entriesMax });
  }

  get size(): number {
    return this.#products?.size ?? 0;
  }

  /** What would be served now, the newest first; counts as no look-up. */
  content(max: number): Product[] {
    const content: Product[] = [];
    for (const { product, sighting } of this.#products?.values() ?? []) {
      if (content.length === max) break;
      if (this.#stamps.isCurrent(sighting)) content.push(product);
    }
    return content;
  }

  find(id: number): CachedProduct | undefined {
    const entry = this.#products?.get(id);
    if (entry === undefined) {
      this.counters.misses++;
      return undefined;
    }
    if (this.#stamps.isCurrent(entry.sighting)) {
      this.counters.hits++;
      return entry;
    }
    this.counters.misses++;
    this.counters.stale++;
    return undefined;
  }

  findByName(name: string): CachedProduct | undefined {
    const id = this.idOf(name);
    if (id !== undefined) return this.find(id);
    this.counters.misses++;
    return undefined;
  }

  /** The id that a name stands for, where that is known. */
  idOf(name: string): number | undefined {
    const entry = this.#names?.get(name);
    return entry !== undefined && this.#stamps.isCurrent(entry.sighting) ? entry.id : undefined;
  }

  /** May a reader who comes now share the answer to a question asked after `sighting`? (A18) */
  mayJoin(sighting: Sighting): boolean {
    return sighting.generation % 2 === 1 && this.#stamps.isCurrent(sighting);
  }

  sightId(id: number): Sighting {
    return this.#stamps.sight(this.#stamps.idBucket(id));
  }

  sightName(name: string): Sighting {
    return this.#stamps.sight(this.#stamps.nameBucket(name));
  }

  /** Keeps the answer to a look-up by id, if nothing has happened to the item since `sighting`. */
  fill(product: Product, encoded: Uint8Array, sighting: Sighting, appliedSeq: number): void {
    if (!this.#products || !this.#stamps.mayFill(sighting, appliedSeq)) return;
    this.counters.fills++;
    this.#products.set(product.id, { product, encoded, sighting });
  }

  fillName(name: string, id: number, sighting: Sighting, appliedSeq: number): void {
    if (!this.#names || !this.#stamps.mayFill(sighting, appliedSeq)) return;
    this.#names.set(name, { id, sighting });
  }
}
