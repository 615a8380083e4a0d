/**
 * One direction of a channel between two threads, in memory that both see: a ring of bytes with one
 * writer and one reader. What does not fit goes another way, as a parcel that names its place among
 * the bytes. Knows no port and no record. Invariants: nothing is read before it is written whole, or
 * overwritten before it is read; bytes written after a reader fell asleep wake it.
 */

/** Room for many turns of 50 sessions, and a small part of a processor's cache. */
const capacityBytes = 64 * 1024;
const positionMask = capacityBytes - 1;
/** Each in a line of the processor's cache of its own: seldom do both sides write to one. */
const words = { written: 0, parcels: 16, read: 32, asleep: 48 } as const;
const wordsCount = 64;

/** Positions count all bytes ever written, modulo 2^32. */
type Position = number;

/** Near the end, so that every channel that is used at all passes the place where they start anew. */
const firstPosition: Position = 2 ** 32 - 2 ** 20;
/** So is the first parcel's number. */
const firstParcel = 2 ** 32 - 2;

export function ringMemory(): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(wordsCount * 4 + capacityBytes);
  const start = new Uint32Array(memory, 0, wordsCount);
  start[words.written] = firstPosition;
  start[words.read] = firstPosition;
  start[words.parcels] = firstParcel;
  return memory;
}

export class RingWriter {
  readonly #words: Uint32Array;
  readonly #bytes: Uint8Array;
  #written = firstPosition;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Uint32Array(memory, 0, wordsCount);
    this.#bytes = new Uint8Array(memory, wordsCount * 4);
  }

  /** The place of a parcel that is sent now: behind all that was written. */
  get position(): Position {
    return this.#written;
  }

  /** Copies the bytes; false, and nothing is written, where there is no room for all of them. */
  write(bytes: Uint8Array): boolean {
    const unread = (this.#written - Atomics.load(this.#words, words.read)) >>> 0;
    if (bytes.length > capacityBytes - unread) return false;
    const start = this.#written & positionMask;
    const untilEnd = capacityBytes - start;
    if (bytes.length <= untilEnd) this.#bytes.set(bytes, start);
    else {
      this.#bytes.set(bytes.subarray(0, untilEnd), start);
      this.#bytes.set(bytes.subarray(untilEnd), 0);
    }
    this.#written = (this.#written + bytes.length) >>> 0;
    Atomics.store(this.#words, words.written, this.#written);
    return true;
  }

  /** To be called when a parcel is on its way, before anything is written behind it. */
  parcelSent(): void {
    Atomics.add(this.#words, words.parcels, 1);
  }

  /** Whether the reader sleeps since before the last write; true once, and then it is to be woken. */
  mustWake(): boolean {
    const isAsleep = Atomics.load(this.#words, words.asleep) === 1;
    return isAsleep && Atomics.exchange(this.#words, words.asleep, 0) === 1;
  }
}

export class RingReader {
  readonly #words: Uint32Array;
  readonly #bytes: Uint8Array;
  #read = firstPosition;
  #parcelsTaken = firstParcel;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Uint32Array(memory, 0, wordsCount);
    this.#bytes = new Uint8Array(memory, wordsCount * 4);
  }

  /** Where the bytes end. Asked before `hasParcel`, which then tells of all parcels before there. */
  written(): Position {
    return Atomics.load(this.#words, words.written);
  }

  /** A parcel is on its way that was not taken. It may arrive a moment before this tells of it. */
  hasParcel(): boolean {
    return ((Atomics.load(this.#words, words.parcels) - this.#parcelsTaken) | 0) > 0;
  }

  parcelTaken(): void {
    this.#parcelsTaken = (this.#parcelsTaken + 1) >>> 0;
  }

  /** The bytes up to there, the caller's for good; undefined where none are left before it. */
  take(position: Position): ArrayBuffer | undefined {
    const length = (position - this.#read) | 0;
    if (length <= 0) return undefined;
    const taken = new ArrayBuffer(length);
    const bytes = new Uint8Array(taken);
    const start = this.#read & positionMask;
    const untilEnd = capacityBytes - start;
    if (length <= untilEnd) bytes.set(this.#bytes.subarray(start, start + length));
    else {
      bytes.set(this.#bytes.subarray(start));
      bytes.set(this.#bytes.subarray(0, length - untilEnd), untilEnd);
    }
    this.#read = position;
    Atomics.store(this.#words, words.read, position);
    return taken;
  }

  /**
   * Falls asleep; false where there are bytes to take and nobody is going to wake this reader. The
   * writer looks for a sleeper after it wrote, and the sleeper for bytes after it said so.
   */
  sleep(): boolean {
    Atomics.store(this.#words, words.asleep, 1);
    if (this.written() === this.#read) return true;
    return Atomics.exchange(this.#words, words.asleep, 0) === 0;
  }
}
