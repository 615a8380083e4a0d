/**
 * A session as its thread uses it: a Connection whose socket is on the owner. Uses no thread and no
 * port, only the batch to which it writes. Invariant: `closed` is called once, last; input that
 * arrives while paused, or before `start`, is queued in order.
 */
import { assert } from '../base/assert.js';
import type { Connection, ConnectionEvents } from '../net/types.js';
import { type BatchWriter, kinds } from './batch.js';
import { type RelayLimits, windowBytes } from './limits.js';

export class RelayedConnection implements Connection {
  readonly remote: string;
  readonly copies = true;
  readonly #id: number;
  readonly #writer: BatchWriter;
  readonly #limits: RelayLimits;
  readonly #sessions: () => number;
  /** Called with the error of a handler; closes this session. */
  readonly #failed: (connection: RelayedConnection, error: unknown) => void;
  #events: ConnectionEvents | undefined;
  #waiting: Uint8Array[] = [];
  #paused = false;
  #peerEnded = false;
  /** True after `end`: no more writes. */
  #ended = false;
  #destroyed = false;
  #destroyError: Error | undefined;
  #closed: { readonly error: Error | undefined } | undefined;
  #consumed = 0;
  #outstanding = 0;

  constructor(
    id: number,
    remote: string,
    writer: BatchWriter,
    limits: RelayLimits,
    sessions: () => number,
    failed: (connection: RelayedConnection, error: unknown) => void,
  ) {
    this.remote = remote;
    this.#id = id;
    this.#writer = writer;
    this.#limits = limits;
    this.#sessions = sessions;
    this.#failed = failed;
  }

  get id(): number {
    return this.#id;
  }

  /** A lower bound, exact to within `creditBytes`, so that it returns to 0. */
  get pendingBytes(): number {
    return Math.max(0, this.#outstanding - this.#limits.creditBytes);
  }

  start(events: ConnectionEvents): void {
    assert(!this.#events, 'a connection is started once');
    this.#events = events;
    this.#releaseSoon();
  }

  write(bytes: Uint8Array): boolean {
    if (this.#ended || this.#closed) return false;
    this.#writer.data(this.#id, bytes);
    this.#outstanding += bytes.length;
    const { outputBytesMax } = this.#limits;
    return this.#outstanding < windowBytes(this.#limits, outputBytesMax, this.#sessions());
  }

  pause(): void {
    if (this.#paused || this.#closed) return;
    this.#paused = true;
    this.#writer.record(kinds.pause, this.#id);
  }

  resume(): void {
    if (!this.#paused || this.#closed) return;
    this.#paused = false;
    this.#writer.record(kinds.resume, this.#id);
    this.#releaseSoon();
  }

  end(): void {
    if (this.#ended || this.#closed) return;
    this.#ended = true;
    this.#writer.record(kinds.end, this.#id);
  }

  destroy(error?: Error): void {
    if (this.#destroyed || this.#closed) return;
    this.abort(error);
    this.#writer.record(kinds.closed, this.#id);
  }

  /** Drops further input and handler calls after the request to close. */
  abort(error: Error | undefined): void {
    this.#ended = true;
    this.#destroyed = true;
    this.#destroyError = error;
    this.#waiting = [];
  }

  received(bytes: Uint8Array): void {
    if (this.#destroyed) return;
    if (!this.#events || this.#paused || this.#waiting.length > 0) {
      // A copy: a view would keep the bytes of all sessions of its batch.
      this.#waiting.push(new Uint8Array(bytes));
    } else {
      this.#deliver(this.#events, bytes);
    }
  }

  peerEnded(): void {
    this.#peerEnded = true;
    this.#release();
  }

  taken(count: number): void {
    const pending = this.pendingBytes;
    this.#outstanding -= count;
    if (pending === 0 || this.pendingBytes > 0 || this.#destroyed) return;
    try {
      this.#events?.drained?.();
    } catch (error) {
      this.#failed(this, error);
    }
  }

  socketClosed(error: Error | undefined): void {
    this.#closed = { error: this.#destroyError ?? error };
    // The session is closed, so queued input of a paused session cannot be answered. Before `start`
    // it is kept.
    if (this.#events) this.#waiting = [];
    this.#paused = false;
    this.#release();
  }

  #deliver(events: ConnectionEvents, bytes: Uint8Array): void {
    try {
      events.data(bytes);
    } catch (error) {
      this.#failed(this, error);
    }
    this.#consumed += bytes.length;
    if (this.#consumed < this.#limits.creditBytes || this.#closed) return;
    this.#writer.credit(this.#id, this.#consumed);
    this.#consumed = 0;
  }

  /**
   * In a later turn: a caller of `resume` or `start` does not expect a callback before it returns.
   */
  #releaseSoon(): void {
    if (this.#waiting.length > 0 || this.#peerEnded || this.#closed) {
      queueMicrotask(() => this.#release());
    }
  }

  #release(): void {
    const events = this.#events;
    if (!events) return;
    const waiting = this.#waiting;
    let given = 0;
    while (given < waiting.length && !this.#paused && !this.#destroyed) {
      const bytes = waiting[given++];
      if (bytes) this.#deliver(events, bytes);
    }
    if (this.#destroyed) this.#waiting = [];
    else waiting.splice(0, given);
    if (this.#paused) return;
    this.#giveEnd(events);
    this.#giveClosed(events);
  }

  #giveEnd(events: ConnectionEvents): void {
    if (!this.#peerEnded || this.#destroyed) return;
    this.#peerEnded = false;
    try {
      events.end?.();
    } catch (error) {
      this.#failed(this, error);
    }
  }

  #giveClosed(events: ConnectionEvents): void {
    if (!this.#closed) return;
    const { error } = this.#closed;
    this.#events = undefined;
    this.#ended = true;
    this.#destroyed = true;
    try {
      events.closed(error);
    } catch (failure) {
      this.#failed(this, failure);
    }
  }
}
