/**
 * Observes the raw listener: counts requests and answers, refuses addresses above the rate limit,
 * and logs every request if configured. It changes nothing else. A request answered in its own turn
 * reads no clock.
 */
import type { Clock } from '../base/clock.js';
import { BazarError, toBazarError } from '../base/errors.js';
import type { Logger } from '../base/logging.js';
import { networkOf } from '../base/network-of.js';
import type { Outcome, RpcReply } from '../net/open-requests.js';
import type { RpcHandler, RpcSession } from '../net/rpc-session.js';
import { headerFields, type RequestHeader } from '../wire/request-header.js';
import { isPublicMethod } from '../wire/validate.js';
import type { RateLimit } from './rate-limit.js';
import type { MeteredOperation, RequestMeter } from './request-meter.js';

export interface RawObserverOptions {
  readonly clock: Clock;
  readonly meter: RequestMeter;
  /** Undefined for no rate limit. */
  readonly rateLimit: RateLimit | undefined;
  readonly logger: Logger;
  /** Writes one log line a request. */
  readonly logsRequests: boolean;
}

export class RawObserver implements RpcHandler {
  readonly #inner: RpcHandler;
  readonly #options: RawObserverOptions;
  /** Index of the rate limit's count, by session. */
  readonly #slots = new WeakMap<RpcSession, number>();

  constructor(inner: RpcHandler, options: RawObserverOptions) {
    this.#inner = inner;
    this.#options = options;
  }

  inputBegins(): void {
    this.#inner.inputBegins?.();
  }

  inputEnds(): void {
    this.#inner.inputEnds?.();
  }

  request(
    session: RpcSession,
    name: string,
    params: unknown,
    reply: RpcReply,
    header?: RequestHeader,
  ): void {
    const { clock, meter, rateLimit, logsRequests } = this.#options;
    const operation = isPublicMethod(name) ? name : 'other';
    const startMs = logsRequests ? clock.nowMs() : undefined;
    try {
      if (rateLimit) this.#limit(session, rateLimit);
      this.#inner.request(session, name, params, reply, header);
    } catch (error) {
      const { code } = toBazarError(error);
      meter.countNow('raw', operation, code);
      if (startMs !== undefined) this.#log(name, code, startMs, header);
      throw error;
    }
    if (reply.outcome === undefined) {
      this.#await(operation, name, reply, header);
      return;
    }
    meter.countNow('raw', operation, reply.outcome);
    if (startMs !== undefined) this.#log(name, reply.outcome, startMs, header);
  }

  #await(
    operation: MeteredOperation,
    name: string,
    reply: RpcReply,
    header: RequestHeader | undefined,
  ): void {
    const { clock, meter, logsRequests } = this.#options;
    const startMs = clock.nowMs();
    reply.onGiven((outcome) => {
      meter.count('raw', operation, outcome, (clock.nowMs() - startMs) / 1_000);
      if (logsRequests) this.#log(name, outcome, startMs, header);
    });
  }

  #limit(session: RpcSession, rateLimit: RateLimit): void {
    let slot = this.#slots.get(session);
    if (slot === undefined) {
      slot = rateLimit.slotOf(networkOf(session.remote));
      this.#slots.set(session, slot);
    }
    const waitMs = rateLimit.take(slot, this.#options.clock.nowMs());
    if (waitMs > 0) throw tooOften(waitMs);
  }

  #log(method: string, code: Outcome, startMs: number, header: RequestHeader | undefined): void {
    const { clock, logger } = this.#options;
    const ms = Math.round((clock.nowMs() - startMs) * 100) / 100;
    const fields = {
      ...headerFields(header),
      listener: 'raw',
      method: method.slice(0, 64),
      code,
      ms,
    };
    logger.debug(fields, 'request');
  }
}

/** The error for a client above the rate limit. */
export function tooOften(waitMs: number): BazarError {
  const details = { retry_after_ms: waitMs };
  return new BazarError('overloaded', 'too many requests from this address', { details });
}
