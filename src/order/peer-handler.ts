/**
 * Handles requests of frontends on an order replica's replication port, in addition to health checks:
 * purchases in batches, and audits. The owner handles them itself, because a batch costs less than
 * waking a thread.
 */
import { BazarError, toBazarError } from '../base/errors.js';
import { logLimits } from '../base/limits.js';
import type { PeerReply } from '../group/types.js';
import type { OwnerCall } from '../pool/types.js';
import type { OrderAudit } from '../wire/audit-messages.js';
import type { BuyFailure } from '../wire/internal.js';
import type { RequestHeader } from '../wire/request-header.js';
import type { TradeOutcome, TradesAnswer } from '../wire/trade.js';
import { isTradeRequest } from '../wire/trade-check.js';
import { isBuyParams } from './buy-shape.js';

export interface OrderPeerHandlerOptions {
  readonly audit: (
    token: string,
    through: number,
    cancellations: number | undefined,
    movements: number | undefined,
  ) => Promise<OrderAudit>;
  /** Takes the purchases of a batch as calls named `buy` or `trade`, and answers each once. */
  readonly calls: (calls: OwnerCall[]) => void;
}

/** What a batch holds. */
interface BatchKind {
  readonly operation: 'buy' | 'trade';
  readonly isOne: (params: unknown) => boolean;
}

/**
 * `audit`: through this order, cancellation and movement. Frontends before rules 3 know no cancellations,
 * and those before rules 4 no movements.
 */
type AuditParams = readonly [
  token: string,
  through: number,
  cancellations?: number,
  movements?: number,
];

export class OrderPeerHandler {
  readonly #options: OrderPeerHandlerOptions;

  constructor(options: OrderPeerHandlerOptions) {
    this.#options = options;
  }

  /** Returns false if the handler does not have the method. */
  request(
    _peer: unknown,
    method: string,
    params: unknown,
    reply: PeerReply,
    header?: RequestHeader,
  ): boolean {
    switch (method) {
      case 'buys':
        this.#buy({ operation: 'buy', isOne: isBuyParams }, params, reply, header);
        return true;
      case 'trades':
        this.#buy({ operation: 'trade', isOne: isTradeRequest }, params, reply, header);
        return true;
      case 'audit':
        this.#audit(params as AuditParams, reply);
        return true;
      default:
        return false;
    }
  }

  notification(): void {}

  closed(): void {}

  #buy(
    { operation, isOne }: BatchKind,
    params: unknown,
    reply: PeerReply,
    header: RequestHeader | undefined,
  ): void {
    if (!isBatch(params)) {
      throw new BazarError('invalid_argument', `bad params of ${operation}s`);
    }
    const answer: TradesAnswer[number][] = [];
    let open = params.length;
    const settled = (place: number, result: TradesAnswer[number]): void => {
      answer[place] = result;
      open--;
      if (open === 0) reply.result(answer);
    };
    const calls: OwnerCall[] = [];
    for (const [place, purchase] of params.entries()) {
      if (!isOne(purchase)) {
        settled(place, ['failed', 'invalid_argument', `bad params of ${operation}`, false]);
        continue;
      }
      calls.push({
        operation,
        args: purchase as readonly unknown[],
        // The batch's header names all its requests, so one call carries it.
        ...(calls.length === 0 && header !== undefined && { header }),
        reply: (error, outcome) =>
          settled(place, error ? failureOf(error) : (outcome as TradeOutcome)),
      });
    }
    if (calls.length > 0) this.#options.calls(calls);
  }

  #audit([token, through, cancellations, movements]: AuditParams, reply: PeerReply): void {
    this.#options.audit(token, through, cancellations, movements).then(
      (audit) => reply.result(audit),
      (error: unknown) => reply.fail(toBazarError(error)),
    );
  }
}

function isBatch(params: unknown): params is readonly unknown[] {
  if (!Array.isArray(params) || params.length === 0) return false;
  return params.length <= logLimits.entryOperationsMax;
}

function failureOf(thrown: Error): BuyFailure {
  const { code, message, details } = toBazarError(thrown);
  return ['failed', code, message, typeof details.unknown === 'boolean' ? details.unknown : null];
}
