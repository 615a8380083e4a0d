/**
 * The metrics of a group member about its log and its lead.
 */
import type { Histogram } from '../base/histogram.js';
import type { MetricSample } from '../base/metric-table.js';
import type { PoolStatus } from '../pool/types.js';
import type { GroupStatus } from './types.js';

export class MemberMetrics {
  readonly #service: string;
  readonly #group: string;
  readonly #writes: Histogram;
  #won = 0;
  #ledEpoch = 0;
  #applied = 0;

  /** `writes`: seconds until a batch was durable. */
  constructor(service: string, group: string, writes: Histogram) {
    this.#service = service;
    this.#group = group;
    this.#writes = writes;
  }

  /** An entry was applied here. */
  applied(): void {
    this.#applied++;
  }

  roleChanged({ role, epoch }: GroupStatus): void {
    if (role !== 'leader' || epoch === this.#ledEpoch) return;
    this.#ledEpoch = epoch;
    this.#won++;
  }

  samples(status: GroupStatus): MetricSample[] {
    const { epoch, serving, logEnd, commit, oldestUncommittedMs, diskSilentMs } = status;
    const labels = [this.#service, this.#group];
    return [
      ['bazar_is_leader', labels, serving ? 1 : 0],
      ['bazar_epoch', labels, epoch],
      ['bazar_elections_won_total', labels, this.#won],
      ['bazar_log_end', labels, logEnd.seq],
      ['bazar_log_commit', labels, commit],
      ['bazar_entries_applied_total', labels, this.#applied],
      ['bazar_uncommitted_entries', labels, Math.max(0, logEnd.seq - commit)],
      ['bazar_oldest_uncommitted_seconds', labels, oldestUncommittedMs / 1_000],
      ['bazar_disk_silent_seconds', labels, diskSilentMs / 1_000],
      ['bazar_journal_sync_duration_seconds', labels, this.#writes.values()],
    ];
  }
}

/** The metrics of a service's session threads. */
export function poolSamples(
  service: string,
  { threads, sessions, refused }: PoolStatus,
): MetricSample[] {
  const labels = [service];
  const sum = (of: (thread: PoolStatus['threads'][number]) => number): number =>
    threads.reduce((total, thread) => total + of(thread), 0);
  return [
    ['bazar_sessions', labels, sessions],
    ['bazar_sessions_refused_total', labels, refused],
    ['bazar_owner_calls_waiting', labels, sum((thread) => thread.callsOutstanding)],
    ['bazar_input_waiting_bytes', labels, sum((thread) => thread.inputBytes)],
    ['bazar_output_waiting_bytes', labels, sum((thread) => thread.outputBytes)],
    ['bazar_thread_crashes_total', labels, sum((thread) => thread.crashes)],
  ];
}
