/**
 * A lasting connection to one address: connects, introduces itself, reconnects with backoff and jitter,
 * and holds a bounded queue while there is no connection. Invariant: each callback is called exactly
 * once, and the client never repeats a request that may have reached the peer.
 */
import { type Address, formatAddress } from '../base/address.js';
import { assert } from '../base/assert.js';
import { type Clock, countdown, every, type Timer } from '../base/clock.js';
import { BazarError, toBazarError } from '../base/errors.js';
import { clientLimits } from '../base/limits.js';
import type { Logger } from '../base/logging.js';
import type { Random } from '../base/random.js';
import type { RequestHeader } from '../wire/request-header.js';
import { type CallCallback, called, tooLateToSend } from './pending-calls.js';
import { type RpcHandler, RpcSession } from './rpc-session.js';
import type { Connection, Transport } from './types.js';

/** The interval between checks of queued requests' deadlines. */
const queueSweepMs = 20;

/** Introduces this side. Calls `done` once and sends nothing after that. */
export type Introduction = (session: RpcSession, done: (error?: BazarError) => void) => void;

export interface RpcClientOptions {
  readonly address: Address;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly trusted: boolean;
  readonly frameBytesMax: number;
  /** Handles the peer's requests; without a handler the peer gets `unknown_method`. */
  readonly handler?: RpcHandler;
  /** Must succeed within handshakeTimeoutMs before anything else is sent. */
  readonly introduce?: Introduction;
  readonly connected?: (session: RpcSession) => void;
  /** Called when an established connection is lost. */
  readonly disconnected?: (error: BazarError) => void;
  readonly queueMax?: number;
  readonly logger?: Logger;
}

interface QueuedRequest {
  readonly method: string;
  readonly params: unknown;
  readonly leftMs: () => number;
  readonly callback: CallCallback;
  readonly header: RequestHeader | undefined;
}

export class RpcClient {
  readonly address: Address;
  readonly #options: RpcClientOptions;
  #queue: QueuedRequest[] = [];
  #sweep: Timer | undefined;
  #session: RpcSession | undefined;
  #connected = false;
  #retry: Timer | undefined;
  #failures = 0;
  #connectedAtMs = 0;
  #started = false;
  #closed = false;
  #lastError: BazarError | undefined;

