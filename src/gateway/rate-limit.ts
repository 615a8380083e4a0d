/**
 * How many requests an address may make in a window of time (a second by default): counted in memory
 * of a fixed size that all threads of a process share, so that neither many threads nor many
 * addresses get around it. Addresses whose hashes meet share a count, which is rare. Invariant: a
 * count is of one window.
 */
import { assert } from '../base/assert.js';

const slots = 65_536;
const secondMs = 1_000;
const seedWord = 0;
const slotsStart = 2;
const bytes = (slotsStart + slots * 2) * 4;

/** The memory for one process; `seed` keeps strangers from choosing whom they share a count with. */
export function rateLimitMemory(seed: number): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(bytes);
  new Int32Array(buffer)[seedWord] = seed | 0;
  return buffer;
}

export class RateLimit {
  readonly #words: Int32Array;
  readonly #perWindow: number;
  readonly #windowMs: number;

  constructor(buffer: SharedArrayBuffer, perWindow: number, windowMs: number = secondMs) {
    assert(buffer.byteLength === bytes, 'the shared memory has its size');
    assert(perWindow >= 1, 'a rate is at least one');
    this.#words = new Int32Array(buffer);
    this.#perWindow = perWindow;
    this.#windowMs = windowMs;
  }

  /** Where the count of a host is kept; to be asked once for a session. */
  slotOf(host: string): number {
    let hash = (this.#words[seedWord] ?? 0) ^ 0x811c9dc5;
    for (let i = 0; i < host.length; i++) hash = Math.imul(hash ^ host.charCodeAt(i), 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    return slotsStart + ((hash ^ (hash >>> 16)) & (slots - 1)) * 2;
  }

  /** Counts a request. 0 where it may be answered, else how long to wait in milliseconds. */
  take(slot: number, nowMs: number): number {
    const window = Math.floor(nowMs / this.#windowMs) | 0;
    const words = this.#words;
    const counted = Atomics.load(words, slot);
    // Of the threads that see a new window one begins it anew; a count more or less is no matter.
    if (counted !== window && Atomics.compareExchange(words, slot, counted, window) === counted) {
      Atomics.store(words, slot + 1, 0);
    }
    if (Atomics.load(words, slot + 1) < this.#perWindow) {
      if (Atomics.add(words, slot + 1, 1) < this.#perWindow) return 0;
    }
    return Math.ceil(this.#windowMs - (nowMs % this.#windowMs));
  }
}
