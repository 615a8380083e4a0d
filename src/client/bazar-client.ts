/**
 * The client library: the store's operations over the raw protocol, at one frontend or several. A
 * call is tried again, elsewhere if need be, until its deadline; a purchase keeps its key through
 * all attempts, or has none and is sent once, so it happens at most once. Every method rejects with
 * a BazarError, or with the reason of the signal that aborted it.
 */
import { type Address, parseAddress } from '../base/address.js';
import { type Clock, waitingClock } from '../base/clock.js';
import { BazarError, toBazarError } from '../base/errors.js';
import { type Random, systemRandom } from '../base/random.js';
import { retry } from '../frontend/reads/retry.js';
import type { AuditReport, StoreStatus } from '../frontend/types.js';
import { tcpTransport } from '../net/tcp-transport.js';
import { type TlsTrust, tlsClientTransport } from '../net/tls-transport.js';
import type { Transport } from '../net/types.js';
import type { Changed, Order, Orders, Params, Placed, Product, Products } from '../wire/schemas.js';
import { type Answers, readAnswer } from './answers.js';
import { Lines } from './lines.js';

export type { Address } from '../base/address.js';
export { BazarError, type ErrorCode } from '../base/errors.js';
export type {
  AuditProduct,
  AuditReport,
  FrontendStatus,
  MemberStatus,
  StoreStatus,
} from '../frontend/types.js';
export type { TlsTrust } from '../net/tls-transport.js';
export type { Order, Orders, Params, Placed, Product, Products } from '../wire/schemas.js';

const timeoutMs = 10_000;
/** The audit walks all logs. */
const auditTimeoutMs = 60_000;
/** A frontend that hangs costs a call so much, and not its whole time. */
const attemptMaxMs = 3_000;

export interface BazarClientOptions {
  /** Raw addresses of frontends, as `127.0.0.1:8181`. */
  readonly addresses: readonly (Address | string)[];
  /** Gives admin rights. */
  readonly token?: string;
  /** How long a call may take with all its attempts. */
  readonly timeoutMs?: number;
  /** A call fails as soon as no frontend can be connected to, and not at its deadline. */
  readonly failFast?: boolean;
  /** Named to the frontend in the handshake. */
  readonly name?: string;
  /** Speaks TLS; with `ca` (PEM) it believes that authority, else those that Node knows. */
  readonly tls?: TlsTrust;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly transport?: Transport;
}

export interface CallOptions {
  readonly timeoutMs?: number;
  /**
   * Once it is aborted the call rejects with its reason, and no further attempt is made. What was sent
   * before may happen all the same: the key of a purchase tells.
   */
  readonly signal?: AbortSignal;
}

export interface BuyOptions extends CallOptions {
  /**
   * False: no key is made. The store then remembers nothing of the purchase for its repeats, and may
   * refuse it from a cache; where its answer is lost it is not sent again, and whether it happened
   * is for the caller to find out. It says nothing of a key that the purchase brings.
   */
  readonly key?: boolean;
}

export class BazarClient {
  readonly #lines: Lines;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #timeoutMs: number;

