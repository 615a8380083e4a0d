/**
 * A connection to one port that reconnects: the model of the client in src/net. A request without a
 * connection waits for one, until its deadline.
 */
import { BazarError } from '../src/base/errors.js';
import type { Random } from '../src/base/random.js';
import { tooLateToSend } from '../src/net/pending-calls.js';
import { copied } from './copied.js';
import type { Network } from './network.js';
import type { Life } from './process.js';
import { type Callback, type Handler, pair, Session } from './rpc.js';
import type { Wire } from './wire.js';

const reconnectMinMs = 10;
const reconnectMaxMs = 1_000;

export interface LinkOptions {
  readonly network: Network;
  readonly life: Life;
  readonly random: Random;
  readonly to: string;
  readonly port: string;
  readonly handler?: Handler;
  readonly connected?: () => void;
  readonly disconnected?: () => void;
}

interface Queued {
  readonly method: string;
  readonly params: unknown;
  readonly deadlineMs: number;
  readonly callback: Callback;
}

const noHandler: Handler = {
  request: (_session, method) => {
    throw new BazarError('unknown_method', `unknown method "${method}"`);
  },
};

export class Link {
  readonly name: string;
  readonly #options: LinkOptions;
  #session: Session | undefined;
  #queue: Queued[] = [];
  #failures = 0;
  #closed = false;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.name = options.to;
  }

  start(): void {
    const { network, life, to, port } = this.#options;
    if (this.#closed) return;
    network.dial(life, to, port, (wire) => (wire ? this.#opened(wire) : this.#failed()));
  }

  get connected(): boolean {
    return this.#session !== undefined;
  }

  /** The current connection. */
  get session(): Session | undefined {
    return this.#session;
  }

  call(method: string, params: unknown, timeoutMs: number): Promise<unknown> {
    if (this.#session) return this.#session.call(method, params, timeoutMs);
    return new Promise((resolve, reject) => {
      const { life } = this.#options;
      const queued: Queued = {
        method,
        params: copied(params),
        deadlineMs: life.nowMs() + timeoutMs,
        callback: (error, result) => (error ? reject(error) : resolve(result)),
      };
      this.#queue.push(queued);
      life.after(timeoutMs, () => {
        const at = this.#queue.indexOf(queued);
        if (at < 0) return;
        this.#queue.splice(at, 1);
        reject(tooLateToSend('no connection in time'));
      });
    });
  }

  notify(method: string, params: unknown): boolean {
    return this.#session?.notify(method, params) ?? false;
  }

  close(): void {
    this.#closed = true;
    this.#session?.end();
  }

  #opened(wire: Wire): void {
    const { handler = noHandler, life, connected, disconnected } = this.#options;
    const session: Session = new Session(wire, 0, {
      request: (at, method, params, reply) => handler.request(at, method, params, reply),
      notification: (at, method, params) => handler.notification?.(at, method, params),
      closed: () => {
        this.#session = undefined;
        if (this.#closed) return;
        disconnected?.();
        this.#later();
      },
    });
    pair(wire, session);
    if (this.#closed) {
      session.end();
      return;
    }
    this.#session = session;
    this.#failures = 0;
    connected?.();
    for (const { method, params, deadlineMs, callback } of this.#queue.splice(0)) {
      session.request(method, params, deadlineMs - life.nowMs(), callback);
    }
  }

  #failed(): void {
    this.#failures += 1;
    for (const { callback } of this.#queue.splice(0)) {
      callback(new BazarError('unavailable', `${this.name} cannot be reached`), undefined);
    }
    this.#later();
  }

  #later(): void {
    const { life, random } = this.#options;
    const backoffMs = Math.min(reconnectMaxMs, reconnectMinMs * 2 ** Math.min(this.#failures, 16));
    life.after(backoffMs * (0.5 + random.fraction() / 2), () => this.start());
  }
}
