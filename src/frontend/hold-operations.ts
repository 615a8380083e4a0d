/**
 * The operations on holds, and purchases with terms, in one session thread: from the public params to the
 * operation in the log, and from its outcome to the answer.
 */
import { totalToCents } from '../wire/money.js';
import type { Held, Hold, HoldExtended, HoldReleased, Params, Placed } from '../wire/schemas.js';
import type {
  HoldRecord,
  OperationKey,
  Terms,
  TradeOperation,
  TradeOutcome,
} from '../wire/trade.js';
import { customerDigest, type PurchaseKeys, purchaseLines } from './requests/keys.js';
import { asUnavailable, type ServiceRequests } from './requests/service-requests.js';
import type { Trades } from './requests/trades.js';
import {
  holdIdOf,
  toExtended,
  toHeld,
  toHold,
  toReleased,
  toTradePlaced,
} from './trade-answers.js';
import type { RequestContext } from './types.js';

export interface HoldOperationsOptions {
  readonly requests: ServiceRequests;
  readonly trades: Trades;
  readonly keys: PurchaseKeys;
  /** As in FrontendOperationsOptions. */
  readonly logTime: () => number | undefined;
}

export class HoldOperations {
  readonly #options: HoldOperationsOptions;

  constructor(options: HoldOperationsOptions) {
    this.#options = options;
  }

  /** A purchase that states a customer or an expected total. */
  buy(params: Params<'buy'>, context: RequestContext): Promise<Placed> {
    const lines = purchaseLines(params);
    const terms = termsOf(params);
    const request = ['buy', lines, params.customer, numberOf(params.expected_total)];
    const key = this.#key(params.key, request);
    return this.#place(['buy', key, lines, terms], context, toTradePlaced);
  }

  hold(params: Params<'hold'>, context: RequestContext): Promise<Held> {
    const { key: given, ttl_seconds: ttl, reference = null } = params;
    const lines = purchaseLines(params);
    const { customer, expected_total: expected } = params;
    const request = ['hold', lines, ttl, customer, numberOf(expected), reference];
    const key = this.#key(given, request);
    const id = this.#options.keys.holdId();
    const operation = ['hold', key, id, lines, ttl, termsOf(params), reference] as const;
    return this.#place(operation, context, toHeld);
  }

  async readHold({ id }: Params<'read_hold'>, context: RequestContext): Promise<Hold> {
    const { requests } = this.#options;
    const record = await requests
      .read('catalog', 'hold', [holdIdOf(id)], context)
      .catch(asUnavailable);
    return toHold(record as HoldRecord | null);
  }

  confirmHold(params: Params<'confirm_hold'>, context: RequestContext): Promise<Placed> {
    const { id, key: given } = params;
    const lines = params.lines === undefined ? null : purchaseLines({ lines: params.lines });
    const key = this.#key(given, ['confirm', id, lines]);
    return this.#place(['confirm', key, holdIdOf(id), lines], context, toTradePlaced);
  }

  releaseHold(params: Params<'release_hold'>, context: RequestContext): Promise<HoldReleased> {
    const { id, key: given } = params;
    const key = this.#key(given, ['release', id]);
    return this.#place(['release', key, holdIdOf(id)], context, (outcome, seen) =>
      toReleased(id, outcome, seen),
    );
  }

  extendHold(params: Params<'extend_hold'>, context: RequestContext): Promise<HoldExtended> {
    const { id, ttl_seconds: ttl, key: given } = params;
    const key = this.#key(given, ['extend', id, ttl]);
    return this.#place(['extend', key, holdIdOf(id), ttl], context, (outcome, seen) =>
      toExtended(id, outcome, seen),
    );
  }

  /** The log time is read once: the age of an operation counts from its first attempt. */
  #key(key: string | undefined, request: readonly unknown[]): OperationKey {
    const { keys, logTime } = this.#options;
    return keys.operation(key, request, logTime());
  }

  #place<T>(
    operation: Exclude<TradeOperation, readonly ['cancel', ...unknown[]]>,
    { deadlineMs, header }: RequestContext,
    read: (outcome: TradeOutcome, firstSeen: number) => T,
  ): Promise<T> {
    const [, , , seenTime] = operation[1];
    const ask = { deadlineMs, header };
    return this.#options.trades.place(operation, ask, (outcome) => read(outcome, seenTime));
  }
}

/** True if the purchase states something that a plain purchase does not carry. */
export function hasTerms(params: Params<'buy'>): boolean {
  return params.customer !== undefined || params.expected_total !== undefined;
}

/** The same for `19.9` and `"19.90"`, so that they are the same request under a key. */
function numberOf(total: number | string | undefined): number | undefined {
  return total === undefined ? undefined : Number(total);
}

function termsOf({
  customer,
  expected_total: expected,
}: Pick<Params<'hold'>, 'customer' | 'expected_total'>): Terms {
  return [
    customer === undefined ? null : customerDigest(customer),
    expected === undefined ? null : totalToCents(expected),
  ];
}
