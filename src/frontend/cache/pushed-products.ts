/**
 * The new records that the catalog leader pushes to a frontend's owner after it has applied an
 * entry: they go into the cache that all threads share, so that a purchase costs the next readers
 * nothing (docs/PROTOCOL.md, R8). They come in order with the invalidations, so that the stamp of
 * the moment is the stamp of the record.
 */
import { encode } from '../../wire/codec.js';
import type { ProductRecord } from '../../wire/internal.js';
import { toProduct } from '../answers.js';
import type { PushedRecords } from './cache-session.js';
import type { Stamps } from './invalidation-versions.js';
import type { SharedCache } from './shared-cache.js';

export class PushedProducts implements PushedRecords {
  readonly #stamps: Stamps;
  readonly #shared: SharedCache;

  constructor(stamps: Stamps, shared: SharedCache) {
    this.#stamps = stamps;
    this.#shared = shared;
  }

  pushed(seq: number, records: readonly ProductRecord[]): void {
    for (const record of records) {
      const [id] = record;
      const sighting = this.#stamps.sight(this.#stamps.idBucket(id));
      // Behind a newer invalidation of its bucket it may be too old.
      if (!this.#stamps.mayFill(sighting, seq, this.#stamps.epoch)) continue;
      this.#shared.put(id, encode(toProduct(record)), sighting);
    }
  }
}
