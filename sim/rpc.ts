/**
 * Requests, answers and notifications over a simulated connection, as plain values: the model of the
 * sessions and clients of src/net, without bytes. Values are copied, so that no two lives share an
 * object. Errors and their codes are those of the real ones.
 */
import type { Timer } from '../src/base/clock.js';
import { BazarError, toBazarError } from '../src/base/errors.js';
import { tooLateToSend } from '../src/net/pending-calls.js';
import { copied } from './copied.js';
import type { Network } from './network.js';
import type { Life } from './process.js';
import type { Side, Wire } from './wire.js';

export type Callback = (error: BazarError | undefined, result: unknown) => void;

export interface Reply {
  result(value: unknown): void;
  fail(error: BazarError): void;
}

export interface Handler {
  request(session: Session, method: string, params: unknown, reply: Reply): void;
  notification?(session: Session, method: string, params: unknown): void;
  closed?(session: Session): void;
}

interface Pending {
  readonly callback: Callback;
  readonly timer: Timer;
}

/** One end of a connection. */
export class Session {
  readonly remote: string;
  readonly #wire: Wire;
  readonly #side: Side;
  readonly #handler: Handler;
  readonly #life: Life;
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;
  #peer: Session | undefined;
  #closed = false;

  constructor(wire: Wire, side: Side, handler: Handler) {
    this.#wire = wire;
    this.#side = side;
    this.#handler = handler;
    this.#life = wire.life(side);
    this.remote = wire.life(side === 0 ? 1 : 0).name;
    wire.onClosed(side, () => this.#lost());
  }

  /** Connects both ends. */
  join(peer: Session): void {
    this.#peer = peer;
    peer.#peer = this;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get wire(): Wire {
    return this.#wire;
  }

  /** Whether both ends are open. */
  get isWhole(): boolean {
    return !this.#closed && this.#peer !== undefined && !this.#peer.#closed;
  }

  request(method: string, params: unknown, timeoutMs: number, callback: Callback): void {
    if (this.#closed) {
      const error = new BazarError('unavailable', `the connection to ${this.remote} is closed`);
      this.#life.afterTurn(() => callback(error, undefined));
      return;
    }
    if (timeoutMs <= 0) {
      this.#life.afterTurn(() => callback(tooLateToSend('no time is left'), undefined));
      return;
    }
    const id = this.#nextId++;
    const timer = this.#life.after(timeoutMs, () => {
      this.#pending.delete(id);
      const details = { unknown: true };
      callback(new BazarError('deadline_exceeded', 'no answer in time', { details }), undefined);
    });
    this.#pending.set(id, { callback, timer });
    const value = copied(params);
    this.#toPeer((peer) => peer.#asked(id, method, value));
  }

  call(method: string, params: unknown, timeoutMs: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.request(method, params, timeoutMs, (error, result) => {
        if (error === undefined) resolve(result);
        else reject(error);
      });
    });
  }

  notify(method: string, params: unknown): boolean {
    if (this.#closed) return false;
    const value = copied(params);
    this.#toPeer((peer) => peer.#told(method, value));
    return true;
  }

  end(): void {
    this.destroy();
  }

  destroy(_error?: Error): void {
    if (this.#closed) return;
    this.#wire.close(this.#side);
    this.#lost();
  }

  /** A cause never crosses the wire; here it shows a bug. */
  #unexpected(method: string, cause: unknown): void {
    const text = cause instanceof Error ? cause.stack : String(cause);
    this.#wire.trace(() => `${this.#life.name}: ${method} failed: ${text}`);
  }

  #toPeer(deliver: (peer: Session) => void): void {
    this.#wire.send(this.#side, () => {
      if (this.#peer) deliver(this.#peer);
    });
  }

  #asked(id: number, method: string, params: unknown): void {
    if (this.#closed) return;
    const answer = (error: BazarError | undefined, value: unknown): void => {
      if (this.#closed || this.#life.dead) return;
      const result = copied(value);
      if (error?.cause) this.#unexpected(method, error.cause);
      const wireError = error?.toWire();
      this.#toPeer((peer) => peer.#answered(id, wireError, result));
    };
    const reply: Reply = {
      result: (value) => answer(undefined, value),
      fail: (error) => answer(error, undefined),
    };
    try {
      this.#handler.request(this, method, params, reply);
    } catch (error) {
      reply.fail(toBazarError(error));
    }
  }

  #told(method: string, params: unknown): void {
    if (!this.#closed) this.#handler.notification?.(this, method, params);
  }

  #answered(
    id: number,
    error: ReturnType<BazarError['toWire']> | undefined,
    result: unknown,
  ): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    pending.timer.cancel();
    pending.callback(error && BazarError.fromWire(error), result);
  }

  #lost(): void {
    if (this.#closed) return;
    this.#closed = true;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { callback, timer } of pending) {
      timer.cancel();
      const details = { unknown: true };
      const message = `${this.remote} closed the connection`;
      callback(new BazarError('unavailable', message, { details }), undefined);
    }
    this.#handler.closed?.(this);
  }
}

export function listen(
  network: Network,
  life: Life,
  port: string,
  newHandler: (remote: string) => Handler,
): void {
  network.listen(life, `${life.name}/${port}`, (wire) => {
    pair(wire, new Session(wire, 1, newHandler(wire.life(0).name)));
  });
}

/** Connections with one side started. */
const halves = new WeakMap<Wire, Session>();

/** A paused listener may start its side later than the client. */
export function pair(wire: Wire, session: Session): void {
  const other = halves.get(wire);
  if (other) session.join(other);
  else halves.set(wire, session);
}
