/**
 * The client library: the store's operations over the raw protocol, at one frontend or several. It
 * retries a call, at another frontend if needed, until its deadline. A purchase keeps its key through
 * all attempts, or has none and is sent once; so it happens at most once. Every method rejects with a
 * BazarError, or with the reason of the signal that aborted it.
 */
import { type Address, parseAddress } from '../base/address.js';
import { type Clock, waitingClock } from '../base/clock.js';
import { BazarError, toBazarError } from '../base/errors.js';
import { type Random, systemRandom } from '../base/random.js';
import { retry } from '../frontend/requests/retry.js';
import type { AuditReport, StoreStatus } from '../frontend/types.js';
import { tcpTransport } from '../net/tcp-transport.js';
import { type TlsTrust, tlsClientTransport } from '../net/tls-transport.js';
import type { Transport } from '../net/types.js';
import type { Cancellations, Cancelled } from '../wire/cancel-schemas.js';
import type {
  Adjusted,
  Changed,
  Held,
  Hold,
  HoldExtended,
  HoldReleased,
  Order,
  Orders,
  Params,
  Placed,
  Product,
  Products,
} from '../wire/schemas.js';
import type { Ledger, StockLevels } from '../wire/stock-schemas.js';
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
export type { Cancellations, Cancelled } from '../wire/cancel-schemas.js';
export type {
  Adjusted,
  Held,
  Hold,
  HoldExtended,
  HoldReleased,
  Order,
  Orders,
  Params,
  Placed,
  Product,
  Products,
} from '../wire/schemas.js';
export type { Ledger, LedgerMovement, StockLevels } from '../wire/stock-schemas.js';

/** Methods that may have had an effect although their answer was lost. */
const changing =
  /^(?:buy|hold|adjust_stock|cancel_order|(?:confirm|release|extend)_hold|.*_product)$/;
const timeoutMs = 10_000;
/** The audit reads all logs. */
const auditTimeoutMs = 60_000;
/** The time that one hanging frontend may take of a call. */
const attemptMaxMs = 3_000;

export interface BazarClientOptions {
  /** Raw addresses of frontends, for example `127.0.0.1:8181`. */
  readonly addresses: readonly (Address | string)[];
  /** Grants admin rights. */
  readonly token?: string;
  /** The time limit of a call with all its attempts. */
  readonly timeoutMs?: number;
  /** A call fails as soon as no frontend accepts a connection, instead of at its deadline. */
  readonly failFast?: boolean;
  /** Sent to the frontend in the handshake. */
  readonly name?: string;
  /** Uses TLS; trusts the authority `ca` (PEM), or otherwise those of Node. */
  readonly tls?: TlsTrust;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly transport?: Transport;
}

export interface CallOptions {
  readonly timeoutMs?: number;
  /**
   * When it is aborted, the call rejects with its reason, and no further attempt is made. A request sent
   * before may still take effect; the key of a purchase shows whether it did.
   */
  readonly signal?: AbortSignal;
}

export interface BuyOptions extends CallOptions {
  /**
   * False: no key is made. The store then stores nothing that identifies a repeat, and may refuse the
   * purchase from a cache. If the answer is lost, the client does not send it again, and the caller must
   * find out whether it took effect. Has no influence on a key given with the purchase.
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

  /** Returns one page; ask again with `after: next` while there is a `next`. */
  search(params: Params<'search'>, options?: CallOptions): Promise<Products> {
    return this.#ask('search', params, options);
  }

  /** Makes a key unless disabled, so that all attempts of this call buy once. */
  buy(params: Params<'buy'>, options?: BuyOptions): Promise<Placed> {
    return this.#once('buy', params, options);
  }

  /** Reserves lines for some seconds, all or none. A key as for a purchase, also in the next three. */
  hold(params: Params<'hold'>, options?: BuyOptions): Promise<Held> {
    return this.#once('hold', params, options);
  }

