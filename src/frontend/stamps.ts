/**
 * The memory that a frontend's owner shares with its session threads: a stamp and a floor for each
 * hash bucket of items, and the session's generation. Bumping a stamp makes every thread's copies
 * of the items in its bucket stale at once, without a message (docs/PROTOCOL.md, R8). Only the
 * owner writes. Invariant: stamps, floors and the generation never go back.
 */
import { assert } from '../base/assert.js';
import { cacheLimits } from '../base/limits.js';

const buckets = cacheLimits.stampBuckets;
const generationIndex = 0;
const stampsStart = 1;
const floorsStart = Math.ceil(((stampsStart + buckets) * 4) / 8) * 8;
/** After the floors of the buckets stands the floor of the session, which is every bucket's. */
const sessionFloor = buckets;
const bytes = floorsStart + (buckets + 1) * 8;

/** What a reader saw before it asked the catalog; see `Stamps.mayFill`. */
export interface Sighting {
  readonly bucket: number;
  readonly stamp: number;
  readonly generation: number;
}

export class Stamps {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #floors: BigInt64Array;

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(bytes)) {
    assert(buffer.byteLength === bytes, 'the shared memory has its size');
    this.buffer = buffer;
    this.#words = new Int32Array(buffer, 0, stampsStart + buckets);
    this.#floors = new BigInt64Array(buffer, floorsStart, buckets + 1);
  }

  /** Odd while a session with the catalog leader lasts; a cached entry is of one generation. */
  get generation(): number {
    return Atomics.load(this.#words, generationIndex);
  }

  get inSession(): boolean {
    return this.generation % 2 === 1;
  }

  idBucket(id: number): number {
    return Math.imul(id ^ (id >>> 15) ^ Math.floor(id / 2 ** 32), 0x9e3779b1) >>> 16;
  }

  /** FNV-1a over the name's UTF-16 units. */
  nameBucket(name: string): number {
    let hash = 0x811c9dc5;
    for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
    return (hash ^ (hash >>> 16)) & (buckets - 1);
  }

  /** To be taken before the question is sent, never after (A18). */
  sight(bucket: number): Sighting {
    return {
      bucket,
      stamp: Atomics.load(this.#words, stampsStart + bucket),
      generation: this.generation,
    };
  }

  /** True while nothing of the bucket was invalidated and the session lasts. */
  isCurrent(sighting: Sighting): boolean {
    return (
      Atomics.load(this.#words, stampsStart + sighting.bucket) === sighting.stamp &&
      Atomics.load(this.#words, generationIndex) === sighting.generation
    );
  }

  /** May an answer of a replica that had applied through `appliedSeq` be cached? */
  mayFill(sighting: Sighting, appliedSeq: number): boolean {
    if (sighting.generation % 2 === 0 || !this.isCurrent(sighting)) return false;
    const applied = BigInt(appliedSeq);
    return (
      applied >= Atomics.load(this.#floors, sighting.bucket) &&
      applied >= Atomics.load(this.#floors, sessionFloor)
    );
  }

  /** Owner: an entry that will be applied at `seq` touches an item of the bucket. */
  invalidate(bucket: number, seq: number): void {
    this.#raiseFloor(bucket, seq);
    Atomics.add(this.#words, stampsStart + bucket, 1);
  }

  /** Owner: a session with the catalog leader began; nothing older than its log end is cached. */
  beginSession(logEnd: number): void {
    if (this.inSession) this.endSession();
    this.#raiseFloor(sessionFloor, logEnd);
    Atomics.add(this.#words, generationIndex, 1);
  }

  /** Owner: the session is over; every thread's cache is void at once. */
  endSession(): void {
    if (this.inSession) Atomics.add(this.#words, generationIndex, 1);
  }

  #raiseFloor(bucket: number, seq: number): void {
    const floor = BigInt(seq);
    if (Atomics.load(this.#floors, bucket) < floor) Atomics.store(this.#floors, bucket, floor);
  }
}
