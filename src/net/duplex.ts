/**
 * A connection as a Node stream, so that node:http can serve it (its 'connection' event) and TLS can
 * wrap it. Keeps backpressure in both directions, and holds input back while the reader has no room. It
 * implements only those socket methods that the HTTP server calls, and does not depend on HTTP.
 */
import { Duplex } from 'node:stream';
import type { Clock, Timer } from '../base/clock.js';
import { systemClock } from '../base/clock.js';
import type { Connection } from './types.js';

/** A stream whose reader sets, between two pieces, how much it accepts: it cannot return input. */
export interface Holding {
  /** Bytes that have arrived and that the reader does not accept yet. */
  heldBytes(): number;
  /**
   * Asks `wanted`, in bytes, before each piece. After it returned 0, the reader calls the returned
   * function to continue.
   */
  holdBack(wanted: () => number): () => void;
}

/** The socket members that the HTTP server needs beside the stream. */
export interface SocketMethods extends Holding {
  readonly remoteAddress: string;
  setTimeout(ms: number, callback?: () => void): Duplex;
  setNoDelay(): Duplex;
  setKeepAlive(): Duplex;
  ref(): Duplex;
  unref(): Duplex;
  destroySoon(): void;
}

export function connectionDuplex(
  connection: Connection,
  clock: Clock = systemClock,
): Duplex & SocketMethods {
  let waiting: (() => void) | undefined;
  let lingers = false;
  let isEnded = false;
  let isFlowing = true;
  const idle = idleTimer(clock, () => duplex.emit('timeout'));
  const input = new HeldInput((piece) => duplex.push(piece));

  const send = (bytes: Uint8Array, done: (error?: Error | null) => void): void => {
    idle.touch();
    if (connection.write(bytes)) done();
    else waiting = done;
  };

  const duplex = new Duplex({
    allowHalfOpen: true,
    decodeStrings: true,
    read() {
      input.isWanted = true;
      if (input.isEmpty) flow(true);
      // The stream would not read pieces one by one if they were pushed before this returns.
      else queueMicrotask(give);
    },
    write: (chunk: Buffer, _encoding, done) => send(chunk, done),
    // Headers and body of an answer are corked, so they leave as one piece.
    writev: (chunks, done) => send(Buffer.concat(chunks.map((each) => each.chunk)), done),
    final(done) {
      connection.end();
      done();
    },
    destroy(error, done) {
      idle.stop();
      connection.destroy(error ?? undefined);
      done(error);
    },
  });

  const flow = (isWanted: boolean): void => {
    if (isWanted === isFlowing) return;
    isFlowing = isWanted;
    if (isWanted) connection.resume();
    else connection.pause();
  };

  const give = (): void => {
    if (duplex.destroyed) return;
    input.give();
    flow(input.isEmpty && input.isWanted);
    if (input.isEmpty && isEnded && !duplex.readableEnded) duplex.push(null);
  };

  connection.start({
    data(chunk) {
      if (lingers) return;
      idle.touch();
      input.add(Buffer.from(chunk));
      give();
    },
    end() {
      isEnded = true;
      give();
    },
    drained() {
      const done = waiting;
      waiting = undefined;
      done?.();
    },
    closed(error) {
      // A closed peer gets no answers to input that was not read yet.
      if (input.isHeld) input.drop();
      const isRead = duplex.readableLength === 0 && input.isEmpty;
      if (error !== undefined || lingers || isRead) {
        duplex.destroy(error);
        return;
      }
      // The reader still has to read the received input.
      duplex.once('end', () => duplex.destroy());
      isEnded = true;
      give();
    },
  });

  return Object.assign(duplex, {
    remoteAddress: connection.remote,
    heldBytes: () => input.bytes,
    holdBack(wanted: () => number) {
      input.wanted = wanted;
      return give;
    },
    setTimeout(ms: number, callback?: () => void) {
      if (callback !== undefined && ms > 0) duplex.once('timeout', callback);
      idle.set(ms);
      return duplex;
    },
    setNoDelay: () => duplex,
    setKeepAlive: () => duplex,
    ref: () => duplex,
    unref: () => duplex,
    // The peer may still be sending. Closing with unread input would reset the connection, and the peer
    // might lose the answer. An ended connection drops its input and closes after a time.
    destroySoon() {
      lingers = true;
      input.drop();
      flow(true);
      if (!duplex.writableEnded) duplex.end();
    },
  });
}

/** Input that has arrived and that the reader does not have yet. */
class HeldInput {
  /** Undefined: no limit. */
  wanted: (() => number) | undefined;
  /** The reader has room. */
  isWanted = true;
  bytes = 0;
  readonly #push: (piece: Buffer) => boolean;
  #chunks: Buffer[] = [];

  constructor(push: (piece: Buffer) => boolean) {
    this.#push = push;
  }

  get isEmpty(): boolean {
    return this.#chunks.length === 0;
  }

  get isHeld(): boolean {
    return this.wanted !== undefined && this.wanted() === 0;
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.bytes += chunk.length;
  }

  drop(): void {
    this.#chunks = [];
    this.bytes = 0;
  }

  give(): void {
    while (this.isWanted) {
      const [chunk] = this.#chunks;
      if (chunk === undefined) return;
      const wanted = this.wanted?.() ?? chunk.length;
      if (wanted === 0) return;
      const piece = chunk.subarray(0, wanted);
      if (piece.length === chunk.length) this.#chunks.shift();
      else this.#chunks[0] = chunk.subarray(wanted);
      this.bytes -= piece.length;
      this.isWanted = this.#push(piece);
    }
  }
}

interface IdleTimer {
  set(ms: number): void;
  touch(): void;
  stop(): void;
}

/** Fires after `ms` without activity; activity does not restart a timer. */
function idleTimer(clock: Clock, fire: () => void): IdleTimer {
  let timer: Timer | undefined;
  let idleMs = 0;
  let touchedMs = 0;
  const arm = (ms: number): void => {
    timer = clock.after(ms, () => {
      const restMs = touchedMs + idleMs - clock.nowMs();
      if (restMs > 0) {
        arm(restMs);
        return;
      }
      timer = undefined;
      fire();
    });
  };
  return {
    set(ms) {
      timer?.cancel();
      timer = undefined;
      idleMs = ms;
      touchedMs = clock.nowMs();
      if (ms > 0) arm(ms);
    },
    touch() {
      if (timer !== undefined) touchedMs = clock.nowMs();
    },
    stop() {
      timer?.cancel();
      timer = undefined;
    },
  };
}
