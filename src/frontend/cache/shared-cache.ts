/**
 * The look-up cache that all threads of a frontend share: encoded products by id in shared memory.
 * It makes a product that one thread fetched, or that the catalog pushed, available to all threads.
 * It stores cacheable products with their sighting; the invalidation versions decide at each
 * look-up whether a product is still current. Invariant: a product that is read was written
 * completely, by one writer.
 *
 * The memory is a sequence of sets of four slots; the hash of an id selects its set. A slot has 64
 * words of 32 bits:
 *
 *     word 0      sequence: odd while a writer writes the slot, one higher afterwards
 *     word 1      length of the product's bytes; 0: empty
 *     words 2, 3  the id, low and high word
 *     word 4      the invalidation version of the id's bucket in the product's sighting
 *     word 5      the generation of that sighting
 *     words 6 …   the product as a MessagePack map, up to 232 bytes
 *
 * A writer locks a slot by raising its sequence from even to odd with a compare-and-exchange. If
 * another writer was faster, it skips the write: a cache may miss. A reader that finds an odd
 * sequence, or a different one after reading, reports a miss. Every word is read and written with
 * Atomics, because only these are ordered between threads by the language. A thread that dies while
 * it writes leaves its slot odd and unused until the frontend restarts: one slot of 65,536.
 */
import { assert } from '../../base/assert.js';
import { cacheLimits } from '../../base/limits.js';
import type { CacheCounters } from './counters.js';
import type { InvalidationVersions, Sighting } from './invalidation-versions.js';

const slotWords = 64;
const headWords = 6;
const ways = 4;
const setWords = ways * slotWords;
const dataBytesMax = (slotWords - headWords) * 4;

const lengthWord = 1;
const idLowWord = 2;
const idHighWord = 3;
const versionWord = 4;
const generationWord = 5;

export interface SharedProduct {
  /** A copy that the reader owns. */
  readonly encoded: Uint8Array;
  readonly sighting: Sighting;
}

export type SharedCounters = Pick<
  CacheCounters,
  'shared_hits' | 'shared_misses' | 'shared_stale' | 'shared_fills'
>;

export class SharedCache {
  readonly buffer: SharedArrayBuffer;
  readonly #versions: InvalidationVersions;
  readonly #counters: SharedCounters;
  readonly #words: Int32Array;
  readonly #sets: number;
  /** Buffer for a product that is read or written. */
  readonly #scratch = new Int32Array(slotWords - headWords);
  readonly #scratchBytes = new Uint8Array(this.#scratch.buffer);
  /** Which slot of a full set is replaced next. */
  #victim = 0;

  constructor(
    versions: InvalidationVersions,
    counters: SharedCounters,
    buffer: SharedArrayBuffer = new SharedArrayBuffer(cacheLimits.sharedBytes),
  ) {
    const sets = buffer.byteLength / (setWords * 4);
    assert(Number.isInteger(sets) && (sets & (sets - 1)) === 0, 'the sets are a power of two');
    this.buffer = buffer;
    this.#versions = versions;
    this.#counters = counters;
    this.#words = new Int32Array(buffer);
    this.#sets = sets;
  }

  /** Returns a product that is current now. */
  find(id: number): SharedProduct | undefined {
    const slot = this.#slotOf(id);
    if (slot < 0) {
      this.#counters.shared_misses++;
      return undefined;
    }
    const found = this.#read(slot, id);
    if (found !== undefined) {
      this.#counters.shared_hits++;
      return found;
    }
    this.#counters.shared_misses++;
    this.#counters.shared_stale++;
    return undefined;
  }

