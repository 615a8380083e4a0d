/**
 * Places purchases at the order leader: first in a batch, and after a failure on their own until the
 * deadline. Invariant: all attempts of a purchase carry the same key and the same first log time.
 */
import { type Clock, countdown } from '../../base/clock.js';
import { type BazarError, toBazarError } from '../../base/errors.js';
import type { BuyParams, Outcome } from '../../wire/internal.js';
import type { Placed } from '../../wire/schemas.js';
import { tooOld, toPlaced } from '../answers.js';
import type { Ask } from '../types.js';
import { PurchaseBatches } from './purchase-batches.js';
import type { ServiceRequests } from './service-requests.js';

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
      ask: (purchases, timeoutMs, header) =>
        requests.askOwnerOnce('order', ['buys', purchases], timeoutMs, header),
    });
  }

  /** `seenTime` is the log time in the purchase; it is undefined if no member has reported one. */
  async place(purchase: BuyParams, seenTime: number | undefined, ask: Ask): Promise<Placed> {
    let failed: BazarError | undefined;
    if (seenTime !== undefined && this.#clock.nowMs() >= this.#refusedUntilMs) {
      try {
        return toPlaced(await this.#inBatch(purchase, ask), seenTime);
      } catch (thrown) {
        failed = toBazarError(thrown);
        if (failed.code === 'unknown_method') {
          this.#refusedUntilMs = this.#clock.nowMs() + refusedMs;
          failed = undefined;
        }
      }
    }
    return this.#alone(purchase, seenTime, ask, failed);
  }

  #inBatch(purchase: BuyParams, { deadlineMs, header }: Ask): Promise<Outcome> {
    const leftMs = countdown(this.#clock, deadlineMs - this.#clock.nowMs());
    return this.#batches.buy({ purchase, leftMs, header });
  }

  #alone(
    purchase: BuyParams,
    seenTime: number | undefined,
    ask: Ask,
    failed: BazarError | undefined,
  ): Promise<Placed> {
    // Order leaders of an earlier build refuse a fifth field before they do anything.
    const older = purchase.length > 4 ? purchase.slice(0, 4) : undefined;
    const isFinal = (error: BazarError): boolean => error === tooOld;
    const options = { ...ask, idempotent: true, mayHaveEffect: true, older, isFinal, failed };
    return this.#requests.askLeader('order', ['buy', purchase], options, (outcome) =>
      toPlaced(outcome as Outcome, seenTime),
    );
  }
}
