/**
 * A connection as a Node stream, so that node:http can serve it (its 'connection' event) and TLS
 * can wrap it. Keeps backpressure both ways. It has just those methods of a socket that the HTTP
 * server calls. Knows nothing of HTTP.
 */
import { Duplex } from 'node:stream';
import type { Clock, Timer } from '../base/clock.js';
import { systemClock } from '../base/clock.js';
import type { Connection } from './types.js';

/** What the HTTP server expects of a socket beside the stream. */
export interface SocketMethods {
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
  const idle = idleTimer(clock, () => duplex.emit('timeout'));

  const send = (bytes: Uint8Array, done: (error?: Error | null) => void): void => {
    idle.touch();
    if (connection.write(bytes)) done();
    else waiting = done;
  };

  const duplex = new Duplex({
    allowHalfOpen: true,
    decodeStrings: true,
    read: () => connection.resume(),
    write: (chunk: Buffer, _encoding, done) => send(chunk, done),
    // Headers and body of an answer come corked: they leave as one piece.
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

  connection.start({
    data(chunk) {
      if (lingers) return;
      idle.touch();
      if (!duplex.push(Buffer.from(chunk))) connection.pause();
    },
    end: () => void duplex.push(null),
    drained() {
      const done = waiting;
      waiting = undefined;
      done?.();
    },
    closed(error) {
      if (error !== undefined || lingers || duplex.readableLength === 0) {
        duplex.destroy(error);
        return;
      }
      // What was received is still to be read.
      duplex.once('end', () => duplex.destroy());
      if (!duplex.readableEnded) duplex.push(null);
    },
  });

  return Object.assign(duplex, {
    remoteAddress: connection.remote,
    setTimeout(ms: number, callback?: () => void) {
      if (callback !== undefined && ms > 0) duplex.once('timeout', callback);
      idle.set(ms);
      return duplex;
    },
    setNoDelay: () => duplex,
    setKeepAlive: () => duplex,
    ref: () => duplex,
    unref: () => duplex,
    // The peer may still be sending. Closing over unread input would reset the connection, so that
    // the peer might lose the answer; an ended connection drops its input and closes in time.
    destroySoon() {
      lingers = true;
      if (!duplex.writableEnded) duplex.end();
    },
  });
}

interface IdleTimer {
  set(ms: number): void;
  touch(): void;
  stop(): void;
}

/** Fires after `ms` without a touch; a touch costs no timer. */
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
