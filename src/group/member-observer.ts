/**
 * What a member records of itself for metrics and the log: its journal, its role and its process.
 * Decides nothing.
 */
import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/logging.js';
import type { MetricSample } from '../base/metric-table.js';
import { ProcessMetrics } from '../base/process-metrics.js';
import type { Journal } from '../storage/types.js';
import { MemberMetrics } from './member-metrics.js';
import type { GroupName } from './membership.js';
import { MeteredJournal } from './metered-journal.js';
import { RoleLog } from './role-log.js';
import type { GroupStatus } from './types.js';

export interface MemberObserverOptions {
  readonly name: string;
  readonly group: GroupName;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class MemberObserver {
  /** The journal that the host is to use: its writes are measured. */
  readonly journal: MeteredJournal;
  readonly #metrics: MemberMetrics;
  readonly #process: ProcessMetrics;
  readonly #roles: RoleLog;

  constructor({ name, group, journal, clock, logger }: MemberObserverOptions) {
    this.journal = new MeteredJournal(journal, clock);
    this.#metrics = new MemberMetrics(name, group, this.journal);
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