  /** Makes an order of the hold, or of some of its units; the rest is released. */
  confirmHold(params: Params<'confirm_hold'>, options?: BuyOptions): Promise<Placed> {
    return this.#once('confirm_hold', params, options);
  }

  releaseHold(params: Params<'release_hold'>, options?: BuyOptions): Promise<HoldReleased> {
    return this.#once('release_hold', params, options);
  }

  /** The hold ends so many seconds from now, and never before its present end. */
  extendHold(params: Params<'extend_hold'>, options?: BuyOptions): Promise<HoldExtended> {
    return this.#once('extend_hold', params, options);
  }

  readHold(id: string, options?: CallOptions): Promise<Hold> {
    return this.#ask('read_hold', { id }, options);
  }

  order(number: number, options?: CallOptions): Promise<Order> {
    return this.#ask('order', { number }, options);
  }

  /** Returns one page, newest last. Needs the admin token. */
  orders(params: Params<'orders'> = {}, options?: CallOptions): Promise<Orders> {
    return this.#ask('orders', params, options);
  }

  /** With a key, a change is sent again if its answer is lost, and takes effect once. */
  addProduct(params: Params<'add_product'>, options?: CallOptions): Promise<Changed> {
    return this.#changeProduct('add_product', params, options);
  }

  updateProduct(params: Params<'update_product'>, options?: CallOptions): Promise<Changed> {
    return this.#changeProduct('update_product', params, options);
  }

  removeProduct(params: Params<'remove_product'>, options?: CallOptions): Promise<Changed> {
    return this.#changeProduct('remove_product', params, options);
  }

  /** Corrects the units on hand, by `delta` or to `count`. A key as for a purchase. */
  adjustStock(params: Params<'adjust_stock'>, options?: BuyOptions): Promise<Adjusted> {
    return this.#once('adjust_stock', params, options);
  }

  /** Cancels an order, or some of its units. A key as for a purchase. Needs the admin token. */
  cancelOrder(params: Params<'cancel_order'>, options?: BuyOptions): Promise<Cancelled> {
    return this.#once('cancel_order', params, options);
  }

  /** Returns one page, newest first; ask again with `before: next` while there is a `next`. */
  cancellations(params: Params<'cancellations'>, options?: CallOptions): Promise<Cancellations> {
    return this.#ask('cancellations', params, options);
  }

  /** The numbers of a product's stock. Needs the admin token. */
  readStock(params: Params<'read_stock'>, options?: CallOptions): Promise<StockLevels> {
    return this.#ask('read_stock', params, options);
  }

  /** Returns one page, oldest first; ask again with `after: next` while there is a `next`. */
  ledger(params: Params<'ledger'>, options?: CallOptions): Promise<Ledger> {
    return this.#ask('ledger', params, options);
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

  /** Waiting calls fail as `unavailable`. */
  close(): void {
    this.#lines.close();
  }

  /** Sends an idempotent request. */
  #ask<M extends keyof Answers>(
    method: M,
    params: unknown,
    options: CallOptions = {},
  ): Promise<Answers[M]> {
    return this.#call(method, params, { ...options, idempotent: true, attemptMaxMs });
  }

  /** Sends an operation under a key, so that all attempts of this call happen once. */
  #once<M extends keyof Answers>(
    method: M,
    params: { readonly key?: string | undefined },
    { key = true, ...options }: BuyOptions = {},
  ): Promise<Answers[M]> {
    if (params.key !== undefined) return this.#ask(method, params, options);
    if (!key) return this.#change(method, params, options);
    return this.#ask(method, { ...params, key: this.#random.uuid() }, options);
  }

  /** Sends a change. If its answer is lost it may have taken effect, so it is not sent again. */
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
    const mayHaveEffect = !idempotent || changing.test(method);
    const outcome = await retry(
      { clock, deadlineMs, idempotent, mayHaveEffect, attemptMaxMs },
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
