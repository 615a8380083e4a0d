/**
 * Places purchases at the order leader and retries until their deadline. Every attempt travels in a
 * batch; an order leader of an earlier build gets single purchases. Invariant: all attempts of a
 * purchase carry the same key and the same first log time.
 */
import { type Clock, countdown } from '../../base/clock.js';
import { toBazarError } from '../../base/errors.js';
import type { BuyParams, Outcome } from '../../wire/internal.js';
import type { Placed } from '../../wire/schemas.js';
import { isFinal, toPlaced } from '../answers.js';
import type { Ask } from '../types.js';
import { type BatchedPurchase, PurchaseBatches } from './purchase-batches.js';
import { attemptMaxMs, type ServiceRequests } from './service-requests.js';

/** An order leader of an earlier build gets no batches for this time. */
const refusedMs = 5_000;

export interface PurchasesOptions {
  readonly requests: ServiceRequests;
  readonly clock: Clock;
}

export class Purchases {
  readonly #requests: ServiceRequests;
  readonly #clock: Clock;
  readonly #batches: PurchaseBatches;
  #refusedUntilMs = 0;

  constructor({ requests, clock }: PurchasesOptions) {
    this.#requests = requests;
    this.#clock = clock;
    this.#batches = new PurchaseBatches({
      clock,
      linesOf: ([, , , lines]) => lines.length,
      ask: (purchases, timeoutMs, header) =>
        requests.askOwnerOnce('order', ['buys', purchases], timeoutMs, header),
    });
  }

  /** `seenTime` is the log time in the purchase; it is undefined if no member has reported one. */
  place(purchase: BuyParams, seenTime: number | undefined, ask: Ask): Promise<Placed> {
    const leftMs = countdown(this.#clock, ask.deadlineMs - this.#clock.nowMs());
    const options = { ...ask, idempotent: true, mayHaveEffect: true, isFinal };
    return this.#requests.retry(options, (timeoutMs) => {
      const bought: BatchedPurchase<BuyParams> = { purchase, leftMs, header: ask.header };
      const outcome = this.#mayBatch(seenTime)
        ? this.#inBatch(bought)
        : this.#alone(bought, timeoutMs);
      return outcome.then((one) => toPlaced(one, seenTime));
    });
  }

  /** Without a reported log time, all members may be of an earlier build. */
  #mayBatch(seenTime: number | undefined): boolean {
    return seenTime !== undefined && this.#clock.nowMs() >= this.#refusedUntilMs;
  }

  #inBatch(bought: BatchedPurchase<BuyParams>): Promise<Outcome> {
    return this.#batches.buy(bought).catch((error: unknown) => {
      if (toBazarError(error).code !== 'unknown_method') throw error;
      this.#refusedUntilMs = this.#clock.nowMs() + refusedMs;
      return this.#alone(bought, Math.min(bought.leftMs(), attemptMaxMs));
    });
  }

  async #alone(
    { purchase, header }: BatchedPurchase<BuyParams>,
    timeoutMs: number,
  ): Promise<Outcome> {
    // Order leaders of an earlier build refuse a fifth field before they do anything.
    const older = purchase.length > 4 ? purchase.slice(0, 4) : undefined;
    const options = { header, idempotent: true, mayHaveEffect: true, older };
    const question = ['buy', purchase] as const;
    return (await this.#requests.askLeaderOnce('order', question, timeoutMs, options)) as Outcome;
  }
}
