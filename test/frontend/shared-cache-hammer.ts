/**
 * A thread that puts products into a shared cache and takes out what other threads put, as fast as
 * it can: each product is one number over and over, so that half a one shows. Helper.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { newCounters } from '../../src/frontend/cache/counters.js';
import { InvalidationVersions } from '../../src/frontend/cache/invalidation-versions.js';
import { SharedCache } from '../../src/frontend/cache/shared-cache.js';

export interface HammerOptions {
  readonly index: number;
  readonly versions: SharedArrayBuffer;
  readonly shared: SharedArrayBuffer;
}

export interface HammerReport {
  readonly found: number;
  readonly torn: number;
}

const rounds = 60_000;
/** So few that they get in each other's way. */
const ids = 3;
const words = 58;

function hammer({ index, versions: memory, shared }: HammerOptions): HammerReport {
  const versions = new InvalidationVersions(memory);
  const cache = new SharedCache(versions, newCounters(), shared);
  const product = new Int32Array(words);
  let found = 0;
  let torn = 0;
  for (let round = 0; round < rounds; round++) {
    const id = 1 + (round % ids);
    // The id is part of the number: a slot may change hands.
    product.fill((round * 16 + index) * 4 + id);
    if (round % 2 === 0) {
      const length = 4 * (1 + (round % words));
      cache.put(
        id,
        new Uint8Array(product.buffer, 0, length),
        versions.sight(versions.idBucket(id)),
      );
    }
    const read = cache.find(id);
    if (!read) continue;
    found++;
    const { encoded } = read;
    const numbers = new Int32Array(encoded.buffer, encoded.byteOffset, encoded.length / 4);
    const isWhole = numbers.every((number) => number === numbers[0] && number % 4 === id);
    if (!isWhole) torn++;
  }
  return { found, torn };
}

parentPort?.postMessage(hammer(workerData as HammerOptions));
