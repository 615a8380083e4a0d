/**
 * Reports this frontend and its counters to every catalog replica a few times a second, and passes
 * on what the replicas answer about the other frontends. Uses no socket: a replica is a client that
 * can be called. Invariant: at most one report to each replica is in progress.
 */
import { type Clock, every, type Timer } from '../../base/clock.js';
import { toBazarError } from '../../base/errors.js';
import { frontendLimits } from '../../base/limits.js';
import { type FrontendReport, type ReportParams, readRows } from '../../wire/frontend-report.js';
import type { ReplicaClient } from '../replica-client.js';
import type { FrontendList } from './frontend-list.js';

export interface FrontendReportsOptions {
  /** Clients of the catalog replicas. */
  readonly replicas: readonly ReplicaClient[];
  readonly clock: Clock;
  readonly process: string;
  readonly report: () => FrontendReport;
  readonly list: FrontendList;
}

export class FrontendReports {
  readonly #options: FrontendReportsOptions;
  readonly #asking = new Set<ReplicaClient>();
  /** Replicas of older builds, which refuse the method, with the time of the next attempt. */
  readonly #againMs = new Map<ReplicaClient, number>();
  #timer: Timer | undefined;

  constructor(options: FrontendReportsOptions) {
    this.#options = options;
  }

  start(): void {
    const { clock } = this.#options;
    this.#timer = every(clock, frontendLimits.reportEveryMs, () => this.#round());
    this.#round();
  }

  /** Resolves when the replicas know that this frontend stops, or after a limited wait. */
  async stop(): Promise<void> {
    this.#timer?.cancel();
    const params: ReportParams = [this.#options.process, null];
    const told = this.#options.replicas
      .filter(({ connected }) => connected)
      .map((replica) => replica.call('report_frontend', params, frontendLimits.leaveTimeoutMs));
    await Promise.allSettled(told);
  }

  #round(): void {
    const { replicas, clock, process, report } = this.#options;
    const nowMs = clock.nowMs();
    const params: ReportParams = [process, report()];
    for (const replica of replicas) {
      if (!replica.connected || this.#asking.has(replica)) continue;
      if (nowMs >= (this.#againMs.get(replica) ?? nowMs)) this.#ask(replica, params);
    }
  }

  #ask(replica: ReplicaClient, params: ReportParams): void {
    const { clock, list } = this.#options;
    this.#asking.add(replica);
    replica
      .call('report_frontend', params, frontendLimits.reportTimeoutMs)
      .then(
        (answer) => {
          this.#againMs.delete(replica);
          const at = new Date(clock.wallMs()).toISOString();
          list.answered(replica.name, readRows(answer), { nowMs: clock.nowMs(), at });
        },
        (error: unknown) => {
          if (toBazarError(error).code !== 'unknown_method') return;
          this.#againMs.set(replica, clock.nowMs() + frontendLimits.refusedMs);
        },
      )
      .finally(() => this.#asking.delete(replica));
  }
}
