/**
 * Handles the requests that every member answers on its replication port, for any service of the
 * cluster: health, nominations, metrics, and the state at an audit. All others are passed to the
 * service's own handler.
 */
import type { Clock } from '../base/clock.js';
import { BazarError, toBazarError } from '../base/errors.js';
import type { MetricSample } from '../base/metric-table.js';
import type { AuditMark } from '../wire/audit-messages.js';
import type { HealthCheckParams } from '../wire/internal.js';
import type { GroupStatus, PeerReply } from './types.js';

/** Maximum of stored audit marks; the oldest is dropped first. */
const marksMax = 64;
/** An audit that is not applied here by then never will be: its entry was lost with its leader. */
const markWaitMs = 60_000;

export interface MemberHandlerOptions {
  readonly status: () => GroupStatus;
  readonly nominate: (leader: string) => void;
  /** A frontend has checked this member and has received the answer to its last check. */
  readonly attended: () => void;
  readonly pid: number;
  readonly clock: Clock;
  readonly metrics?: () => readonly MetricSample[];
  /** The newest log time of an applied catalog entry that is known here. */
  readonly logTime?: (() => number) | undefined;
  /** As in MemberOptions. */
  readonly currency?: (() => string | undefined) | undefined;
}

interface Waiter {
  readonly token: string;
  /** Called with undefined after the maximum wait. */
  settle(mark: AuditMark | undefined): void;
}

export class MemberHandler {
  readonly #options: MemberHandlerOptions;
  readonly #marks = new Map<string, AuditMark>();
  readonly #waiters = new Set<Waiter>();

  constructor(options: MemberHandlerOptions) {
    this.#options = options;
  }

  /** Returns false if the method is not one of all members. */
  request(method: string, params: unknown, reply: PeerReply): boolean {
    switch (method) {
      case 'health_check':
        // Only frontends send this. One that receives no answers does not count as attending this
        // member.
        if ((params as HealthCheckParams).answered !== false) this.#options.attended();
        reply.result(this.#health());
        return true;
      case 'update_leader':
        this.#options.nominate((params as { readonly leader_id: string }).leader_id);
        reply.result(null);
        return true;
      case 'metrics':
        reply.result(this.#options.metrics?.() ?? []);
        return true;
      case 'audit_mark':
        this.mark((params as readonly [string])[0]).then(
          (mark) => reply.result(mark),
          (error: unknown) => reply.fail(toBazarError(error)),
        );
        return true;
      default:
        return false;
    }
  }

  #health(): object {
    const { status, pid, logTime } = this.#options;
    const currency = this.#options.currency?.();
    const known = { ...(logTime && { logTime: logTime() }), ...(currency && { currency }) };
    return { ...status(), pid, ...known };
  }

  /** An `audit` entry was applied here. */
  marked(token: string, mark: AuditMark): void {
    this.#marks.set(token, mark);
    const [oldest] = this.#marks.keys();
    if (this.#marks.size > marksMax && oldest !== undefined) this.#marks.delete(oldest);
    for (const waiter of [...this.#waiters]) if (waiter.token === token) waiter.settle(mark);
  }

  /** Resolves when this replica has applied the audit; rejects after the maximum wait. */
  mark(token: string): Promise<AuditMark> {
    const known = this.#marks.get(token);
    if (known) return Promise.resolve(known);
    if (this.#waiters.size >= marksMax) {
      return Promise.reject(new BazarError('overloaded', 'too many audits wait'));
    }
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        token,
        settle: (mark) => {
          timer.cancel();
          this.#waiters.delete(waiter);
          if (mark) resolve(mark);
          else reject(new BazarError('deadline_exceeded', 'the audit did not get here'));
        },
      };
      const timer = this.#options.clock.after(markWaitMs, () => waiter.settle(undefined));
      this.#waiters.add(waiter);
    });
  }
}
