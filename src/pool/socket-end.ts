/**
 * The owner's end of a relayed session: moves bytes between one socket and the batches of one
 * thread, and pauses either side when the other is slow. Does not read the content. Invariant: the
 * socket is paused if and only if the thread asked for it or has the maximum of unconsumed bytes.
 */
import type { Connection, ConnectionEvents } from '../net/types.js';
import { type BatchWriter, kinds } from './batch.js';
import { type RelayLimits, windowBytes } from './limits.js';

export class SocketEnd implements ConnectionEvents {
  readonly id: number;
  readonly atOnce = true;
  readonly #connection: Connection;
  readonly #writer: BatchWriter;
  readonly #limits: RelayLimits;
  readonly #sessions: () => number;
  readonly #onClosed: (id: number) => void;
  #unconsumed = 0;
  #full = false;
  #held = false;
  /** Bytes sent to the network and not yet reported to the thread. */
  #untold = 0;
  #blocked = false;
  /** The thread's output in this batch, to be written at once. */
  #output: Uint8Array | undefined;
  #moreOutput: Uint8Array[] = [];

  constructor(
    id: number,
    connection: Connection,
    writer: BatchWriter,
    limits: RelayLimits,
    sessions: () => number,
    onClosed: (id: number) => void,
  ) {
    this.id = id;
    this.#connection = connection;
    this.#writer = writer;
    this.#limits = limits;
    this.#sessions = sessions;
    this.#onClosed = onClosed;
  }

  get remote(): string {
    return this.#connection.remote;
  }

  get inputBytes(): number {
    return Math.max(0, this.#unconsumed - this.#limits.creditBytes);
  }

  get outputBytes(): number {
    return this.#connection.pendingBytes;
  }

  data(chunk: Uint8Array): void {
    this.#writer.data(this.id, chunk);
    this.#unconsumed += chunk.length;
    if (this.#full || this.#unconsumed < this.#window) return;
    this.#full = true;
    if (!this.#held) this.#connection.pause();
  }

  end(): void {
    this.#writer.record(kinds.end, this.id);
  }

  drained(): void {
    this.#blocked = false;
    this.#tellTaken();
  }

  closed(error?: Error): void {
    this.#output = undefined;
    this.#writer.record(kinds.closed, this.id, error && Buffer.from(error.message || error.name));
    this.#onClosed(this.id);
  }

  /**
   * Keeps bytes of the thread for `flush`. Returns true for the first bytes since the last flush.
   */
  write(bytes: Uint8Array): boolean {
    if (this.#output !== undefined) {
      this.#moreOutput.push(bytes);
      return false;
    }
    this.#output = bytes;
    return true;
  }

  flush(): void {
    let bytes = this.#output;
    if (bytes === undefined) return;
    if (this.#moreOutput.length > 0) bytes = this.#merge(bytes);
    // Copies, because a slow reader's queue must not keep whole batches alive for a few bytes.
    else if (this.#blocked && bytes.length * 4 < bytes.buffer.byteLength) {
      bytes = new Uint8Array(bytes);
    }
    this.#output = undefined;
    this.#untold += bytes.length;
    if (!this.#connection.write(bytes)) this.#blocked = true;
    else if (!this.#blocked && this.#untold >= this.#limits.creditBytes) this.#tellTaken();
  }

  consumed(count: number): void {
    this.#unconsumed -= count;
    if (!this.#full || this.#unconsumed >= this.#window / 2) return;
    this.#full = false;
    if (!this.#held) this.#connection.resume();
  }

  pause(): void {
    if (this.#held) return;
    this.#held = true;
    if (!this.#full) this.#connection.pause();
  }

  resume(): void {
    if (!this.#held) return;
    this.#held = false;
    if (!this.#full) this.#connection.resume();
  }

  finish(): void {
    this.flush();
    this.#connection.end();
  }

  destroy(error?: Error): void {
    this.flush();
    this.#connection.destroy(error);
  }

  get #window(): number {
    return windowBytes(this.#limits, this.#limits.inputBytesMax, this.#sessions());
  }

  #merge(first: Uint8Array): Uint8Array {
    let length = first.length;
    for (const bytes of this.#moreOutput) length += bytes.length;
    const merged = new Uint8Array(length);
    merged.set(first);
    let at = first.length;
    for (const bytes of this.#moreOutput) {
      merged.set(bytes, at);
      at += bytes.length;
    }
    this.#moreOutput = [];
    return merged;
  }

  #tellTaken(): void {
    if (this.#untold === 0) return;
    this.#writer.credit(this.id, this.#untold);
    this.#untold = 0;
  }
}
