/**
 * The outgoing half of a session. Frames are collected in one writer and leave in one write at the end
 * of the turn. So all sessions read in a turn write one after the other, and a peer that serves many of
 * them wakes up once. Does not depend on the messages. Invariant: code that writes a frame calls
 * `wrote`; the frame then leaves at the end of this turn, or of the next one if this turn is already
 * ending.
 */
import type { Clock } from '../base/clock.js';
import { FrameWriter } from '../wire/frame.js';
import type { Connection } from './types.js';

/** Output of this size is written before the turn ends. */
const flushBytes = 262_144;

export interface OutputEvents {
  /** All output so far has been passed to the network. */
  readonly sent: () => void;
  /**
   * A flush has ended, with or without output. Output that leaves early is not reported: it is so large
   * that a connection that cannot take it reports when it has drained.
   */
  readonly flushed: () => void;
}

export class SessionOutput {
  readonly writer = new FrameWriter();
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #events: OutputEvents;
  readonly #endOfTurn: () => void;
  /**
   * Upper bound on the bytes that the connection still has to pass to the network. The session is the
   * only writer.
   */
  #unsentMost = 0;
  #scheduled = false;
  #closed = false;

  constructor(connection: Connection, clock: Clock, events: OutputEvents) {
    this.#connection = connection;
    this.#clock = clock;
    this.#events = events;
    this.#endOfTurn = () => {
      this.#scheduled = false;
      this.flush();
    };
  }

  /** Bytes not yet taken by the network. */
  get pendingBytes(): number {
    return this.writer.length + this.#connection.pendingBytes;
  }

  /** Equals `pendingBytes > max`, but asks the connection only if its bytes could matter. */
  exceeds(max: number): boolean {
    if (this.writer.length + this.#unsentMost <= max) return false;
    this.#unsentMost = this.#connection.pendingBytes;
    return this.writer.length + this.#unsentMost > max;
  }

  wrote(): void {
    if (this.#closed) {
      this.writer.rewind(0);
    } else if (this.writer.length > flushBytes) {
      this.#send();
    } else {
      this.soon();
    }
  }

  /** Requests a flush at the end of this turn, even without output. */
  soon(): void {
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    this.#clock.afterTurn(this.#endOfTurn);
  }

  flush(): void {
    if (this.#closed) return;
    this.#send();
    this.#events.flushed();
  }

  close(): void {
    this.#closed = true;
    this.writer.rewind(0);
  }

  #send(): void {
    if (this.writer.length === 0) return;
    const connection = this.#connection;
    const { length } = this.writer;
    if (connection.copies) this.writer.copyTo(connection);
    else connection.write(this.writer.take());
    // After the write: if the write reads the connection's count, this sum is only an upper bound.
    this.#unsentMost += length;
    this.#events.sent();
  }
}
