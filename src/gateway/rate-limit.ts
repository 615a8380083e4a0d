/**
 * Limits the requests of an address in a window of time (one second by default). The counts are in
 * memory of fixed size that all threads of a process share, so that neither many threads nor many
 * addresses evade the limit. Addresses with equal hashes share a count, which is rare. Invariant: a
 * count belongs to one window.
 */
import { assert } from '../base/assert.js';

const slots = 65_536;
const secondMs = 1_000;
const seedWord = 0;
const slotsStart = 2;
const bytes = (slotsStart + slots * 2) * 4;

/**
 * The memory for one process; `seed` keeps strangers from choosing the addresses that share their
 * count.
 */
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
    assert(buffer.byteLength === bytes, 'the shared memory has the expected size');
    assert(perWindow >= 1, 'a rate is at least one');
    this.#words = new Int32Array(buffer);
    this.#perWindow = perWindow;
    this.#windowMs = windowMs;
  }

  /** The index of a host's count; call it once a session. */
  slotOf(host: string): number {
    let hash = (this.#words[seedWord] ?? 0) ^ 0x811c9dc5;
    for (let i = 0; i < host.length; i++) hash = Math.imul(hash ^ host.charCodeAt(i), 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    return slotsStart + ((hash ^ (hash >>> 16)) & (slots - 1)) * 2;
  }

  /** Counts a request. Returns 0 if it may be answered, else the wait in milliseconds. */
  take(slot: number, nowMs: number): number {
    const window = Math.floor(nowMs / this.#windowMs) | 0;
    const words = this.#words;
    const counted = Atomics.load(words, slot);
    // One of the threads that see a new window resets the count; being off by a few does not
    // matter.
    if (counted !== window && Atomics.compareExchange(words, slot, counted, window) === counted) {
      Atomics.store(words, slot + 1, 0);
    }
    if (Atomics.load(words, slot + 1) < this.#perWindow) {
      if (Atomics.add(words, slot + 1, 1) < this.#perWindow) return 0;
    }
    return Math.ceil(this.#windowMs - (nowMs % this.#windowMs));
  }
}
