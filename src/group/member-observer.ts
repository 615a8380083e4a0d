/**
 * What a member records of itself for metrics and the log: its writes, its role and its process.
 * Decides nothing.
 */
import type { Clock } from '../base/clock.js';
import type { Histogram } from '../base/histogram.js';
import type { Logger } from '../base/logging.js';
import type { MetricSample } from '../base/metric-table.js';
import { ProcessMetrics } from '../base/process-metrics.js';
import { MemberMetrics } from './member-metrics.js';
import type { GroupName } from './membership.js';
import { RoleLog } from './role-log.js';
import type { GroupStatus } from './types.js';

export interface MemberObserverOptions {
  readonly name: string;
  readonly group: GroupName;
  /** Seconds until a batch was durable. */
  readonly writes: Histogram;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class MemberObserver {
  readonly #metrics: MemberMetrics;
  readonly #process: ProcessMetrics;
  readonly #roles: RoleLog;

  constructor({ name, group, writes, clock, logger }: MemberObserverOptions) {
    this.#metrics = new MemberMetrics(name, group, writes);
    this.#process = new ProcessMetrics(name, clock);
    this.#roles = new RoleLog(group, logger);
  }

  /** An entry was applied here. */
  applied(): void {
    this.#metrics.applied();
  }

  roleChanged(status: GroupStatus): void {
    this.#metrics.roleChanged(status);
    this.#roles.saw(status);
  }

  samples(status: GroupStatus): MetricSample[] {
    return [...this.#metrics.samples(status), ...this.#process.samples()];
  }

  stop(): void {
    this.#process.stop();
  }
}