  /**
   * Stores a product; the caller has checked `sighting` with InvalidationVersions.mayFill. Skips a
   * product that is too long for a slot.
   */
  put(id: number, encoded: Uint8Array, sighting: Sighting): void {
    if (encoded.length > dataBytesMax || !this.#versions.isCurrent(sighting)) return;
    const own = this.#slotOf(id);
    const slot = own < 0 ? this.#roomFor(id) : own;
    const words = this.#words;
    const sequence = Atomics.load(words, slot);
    if (sequence % 2 !== 0) return;
    if (Atomics.compareExchange(words, slot, sequence, sequence + 1) !== sequence) return;
    Atomics.store(words, slot + lengthWord, encoded.length);
    Atomics.store(words, slot + idLowWord, id | 0);
    Atomics.store(words, slot + idHighWord, highOf(id));
    Atomics.store(words, slot + versionWord, sighting.version);
    Atomics.store(words, slot + generationWord, sighting.generation);
    this.#scratchBytes.set(encoded);
    const count = Math.ceil(encoded.length / 4);
    for (let i = 0; i < count; i++) {
      Atomics.store(words, slot + headWords + i, this.#scratch[i] ?? 0);
    }
    Atomics.store(words, slot, (sequence + 2) | 0);
    this.#counters.shared_fills++;
  }

  /** The first word of the id's set. */
  #firstSlot(id: number): number {
    const hash = Math.imul(id ^ (id >>> 15) ^ highOf(id), 0x85ebca6b);
    return ((hash >>> 13) & (this.#sets - 1)) * setWords;
  }

  /** The slot that appears to hold the id, checked without locking; −1 if none. */
  #slotOf(id: number): number {
    const words = this.#words;
    const first = this.#firstSlot(id);
    const low = id | 0;
    const high = highOf(id);
    for (let slot = first; slot < first + setWords; slot += slotWords) {
      if (Atomics.load(words, slot + idLowWord) !== low) continue;
      if (Atomics.load(words, slot + idHighWord) === high) return slot;
    }
    return -1;
  }

  /**
   * Checks that the entry is current before it copies the product: the entry of an item that sells
   * is seldom current.
   */
  #read(slot: number, id: number): SharedProduct | undefined {
    const words = this.#words;
    const sequence = Atomics.load(words, slot);
    const length = Atomics.load(words, slot + lengthWord);
    if (sequence % 2 !== 0 || length === 0) return undefined;
    const low = Atomics.load(words, slot + idLowWord);
    const high = Atomics.load(words, slot + idHighWord);
    const version = Atomics.load(words, slot + versionWord);
    const generation = Atomics.load(words, slot + generationWord);
    const sighting = { bucket: this.#versions.idBucket(id), version, generation };
    if (!this.#versions.isCurrent(sighting)) return undefined;
    const count = Math.ceil(length / 4);
    for (let i = 0; i < count; i++) this.#scratch[i] = Atomics.load(words, slot + headWords + i);
    if (Atomics.load(words, slot) !== sequence) return undefined;
    if (low !== (id | 0) || high !== highOf(id)) return undefined;
    return { encoded: this.#scratchBytes.slice(0, length), sighting };
  }

  /** An empty or stale slot of the id's set, else the next one in round-robin order. */
  #roomFor(id: number): number {
    const words = this.#words;
    const first = this.#firstSlot(id);
    for (let slot = first; slot < first + setWords; slot += slotWords) {
      if (Atomics.load(words, slot) % 2 !== 0) continue;
      if (Atomics.load(words, slot + lengthWord) === 0) return slot;
      const other =
        (Atomics.load(words, slot + idLowWord) >>> 0) +
        Atomics.load(words, slot + idHighWord) * 2 ** 32;
      const version = Atomics.load(words, slot + versionWord);
      const generation = Atomics.load(words, slot + generationWord);
      const bucket = this.#versions.idBucket(other);
      if (!this.#versions.isCurrent({ bucket, version, generation })) return slot;
    }
    this.#victim = (this.#victim + 1) % ways;
    return first + this.#victim * slotWords;
  }
}

function highOf(id: number): number {
  return Math.floor(id / 2 ** 32);
}