  constructor(options: RpcClientOptions) {
    this.#options = options;
    this.address = options.address;
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** The session while connected. */
  get session(): RpcSession | undefined {
    return this.#connected ? this.#session : undefined;
  }

  /** The reason why the last attempt or connection failed. */
  get lastError(): BazarError | undefined {
    return this.#lastError;
  }

  start(): void {
    assert(!this.#started, 'a client is started once');
    this.#started = true;
    this.#connect();
  }

  /**
   * Sends a request, now or once connected. Errors are those of RpcSession.request, plus `overloaded` if
   * the queue is full and `unavailable` without `unknown` if the attempt to connect failed. A queued
   * request whose time has passed is not sent.
   */
  request(
    method: string,
    params: unknown,
    timeoutMs: number,
    callback: CallCallback,
    header?: RequestHeader,
  ): void {
    if (this.#connected && this.#session !== undefined) {
      this.#session.request(method, params, timeoutMs, callback, header);
      return;
    }
    const queueMax = this.#options.queueMax ?? clientLimits.queueMax;
    let refusal: BazarError | undefined;
    if (timeoutMs <= 0) {
      refusal = tooLateToSend(`no time is left for ${method}`);
    } else if (this.#closed) {
      refusal = new BazarError('unavailable', 'the client is closed');
    } else if (this.#queue.length >= queueMax) {
      refusal = new BazarError('overloaded', `too much waits for ${formatAddress(this.address)}`);
    }
    if (refusal !== undefined) {
      const error = refusal;
      this.#options.clock.afterTurn(() => callback(error, undefined));
      return;
    }
    const leftMs = countdown(this.#options.clock, timeoutMs);
    this.#queue.push({ method, params, leftMs, callback, header });
    this.#sweep ??= every(this.#options.clock, queueSweepMs, () => this.#failLate());
  }

  call(
    method: string,
    params: unknown,
    timeoutMs: number = clientLimits.requestTimeoutMs,
    header?: RequestHeader,
  ): Promise<unknown> {
    return called((callback) => this.request(method, params, timeoutMs, callback, header));
  }

  /** Sends a notification if connected; it is never queued. */
  notify(method: string, params: unknown): boolean {
    return this.session?.notify(method, params) ?? false;
  }

  /** Sends the written output, closes, and fails the queued requests. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#retry?.cancel();
    this.#session?.end();
    this.#failQueue(new BazarError('unavailable', 'the client is closed'));
  }

  #connect(): void {
    this.#retry = undefined;
    const { transport } = this.#options;
    transport.connect(this.address, clientLimits.connectTimeoutMs).then(
      (connection) => this.#introduce(connection),
      (error: unknown) => this.#failedToConnect(toBazarError(error)),
    );
  }

  #introduce(connection: Connection): void {
    const { clock, introduce } = this.#options;
    const session = this.#open(connection);
    if (this.#closed) {
      session.destroy();
      return;
    }
    this.#session = session;
    if (introduce === undefined) {
      this.#onConnected(session);
      return;
    }
    const timer = clock.after(clientLimits.handshakeTimeoutMs, () =>
      session.destroy(new BazarError('unavailable', 'the handshake took too long')),
    );
    introduce(session, (error) => {
      timer.cancel();
      if (error !== undefined) session.destroy(error);
      else if (!session.closed) this.#onConnected(session);
    });
  }

  #open(connection: Connection): RpcSession {
    const { handler, clock, trusted, frameBytesMax, logger } = this.#options;
    return new RpcSession(connection, {
      clock,
      trusted,
      frameBytesMax,
      ...(logger === undefined ? {} : { logger }),
      handler: {
        request: (session, method, params, reply) => {
          if (handler !== undefined && this.#connected) {
            handler.request(session, method, params, reply);
          } else {
            reply.fail(new BazarError('unknown_method', `unknown method "${method}"`));
          }
        },
        notification: (session, method, params) => {
          if (this.#connected) handler?.notification?.(session, method, params);
        },
        closed: (session, error) => {
          if (this.#connected) handler?.closed?.(session, error);
        },
      },
      closed: (session, error) => this.#lost(session, error),
    });
  }

  #onConnected(session: RpcSession): void {
    this.#connected = true;
    this.#connectedAtMs = this.#options.clock.nowMs();
    this.#options.connected?.(session);
    this.#sweep?.cancel();
    this.#sweep = undefined;
    for (const { method, params, leftMs, callback, header } of this.#queue.splice(0)) {
      session.request(method, params, leftMs(), callback, header);
    }
  }

  #lost(session: RpcSession, cause: Error | undefined): void {
    if (session !== this.#session) return;
    const wasConnected = this.#connected;
    this.#connected = false;
    this.#session = undefined;
    const error =
      cause instanceof BazarError
        ? cause
        : new BazarError('unavailable', `${formatAddress(this.address)} closed the connection`, {
            cause,
          });
    if (!wasConnected) {
      this.#failedToConnect(error);
      return;
    }
    this.#lastError = error;
    // Limits how often the client connects to a peer that accepts and closes at once.
    const stoodMs = this.#options.clock.nowMs() - this.#connectedAtMs;
    this.#failures = stoodMs < clientLimits.reconnectMaxMs ? this.#failures + 1 : 0;
    if (!this.#closed) this.#options.disconnected?.(error);
    this.#retryLater();
  }

  /** Queued requests fail at once, so that their owner may try another address. */
  #failedToConnect(error: BazarError): void {
    this.#lastError = error;
    this.#failures++;
    this.#failQueue(new BazarError('unavailable', error.message, { cause: error }));
    this.#retryLater();
  }

  #retryLater(): void {
    if (this.#closed) return;
    const { clock, random } = this.#options;
    const { reconnectMinMs, reconnectMaxMs } = clientLimits;
    const backoffMs = Math.min(reconnectMaxMs, reconnectMinMs * 2 ** Math.min(this.#failures, 16));
    this.#retry = clock.after(backoffMs * (0.5 + random.fraction() / 2), () => this.#connect());
  }

  #failLate(): void {
    const late = new Set(this.#queue.filter(({ leftMs }) => leftMs() <= 0));
    if (late.size === 0) return;
    this.#queue = this.#queue.filter((request) => !late.has(request));
    for (const { callback } of late) callback(tooLateToSend('no connection in time'), undefined);
  }

  #failQueue(error: BazarError): void {
    this.#sweep?.cancel();
    this.#sweep = undefined;
    for (const { callback } of this.#queue.splice(0)) callback(error, undefined);
  }
}
