/**
 * Handles requests of frontends on an order replica's replication port, in addition to health checks:
 * purchases in batches, and audits. The owner handles them itself, because a batch costs less than
 * waking a thread.
 */
import { BazarError, toBazarError } from '../base/errors.js';
import { logLimits } from '../base/limits.js';
import type { PeerReply } from '../group/types.js';
import type { OwnerCall } from '../pool/types.js';
import type { BuysAnswer, BuysParams, OrderAudit, Outcome } from '../wire/internal.js';
import type { RequestHeader } from '../wire/request-header.js';
import { isBuyParams } from './buy-shape.js';

export interface OrderPeerHandlerOptions {
  readonly audit: (token: string, through: number) => Promise<OrderAudit>;
  /** Takes the purchases of a batch as calls named `buy`, and answers each once. */
  readonly calls: (calls: OwnerCall[]) => void;
}

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
        this.#buy(params, reply, header);
        return true;
      case 'audit':
        this.#audit(params as readonly [string, number], reply);
        return true;
      default:
        return false;
    }
  }

  notification(): void {}

  closed(): void {}

  #buy(params: unknown, reply: PeerReply, header: RequestHeader | undefined): void {
    if (!isBatch(params)) throw new BazarError('invalid_argument', 'bad params of buys');
    const answer: BuysAnswer[number][] = [];
    let open = params.length;
    const calls = params.map((purchase, place): OwnerCall => {
      return {
        operation: 'buy',
        args: purchase,
        // It names the requests of all purchases, so one of them carries it.
        ...(place === 0 && header !== undefined && { header }),
        reply(error, outcome) {
          answer[place] = error ? failureOf(error) : (outcome as Outcome);
          open--;
          if (open === 0) reply.result(answer);
        },
      };
    });
    this.#options.calls(calls);
  }

  #audit([token, through]: readonly [string, number], reply: PeerReply): void {
    this.#options.audit(token, through).then(
      (audit) => reply.result(audit),
      (error: unknown) => reply.fail(toBazarError(error)),
    );
  }
}

function isBatch(params: unknown): params is BuysParams {
  if (!Array.isArray(params) || params.length === 0) return false;
  return params.length <= logLimits.entryOperationsMax && params.every(isBuyParams);
}

function failureOf(thrown: Error): BuysAnswer[number] {
  const { code, message, details } = toBazarError(thrown);
  return ['failed', code, message, details.unknown === true];
}
