/**
 * Handles requests of frontends' owners on an order replica's replication port, in addition to
 * health checks.
 */
import { toBazarError } from '../base/errors.js';
import type { PeerReply } from '../group/types.js';
import type { OrderAudit } from '../wire/internal.js';

export class OrderPeerHandler {
  readonly #audit: (token: string, through: number) => Promise<OrderAudit>;

  constructor(audit: (token: string, through: number) => Promise<OrderAudit>) {
    this.#audit = audit;
  }

  /** Returns false if the handler does not have the method. */
  request(_peer: unknown, method: string, params: unknown, reply: PeerReply): boolean {
    if (method !== 'audit') return false;
    const [token, through] = params as readonly [string, number];
    this.#audit(token, through).then(
      (audit) => reply.result(audit),
      (error: unknown) => reply.fail(toBazarError(error)),
    );
    return true;
  }

  notification(): void {}

  closed(): void {}
}
