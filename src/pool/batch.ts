/**
 * The traffic from one side of a relay to the other, in one piece a flush: waking a thread costs
 * microseconds, so the bytes of many sessions share a wake-up. A record has two words (session;
 * kind and length) and its bytes, padded to a multiple of four. Both sides are threads of one
 * process, so words are in native byte order. Does not depend on sockets or ports.
 */
import { assert } from '../base/assert.js';
import type { Clock } from '../base/clock.js';

export const kinds = {
  /**
   * Owner to thread: a session begins. Its bytes are the listener's kind, a NUL, and the remote
   * address.
   */
  open: 1,
  /** Bytes of a session, in either direction. */
  data: 2,
  /** Owner to thread: the peer ended its side. Thread to owner: send what is pending and close. */
  end: 3,
  /** Owner to thread: the session closed, with the error's text. Thread to owner: destroy it. */
  closed: 4,
  /**
   * Thread to owner: number of bytes consumed. Owner to thread: number of bytes sent to the
   * network.
   */
  credit: 5,
  pause: 6,
  resume: 7,
  /** The session's handler threw; the text is for the log. */
  failed: 8,
  /** A sequence of MessagePack values [id, operation, args]; id 0 needs no answer. */
  calls: 9,
  /** A sequence of MessagePack values [id, error, result]. */
  answers: 10,
} as const;
export type Kind = (typeof kinds)[keyof typeof kinds];

const batchBytesMin = 64 * 1024;
/** A batch that exceeds this size is sent at once. */
const batchBytesMax = 1024 * 1024;
const recordBytesMax = 2 ** 28 - 1;
const headerBytes = 8;

export interface BatchReader {
  /** Takes one record; its bytes begin at `start` in `batch`, and the reader keeps them. */
  record(kind: Kind, session: number, batch: ArrayBuffer, start: number, length: number): void;
}

export function readBatch(batch: ArrayBuffer, reader: BatchReader): void {
  const words = new Uint32Array(batch);
  let at = 0;
  while (at < words.length) {
    const session = words[at] ?? 0;
    const head = words[at + 1] ?? 0;
    const length = head & recordBytesMax;
    const start = (at + 2) << 2;
    assert(start + length <= batch.byteLength, 'a batch record ends within its batch');
    reader.record((head >>> 28) as Kind, session, batch, start, length);
    at += 2 + ((length + 3) >>> 2);
  }
}

export class BatchWriter {
  readonly #clock: Pick<Clock, 'afterTurn'>;
  /** Sends a batch. The argument is invalid when the call returns. */
  readonly #post: (batch: Uint8Array) => void;
  /** Adds records that are collected elsewhere until the end of the turn. */
  readonly #gather: () => void;
  readonly #flush = (): void => this.flush();
  #bytes = new Uint8Array(batchBytesMin);
  #words = new Uint32Array(this.#bytes.buffer);
  #used = 0;
  /** Word of the newest record if it is data and can grow; else -1. */
  #growing = -1;
  #scheduled = false;

  constructor(
    clock: Pick<Clock, 'afterTurn'>,
    post: (batch: Uint8Array) => void,
    gather: () => void,
  ) {
    this.#clock = clock;
    this.#post = post;
    this.#gather = gather;
  }

  /** Copies the bytes. They extend the newest record if that has the same session. */
  data(session: number, bytes: Uint8Array): void {
    if (bytes.length === 0 || this.#grow(session, bytes)) return;
    const start = this.#begin(kinds.data, session, bytes.length);
    this.#bytes.set(bytes, start);
    this.#growing = (start - headerBytes) >>> 2;
  }

  record(kind: Kind, session: number, bytes?: Uint8Array): void {
    const start = this.#begin(kind, session, bytes?.length ?? 0);
    if (bytes) this.#bytes.set(bytes, start);
  }

  credit(session: number, count: number): void {
    const start = this.#begin(kinds.credit, session, 4);
    this.#words[start >>> 2] = count;
  }

  /** Schedules a flush at the end of the turn. */
  schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#clock.afterTurn(this.#flush);
  }

  flush(): void {
    // The collected records are sent now and need no flush of their own.
    this.#scheduled = true;
    this.#gather();
    this.#scheduled = false;
    this.#send();
  }

  #grow(session: number, bytes: Uint8Array): boolean {
    const at = this.#growing;
    if (at < 0 || this.#words[at] !== session) return false;
    const length = (this.#words[at + 1] ?? 0) & recordBytesMax;
    const start = (at << 2) + headerBytes + length;
    const end = start + bytes.length;
    if (end > this.#bytes.length) return false;
    this.#bytes.set(bytes, start);
    this.#words[at + 1] = (kinds.data << 28) | (length + bytes.length);
    this.#used = (end + 3) & ~3;
    return true;
  }

  /** Writes a record header and returns the offset of its bytes. */
  #begin(kind: Kind, session: number, length: number): number {
    assert(length <= recordBytesMax, 'a batch record is below 256 MiB');
    const size = headerBytes + ((length + 3) & ~3);
    if (this.#used + size > this.#bytes.length) this.#makeRoom(size);
    const word = this.#used >>> 2;
    this.#words[word] = session;
    this.#words[word + 1] = (kind << 28) | length;
    const start = this.#used + headerBytes;
    this.#used += size;
    this.#growing = -1;
    this.schedule();
    return start;
  }

  #makeRoom(size: number): void {
    if (this.#used + size > batchBytesMax) this.#send();
    let capacity = this.#bytes.length;
    while (capacity < this.#used + size) capacity *= 2;
    if (capacity > this.#bytes.length) this.#resize(capacity);
  }

  #resize(capacity: number): void {
    const bytes = new Uint8Array(capacity);
    bytes.set(this.#bytes.subarray(0, this.#used));
    this.#bytes = bytes;
    this.#words = new Uint32Array(bytes.buffer);
  }

  #send(): void {
    if (this.#used === 0) return;
    const batch = this.#bytes.subarray(0, this.#used);
    this.#used = 0;
    this.#growing = -1;
    // Before posting: a receiver in this thread may write more records during the call.
    if (this.#bytes.length > batchBytesMax) this.#resize(batchBytesMin);
    this.#post(batch);
  }
}
