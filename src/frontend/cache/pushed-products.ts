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
import type { InvalidationVersions } from './invalidation-versions.js';
import type { SharedCache } from './shared-cache.js';

export class PushedProducts implements PushedRecords {
  readonly #versions: InvalidationVersions;
  readonly #shared: SharedCache;

  constructor(versions: InvalidationVersions, shared: SharedCache) {
    this.#versions = versions;
    this.#shared = shared;
  }

  pushed(seq: number, records: readonly ProductRecord[]): void {
    for (const record of records) {
      const [id] = record;
      const sighting = this.#versions.sight(this.#versions.idBucket(id));
      // Behind a newer invalidation of its bucket it may be too old.
      if (!this.#versions.mayFill(sighting, seq, this.#versions.epoch)) continue;
      this.#shared.put(id, encode(toProduct(record)), sighting);
    }
  }
}
