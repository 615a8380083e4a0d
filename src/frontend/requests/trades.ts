/**
 * Places trade operations at the order leader, as Purchases does for plain purchases: in batches, and
 * again until their deadline. Invariant: all attempts of an operation carry the same key, the same hold
 * and the same first log time.
 */
import { type Clock, countdown } from '../../base/clock.js';
import { BazarError, toBazarError } from '../../base/errors.js';
import type { TradeOutcome, TradeRequest } from '../../wire/trade.js';
import { linesOfRequest } from '../../wire/trade-check.js';
import { isFinal } from '../answers.js';
import type { Ask } from '../types.js';
import { PurchaseBatches } from './purchase-batches.js';
import type { ServiceRequests } from './service-requests.js';

export interface TradesOptions {
  readonly requests: ServiceRequests;
  readonly clock: Clock;
}

export class Trades {
  readonly #requests: ServiceRequests;
  readonly #clock: Clock;
  readonly #batches: PurchaseBatches<TradeRequest, TradeOutcome>;

  constructor({ requests, clock }: TradesOptions) {
    this.#requests = requests;
    this.#clock = clock;
    this.#batches = new PurchaseBatches<TradeRequest, TradeOutcome>({
      clock,
      linesOf: linesOfRequest,
      ask: (operations, timeoutMs, header) =>
        requests.askOwnerOnce('order', ['trades', operations], timeoutMs, header),
    });
  }

  /** `read` converts the outcome to the answer, or throws the failure. */
  place<T>(operation: TradeRequest, ask: Ask, read: (outcome: TradeOutcome) => T): Promise<T> {
    const leftMs = countdown(this.#clock, ask.deadlineMs - this.#clock.nowMs());
    const options = { ...ask, idempotent: true, mayHaveEffect: true, isFinal };
    return this.#requests.retry(options, async () => {
      const placed = this.#batches.buy({ purchase: operation, leftMs, header: ask.header });
      return read(await placed.catch(asUnavailable));
    });
  }
}

/** An order leader or a catalog leader of an earlier build does not know the method. */
function asUnavailable(error: unknown): never {
  if (toBazarError(error).code !== 'unknown_method') throw error;
  const message = 'not all services run a build that supports this yet';
  throw new BazarError('unavailable', message, { cause: error });
}
