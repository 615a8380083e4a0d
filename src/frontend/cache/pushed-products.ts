/**
 * Takes the new records that the catalog leader pushes to a frontend's owner after it has applied
 * an entry. They go into the cache shared by all threads, so that the next readers after a purchase
 * need no request (docs/PROTOCOL.md, R8). Pushes are ordered with invalidations, so the current
 * version of a bucket is the version of the record.
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
      // A newer invalidation of its bucket may have made the record old.
      if (!this.#versions.mayFill(sighting, seq, this.#versions.epoch)) continue;
      this.#shared.put(id, encode(toProduct(record)), sighting);
    }
  }
}
