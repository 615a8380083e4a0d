/**
 * One end of an in-memory byte pipe. What it writes waits here until the link is open, its delay
 * has passed and the other end reads. Knows its twin, never who listens on top.
 */
import { assert, required } from '../../src/base/assert.js';
import type { Clock } from '../../src/base/clock.js';
import { BazarError } from '../../src/base/errors.js';
import { sessionLimits } from '../../src/base/limits.js';
import type { Connection, ConnectionEvents } from '../../src/net/types.js';

/** Undelivered bytes above which `write` asks the caller to wait. */
const highWaterBytes = 65_536;
/** As over TCP: how long an ended connection waits for the peer to end too. */
const lingerMs = 1_000;
const endMs = sessionLimits.drainMs;

export interface Link {
  state: 'open' | 'cut' | 'silent';
}

export interface MemoryConnectionOptions {
  readonly clock: Clock;
  readonly link: Link;
  readonly node: string;
  readonly remote: string;
  readonly pieceBytesMax: number;
  readonly delayMs: () => number;
  readonly closed: (connection: MemoryConnection) => void;
}

/** Bytes on their way, or the end of the stream. */
interface Piece {
  readonly bytes: Buffer | 'end';
  readonly dueMs: number;
}

export class MemoryConnection implements Connection {
  readonly copies = true;
  readonly remote: string;
  readonly node: string;
  readonly #options: MemoryConnectionOptions;
  readonly #pieces: Piece[] = [];
  #peer: MemoryConnection | undefined;
  #events: ConnectionEvents | undefined;
  #pendingBytes = 0;
  #paused = false;
  #full = false;
  #scheduled = false;
  #ended = false;
  #closed = false;
  #reason: Error | undefined;

  constructor(options: MemoryConnectionOptions) {
    this.#options = options;
    this.remote = options.remote;
    this.node = options.node;
  }

  pair(peer: MemoryConnection): void {
    this.#peer = peer;
  }

  joins(a: string, b: string): boolean {
    const other = required(this.#peer, 'the other end').node;
    return (this.node === a && other === b) || (this.node === b && other === a);
  }

  start(events: ConnectionEvents): void {
    assert(this.#events === undefined, 'a connection is started once');
    this.#events = events;
    this.#peer?.deliverSoon();
    if (this.#closed) this.#tellClosed();
  }

  write(bytes: Uint8Array): boolean {
    if (this.#closed || this.#ended || bytes.length === 0) return true;
    const { clock, delayMs, pieceBytesMax } = this.#options;
    const copy = Buffer.from(bytes);
    const dueMs = clock.nowMs() + delayMs();
    for (let at = 0; at < copy.length; at += pieceBytesMax) {
      this.#pieces.push({ bytes: copy.subarray(at, at + pieceBytesMax), dueMs });
    }
    this.#pendingBytes += copy.length;
    this.deliverSoon();
    if (this.#pendingBytes < highWaterBytes) return true;
    this.#full = true;
    return false;
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#peer?.deliverSoon();
  }

  end(): void {
    if (this.#ended || this.#closed) return;
    this.#ended = true;
    this.#paused = false;
    this.#peer?.deliverSoon();
    const { clock, delayMs } = this.#options;
    this.#pieces.push({ bytes: 'end', dueMs: clock.nowMs() + delayMs() });
    clock.after(endMs, () => this.destroy());
    this.deliverSoon();
  }

  destroy(error?: Error): void {
    if (this.#closed) return;
    this.#close(error);
    const clean = this.#ended && this.#pieces.length === 0;
    this.#peer?.broken(clean ? undefined : new Error('ECONNRESET'));
  }

  /** The other end is gone; what it had not delivered is lost. */
  broken(error: Error | undefined): void {
    if (this.#options.link.state === 'silent' || this.#closed) return;
    this.#close(error);
  }

  /** The link is open again: what happened meanwhile becomes known. */
  healed(): void {
    if (required(this.#peer, 'the other end').#closed) this.broken(new Error('ECONNRESET'));
    else this.deliverSoon();
  }

  /** Moves on what waits here, once its time has come. */
  deliverSoon(): void {
    const first = this.#pieces[0];
    if (first === undefined || this.#scheduled) return;
    this.#scheduled = true;
    const clock = this.#options.clock;
    const waitMs = first.dueMs - clock.nowMs();
    const deliver = (): void => {
      this.#scheduled = false;
      this.#deliver();
    };
    if (waitMs > 0) clock.after(waitMs, deliver);
    else clock.afterTurn(deliver);
  }

  #deliver(): void {
    const peer = required(this.#peer, 'the other end');
    const nowMs = this.#options.clock.nowMs();
    while (peer.#readable() && this.#options.link.state === 'open' && !this.#closed) {
      const piece = this.#pieces[0];
      if (piece === undefined || piece.dueMs > nowMs) break;
      this.#pieces.shift();
      if (piece.bytes === 'end') {
        this.#options.clock.after(lingerMs, () => this.destroy());
        peer.#endOfPeer();
      } else {
        this.#pendingBytes -= piece.bytes.length;
        if (!peer.#ended) peer.#events?.data(piece.bytes);
        // A receiver that kept the chunk past its time shall notice.
        piece.bytes.fill(0xdd);
      }
    }
    if (this.#full && this.#pendingBytes === 0 && !this.#closed) {
      this.#full = false;
      this.#events?.drained?.();
    }
    if (peer.#readable() && this.#options.link.state === 'open') this.deliverSoon();
  }

  #readable(): boolean {
    return this.#events !== undefined && !this.#paused && !this.#closed;
  }

  #endOfPeer(): void {
    this.#events?.end?.();
    // Both sides have ended: whichever end arrives second closes the two.
    if (this.#ended && this.#pieces.length === 0) this.destroy();
  }

  #close(error: Error | undefined): void {
    this.#closed = true;
    this.#reason =
      error === undefined || error instanceof BazarError
        ? error
        : new BazarError('unavailable', `connection to ${this.remote} lost: ${error.message}`, {
            cause: error,
          });
    this.#options.closed(this);
    if (this.#events !== undefined) this.#tellClosed();
  }

  #tellClosed(): void {
    this.#options.clock.afterTurn(() => this.#events?.closed(this.#reason));
  }
}
