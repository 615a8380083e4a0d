/**
 * How many requests a second an address may make: counted by the second, in memory of a fixed size
 * that all threads of a process share, so that neither many threads nor many addresses get around
 * it. Addresses whose hashes meet share a count, which is rare. Invariant: a count is of one second.
 */
import { assert } from './assert.js';

const slots = 65_536;
const windowMs = 1_000;
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
  readonly #perSecond: number;

  constructor(buffer: SharedArrayBuffer, perSecond: number) {
    assert(buffer.byteLength === bytes, 'the shared memory has its size');
    assert(perSecond >= 1, 'a rate is at least one');
    this.#words = new Int32Array(buffer);
    this.#perSecond = perSecond;
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
    const second = Math.floor(nowMs / windowMs) | 0;
    const words = this.#words;
    const counted = Atomics.load(words, slot);
    // Of the threads that see a new second one begins it anew; a count more or less is no matter.
    if (counted !== second && Atomics.compareExchange(words, slot, counted, second) === counted) {
      Atomics.store(words, slot + 1, 0);
    }
    if (Atomics.load(words, slot + 1) < this.#perSecond) {
      if (Atomics.add(words, slot + 1, 1) < this.#perSecond) return 0;
    }
    return Math.ceil(windowMs - (nowMs % windowMs));
  }
}

/** The host of `host:port`, as connections name their peers. */
export function hostOf(remote: string): string {
  const end = remote.lastIndexOf(':');
  return end < 0 ? remote : remote.slice(0, end);
}
