/**
 * Cancellations of orders in one session thread. The catalog decides a cancellation; the answer is read from
 * the order book, for a replay too. Invariant: an answered cancellation is in the order book.
 */
import { BazarError, toBazarError } from '../base/errors.js';
import { requestLimits } from '../base/limits.js';
import type { Cancellations, Cancelled } from '../wire/cancel-schemas.js';
import type { Params } from '../wire/schemas.js';
import type { CancellationsAnswer } from '../wire/thread-requests.js';
import type { Cancellation, CancelRequest } from '../wire/trade.js';
import { type PurchaseKeys, purchaseLines } from './requests/keys.js';
import { asUnavailable, type ServiceRequests } from './requests/service-requests.js';
import type { Trades } from './requests/trades.js';
import { toCancellation, toCancelled } from './trade-answers.js';
import type { RequestContext } from './types.js';

export interface CancelOperationsOptions {
  readonly requests: ServiceRequests;
  readonly trades: Trades;
  readonly keys: PurchaseKeys;
  /** As in FrontendOperationsOptions. */
  readonly logTime: () => number | undefined;
}

export class CancelOperations {
  readonly #options: CancelOperationsOptions;

  constructor(options: CancelOperationsOptions) {
    this.#options = options;
  }

  async cancel(params: Params<'cancel_order'>, context: RequestContext): Promise<Cancelled> {
    const { keys, logTime, trades } = this.#options;
    const { number, restock, reason = null, key: given } = params;
    const lines = params.lines === undefined ? null : purchaseLines({ lines: params.lines });
    // The log time is read once: the age of an operation counts from its first attempt.
    const key = keys.operation(given, ['cancel', number, lines, restock, reason], logTime());
    const request: CancelRequest = ['cancel', key, number, lines, restock, reason];
    const { deadlineMs, header } = context;
    const [, , , firstSeen] = key;
    const made = await trades.place(request, { deadlineMs, header }, (outcome) =>
      toCancelled(outcome, firstSeen),
    );
    const record = await this.#read(made.number, context);
    const cancelled = toCancellation(record);
    return made.replayed ? { ...cancelled, replayed: true } : cancelled;
  }

  async list(params: Params<'cancellations'>, context: RequestContext): Promise<Cancellations> {
    const { number, before = null, limit = requestLimits.pageDefault } = params;
    const question = [number, before, limit];
    const answer = await this.#options.requests
      .read('order', 'cancellations', question, context)
      .catch(asUnavailable);
    if (answer === null) throw new BazarError('not_found', 'order not found');
    const [records, next] = answer as CancellationsAnswer;
    const items = records.map(toCancellation);
    return next === null ? { items } : { items, next };
  }

  /** The cancellation is made: only its lines are not known yet. */
  async #read(number: number, context: RequestContext): Promise<Cancellation> {
    const { requests } = this.#options;
    const record = await requests
      .read('order', 'cancellation', [number], context)
      .catch((thrown: unknown) => {
        const { code, message } = toBazarError(thrown);
        const details = { unknown: true, cancellation_number: number };
        throw new BazarError(code, message, { details, cause: thrown });
      });
    if (record !== null) return record as Cancellation;
    throw new BazarError('internal', `cancellation ${number} is not in the order book`);
  }
}
