/**
 * One connection through a proxy: the accepted socket, the socket dialled for it, and the bytes of each
 * direction. A stalled direction keeps everything, also the end, like a network that drops packets:
 * neither side gets anything until it flows again.
 */
import { connect, type Socket } from 'node:net';

export type Way = 'toward' | 'back';

export interface Target {
  readonly host: string;
  readonly port: number;
}

/** One direction: from its source's socket to its sink's. */
interface Lane {
  readonly from: Socket;
  readonly to: Socket;
  /** The sink accepts no more at the moment. */
  full: boolean;
  /** The source is gone, and the sink has not been informed. */
  over: boolean;
}

/**
 * Closes a socket that is being ended without a reset. libuv refuses a reset during a shutdown; Node
 * then never closes the handle, and the process spins when it ends.
 */
export function resetNow(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else if (!socket.destroyed) socket.resetAndDestroy();
}

export class WirePair {
  readonly #accepted: Socket;
  readonly #isStalled: (way: Way) => boolean;
  readonly #closed: () => void;
  readonly #target: Target;
  #dialled: Socket | undefined;
  #lanes: Readonly<Record<Way, Lane>> | undefined;

  constructor(
    accepted: Socket,
    target: Target,
    isStalled: (way: Way) => boolean,
    closed: () => void,
  ) {
    this.#accepted = accepted;
    this.#target = target;
    this.#isStalled = isStalled;
    this.#closed = closed;
    accepted.on('error', () => {});
    accepted.once('close', () => this.#gone('toward'));
    accepted.pause();
    this.flow();
  }

  /** Must be called whenever a direction may start or stop flowing. */
  flow(): void {
    // A connection over a stalled direction does not reach the other end.
    if (!this.#dialled && !this.#isStalled('toward')) this.#dial();
    if (!this.#lanes) return;
    for (const way of ['toward', 'back'] as const) this.#flow(way, this.#lanes[way]);
  }

  /** Resets both sides at once. */
  reset(): void {
    for (const socket of [this.#accepted, this.#dialled]) if (socket) resetNow(socket);
  }

  #dial(): void {
    const dialled = connect({ ...this.#target, noDelay: true, allowHalfOpen: true });
    this.#dialled = dialled;
    dialled.on('error', () => {});
    dialled.once('close', () => this.#gone('back'));
    dialled.once('connect', () => {
      this.#lanes = {
        toward: { from: this.#accepted, to: dialled, full: false, over: false },
        back: { from: dialled, to: this.#accepted, full: false, over: false },
      };
      for (const way of ['toward', 'back'] as const) this.#join(way, this.#lanes[way]);
      this.flow();
    });
  }

  #join(way: Way, lane: Lane): void {
    const { from, to } = lane;
    from.on('data', (chunk) => {
      lane.full = !to.write(chunk);
      this.#flow(way, lane);
    });
    to.on('drain', () => {
      lane.full = false;
      this.#flow(way, lane);
    });
    from.once('end', () => to.end());
  }

  #flow(way: Way, lane: Lane): void {
    const stalled = this.#isStalled(way);
    if (lane.over && !stalled) this.reset();
    else if (stalled || lane.full) lane.from.pause();
    else lane.from.resume();
  }

  /** The source of this direction has closed. */
  #gone(way: Way): void {
    if (this.#accepted.destroyed && (!this.#dialled || this.#dialled.destroyed)) {
      this.#closed();
      return;
    }
    const source = way === 'toward' ? this.#accepted : this.#dialled;
    // Both sides ended cleanly: bytes in transit still arrive.
    if (source?.readableEnded && source.writableFinished) return;
    if (this.#lanes && this.#isStalled(way)) this.#lanes[way].over = true;
    else if (this.#lanes || way === 'back') this.reset();
    else if (this.#dialled) this.#dialled.destroy();
    else this.#closed();
  }
}
