/**
 * One direction of a channel between two threads: a ring of bytes in shared memory, with one writer
 * and one reader. Content that does not fit is sent as a parcel over a port, with its position among
 * the bytes. Invariants: the reader reads only complete writes; the writer overwrites only bytes that
 * were read; a write after the reader set its sleep flag wakes the reader.
 */

/** Enough for many turns of 50 sessions; small compared with a processor's cache. */
const capacityBytes = 64 * 1024;
const positionMask = capacityBytes - 1;
/** Indices of the shared words. Each has its own cache line, so that the sides do not contend. */
const words = { written: 0, parcels: 16, read: 32, asleep: 48 } as const;
const wordsCount = 64;

/** Number of bytes written since the start, modulo 2^32, plus `firstPosition`. */
type Position = number;

/** Near the overflow, so that each channel in use exercises it. */
const firstPosition: Position = 2 ** 32 - 2 ** 20;
/** Near the overflow too. */
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

  /** The position of a parcel that is sent now: after all bytes written so far. */
  get position(): Position {
    return this.#written;
  }

  /** Copies the bytes. Returns false and writes nothing if they do not all fit. */
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

  /** The caller calls this after it sent a parcel and before the next write. */
  parcelSent(): void {
    Atomics.add(this.#words, words.parcels, 1);
  }

  /** True if the reader sleeps; clears the sleep flag, so the caller must wake the reader. */
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

  /** The end of the bytes. Call it before `hasParcel`, which then reports all parcels before there. */
  written(): Position {
    return Atomics.load(this.#words, words.written);
  }

  /** True if a parcel was sent and not taken. A parcel may arrive shortly before this is true. */
  hasParcel(): boolean {
    return ((Atomics.load(this.#words, words.parcels) - this.#parcelsTaken) | 0) > 0;
  }

  parcelTaken(): void {
    this.#parcelsTaken = (this.#parcelsTaken + 1) >>> 0;
  }

  /** Copies and consumes the bytes up to `position`. Returns undefined if there are none. */
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
   * Sets the sleep flag, then checks for bytes. Returns false if there are bytes and the writer will
   * not wake the reader. The writer writes first and then checks the flag, so no wake-up is lost.
   */
  sleep(): boolean {
    Atomics.store(this.#words, words.asleep, 1);
    if (this.written() === this.#read) return true;
    return Atomics.exchange(this.#words, words.asleep, 0) === 0;
  }
}
