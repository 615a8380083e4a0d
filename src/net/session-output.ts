/**
 * The outgoing half of a session: frames are collected in one writer and leave in one write at the
 * end of the turn. So all sessions that were read in a turn write one after the other: a peer that
 * serves many of them is woken once for all, not again for each. Knows no message. Invariant:
 * whoever wrote a frame calls `wrote`, and then it leaves at the end of this turn, or of the next one
 * where this one is ending.
 */
import type { Clock } from '../base/clock.js';
import { FrameWriter } from '../wire/frame.js';
import type { Connection } from './types.js';

/** So much is written early, before the turn ends. */
const flushBytes = 262_144;

export interface OutputEvents {
  /** All that was written so far has been given to the network. */
  readonly sent: () => void;
  /**
   * A flush has ended, whether or not there was anything to send. What leaves early is not told: it
   * is so much that a connection which cannot take it tells when it has drained.
   */
  readonly flushed: () => void;
}

export class SessionOutput {
  readonly writer = new FrameWriter();
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #events: OutputEvents;
  readonly #endOfTurn: () => void;
  /** The connection, to which nobody else writes, has no more than this left to give to the network. */
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

  /** As `pendingBytes > max`; asks the connection only where its bytes could matter. */
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

  /** A flush at the end of this turn, even where there is nothing to write. */
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
    // Last: where the write led to a look at the connection, this can only make it too much.
    this.#unsentMost += length;
    this.#events.sent();
  }
}