  constructor(options: BazarClientOptions) {
    const { clock = waitingClock, random = systemRandom, tls } = options;
    const { transport = tls ? tlsClientTransport(tls) : tcpTransport } = options;
    this.#clock = clock;
    this.#random = random;
    this.#timeoutMs = options.timeoutMs ?? timeoutMs;
    this.#lines = new Lines({
      addresses: options.addresses.map(readAddress),
      token: options.token,
      failFast: options.failFast ?? false,
      name: options.name ?? 'bazar-client',
      clock,
      random,
      transport,
    });
  }

  lookup(item: Params<'lookup'>, options?: CallOptions): Promise<Product> {
    return this.#ask('lookup', item, options);
  }

  /** One page; ask again with `after: next` while there is a `next`. */
  search(params: Params<'search'>, options?: CallOptions): Promise<Products> {
    return this.#ask('search', params, options);
  }

  /** Without a key one is made, unless told not to, so that the attempts of this call buy once. */
  buy(params: Params<'buy'>, { key = true, ...options }: BuyOptions = {}): Promise<Placed> {
    if (params.key !== undefined) return this.#ask('buy', params, options);
    if (!key) return this.#change('buy', params, options);
    return this.#ask('buy', { ...params, key: this.#random.uuid() }, options);
  }

  order(number: number, options?: CallOptions): Promise<Order> {
    return this.#ask('order', { number }, options);
  }

  /** Newest last; one page. Needs the admin token. */
  orders(params: Params<'orders'> = {}, options?: CallOptions): Promise<Orders> {
    return this.#ask('orders', params, options);
  }

  /** Under a key a change is sent again when its answer is lost, and happens once. */
  addProduct(params: Params<'add_product'>, options?: CallOptions): Promise<Changed> {
    return this.#changeProduct('add_product', params, options);
  }

  updateProduct(params: Params<'update_product'>, options?: CallOptions): Promise<Changed> {
    return this.#changeProduct('update_product', params, options);
  }

  removeProduct(params: Params<'remove_product'>, options?: CallOptions): Promise<Changed> {
    return this.#changeProduct('remove_product', params, options);
  }

  status(options?: CallOptions): Promise<StoreStatus> {
    return this.#ask('status', {}, options);
  }

  async ping(options?: CallOptions): Promise<void> {
    await this.#ask('ping', {}, options);
  }

  /** Needs the admin token. */
  audit(options: CallOptions = { timeoutMs: auditTimeoutMs }): Promise<AuditReport> {
    return this.#call('audit', {}, { ...options, idempotent: true, attemptMaxMs: auditTimeoutMs });
  }

  /** What still waits fails as `unavailable`. */
  close(): void {
    this.#lines.close();
  }

  /** Asking twice is the same as asking once. */
  #ask<M extends keyof Answers>(
    method: M,
    params: unknown,
    options: CallOptions = {},
  ): Promise<Answers[M]> {
    return this.#call(method, params, { ...options, idempotent: true, attemptMaxMs });
  }

  /** A change may have happened though its answer was lost: it is not tried again then. */
  #change<M extends keyof Answers>(
    method: M,
    params: unknown,
    options: CallOptions = {},
  ): Promise<Answers[M]> {
    const attemptMaxMs = Number.POSITIVE_INFINITY;
    return this.#call(method, params, { ...options, idempotent: false, attemptMaxMs });
  }

  #changeProduct<M extends 'add_product' | 'update_product' | 'remove_product'>(
    method: M,
    params: Params<M>,
    options?: CallOptions,
  ): Promise<Answers[M]> {
    if (params.key === undefined) return this.#change(method, params, options);
    return this.#ask(method, params, options);
  }

  #call<M extends keyof Answers>(
    method: M,
    params: unknown,
    options: CallOptions & { idempotent: boolean; attemptMaxMs: number },
  ): Promise<Answers[M]> {
    const { signal } = options;
    if (signal?.aborted) return Promise.reject(signal.reason);
    const answer = this.#attempt(method, params, options);
    return signal ? untilAborted(answer, signal) : answer;
  }

  async #attempt<M extends keyof Answers>(
    method: M,
    params: unknown,
    options: CallOptions & { idempotent: boolean; attemptMaxMs: number },
  ): Promise<Answers[M]> {
    const clock = this.#clock;
    const deadlineMs = clock.nowMs() + (options.timeoutMs ?? this.#timeoutMs);
    const { idempotent, attemptMaxMs, signal } = options;
    const changes = !idempotent || method === 'buy' || method.endsWith('_product');
    const outcome = await retry(
      { clock, deadlineMs, idempotent, changes, attemptMaxMs },
      (leftMs) => {
        if (signal?.aborted) throw new BazarError('internal', 'the caller no longer waits');
        return this.#lines.call(method, params, leftMs);
      },
    ).catch((error: unknown) => {
      throw this.#lines.explain(toBazarError(error));
    });
    if ('hopeless' in outcome) throw outcome.hopeless;
    return readAnswer(method, outcome.result);
  }
}

function untilAborted<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

function readAddress(address: Address | string): Address {
  if (typeof address !== 'string') return address;
  const read = parseAddress(address);
  if (!read) throw new BazarError('invalid_argument', `"${address}" is not host:port`);
  return read;
}
