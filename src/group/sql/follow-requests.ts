/**
 * The leader's side of following: each follower has one open request, which is answered when there are
 * visible entries for it, or after a short time without any. Invariants: every request is settled once;
 * an answer continues the follower's own last entry.
 */
import type { Clock, Timer } from '../../base/clock.js';
import { BazarError } from '../../base/errors.js';
import { logLimits, protocolTimes } from '../../base/limits.js';
import { type FollowAnswer, type FollowParams, toFields } from './follow-messages.js';
import { followWaitMs } from './following.js';
import type { Lead } from './lead.js';
import type { RecentEntries } from './recent-entries.js';
import type { SqlRules } from './sql-rules.js';

/** Open requests; a follower has one, and perhaps a lost one. */
const requestsMax = 64;

interface Open {
  readonly params: FollowParams;
  readonly lead: Lead;
  readonly resolve: (answer: FollowAnswer) => void;
  readonly reject: (error: Error) => void;
  readonly timer: Timer;
}

export interface FollowRequestsOptions {
  readonly clock: Clock;
  readonly log: RecentEntries;
  readonly rules: SqlRules;
}

export class FollowRequests {
  readonly #options: FollowRequestsOptions;
  readonly #open = new Set<Open>();
  #attendedMs = Number.NEGATIVE_INFINITY;

  constructor(options: FollowRequestsOptions) {
    this.#options = options;
  }

  /** A frontend has checked this member. */
  attended(): void {
    this.#attendedMs = this.#options.clock.nowMs();
  }

  add(params: FollowParams, lead: Lead): Promise<FollowAnswer> {
    if (params[1] > lead.epoch) {
      return Promise.reject(new BazarError('unavailable', 'another replica has led since'));
    }
    const now = this.#answer(params, lead, false);
    if (now !== undefined) return Promise.resolve(now);
    if (this.#open.size >= requestsMax) {
      return Promise.reject(new BazarError('overloaded', 'too many followers wait'));
    }
    return new Promise((resolve, reject) => {
      const timer = this.#options.clock.after(followWaitMs, () => this.#settle(open, true));
      const open: Open = { params, lead, resolve, reject, timer };
      this.#open.add(open);
    });
  }

  /** More entries may be visible. */
  wake(): void {
    for (const open of [...this.#open]) this.#settle(open, false);
  }

  fail(error: Error): void {
    for (const { timer, reject } of this.#open) {
      timer.cancel();
      reject(error);
    }
    this.#open.clear();
  }

  #settle(open: Open, isLate: boolean): void {
    const answer = this.#answer(open.params, open.lead, isLate);
    if (answer === undefined || !this.#open.delete(open)) return;
    open.timer.cancel();
    open.resolve(answer);
  }

  /** Undefined if there is nothing for the follower yet and its time is not over. */
  #answer([seq, epoch]: FollowParams, lead: Lead, isLate: boolean): FollowAnswer | undefined {
    const { log, rules } = this.#options;
    const known = log.epochOf(seq);
    if (seq > log.last.seq || (known ?? epoch) !== epoch) return ['diverged'];
    const visible = rules.followersWaitForGates ? lead.visible : lead.commit;
    if (visible <= seq && !isLate) return undefined;
    const entries = log.slice(seq, visible, logLimits.appendBytesMax);
    const healthy = this.#isHealthy(lead);
    if (visible > seq && entries.length === 0) return ['in_database', lead.epoch, visible, healthy];
    return ['entries', lead.epoch, visible, healthy, entries.map(toFields)];
  }

  /** False if a nominee may take the lead: no frontend checks this leader, or its database is silent. */
  #isHealthy(lead: Lead): boolean {
    const nowMs = this.#options.clock.nowMs();
    const { unattendedMs, stepDownMs } = protocolTimes;
    const isAttended = nowMs - this.#attendedMs < unattendedMs;
    return isAttended && (lead.writer?.silentMs(nowMs) ?? 0) < stepDownMs;
  }
}
