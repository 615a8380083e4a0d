/**
 * Every metric of a store in one place: name, kind, labels and meaning. `/metrics` is written from it.
 * Units stand at the end of names, as Prometheus recommends. Names are stable, because dashboards and
 * alerts use them.
 */

export interface MetricKind {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  readonly help: string;
  /** Ascending upper bounds of a histogram's buckets, without the infinite one. */
  readonly bounds?: readonly number[];
}

export const latencyBounds = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
] as const;
export const outageBounds = [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 5, 10, 30, 60] as const;

function counter(labels: readonly string[], help: string): MetricKind {
  return { type: 'counter', labels, help };
}

function gauge(labels: readonly string[], help: string): MetricKind {
  return { type: 'gauge', labels, help };
}

function histogram(
  labels: readonly string[],
  help: string,
  bounds: readonly number[] = latencyBounds,
): MetricKind {
  return { type: 'histogram', labels, help, bounds };
}

const one = ['service'] as const;
const member = ['service', 'group'] as const;

export const metricTable = {
  bazar_requests_total: counter(
    ['service', 'door', 'operation', 'code'],
    'Requests answered, by door (raw, http, dialect), operation and code.',
  ),
  bazar_request_duration_seconds: histogram(
    ['service', 'door', 'operation'],
    'Time from request to answer. Hits of a thread’s own cache count as 0.',
  ),
  bazar_cache_hits_total: counter(
    ['service', 'cache'],
    'Look-ups answered without asking a service, by cache: all, of which shared; search.',
  ),
  bazar_cache_misses_total: counter(['service', 'cache'], 'Look-ups that no cache could answer.'),
  bazar_cache_stale_total: counter(
    ['service', 'cache'],
    'Misses because the copy had been invalidated.',
  ),
  bazar_cache_fills_total: counter(['service', 'cache'], 'Answers kept.'),
  bazar_cache_refused_total: counter(one, 'Purchases refused from the cache.'),
  bazar_cache_lease_held: gauge(one, 'Whether the frontend may answer from its cache.'),

  bazar_member_up: gauge(['group', 'member'], 'Whether the frontend asked hears the member.'),
  bazar_member_lag_entries: gauge(['group', 'member'], 'Log entries behind the leader.'),
  bazar_leader_known: gauge(['group'], 'Whether the frontend asked knows a serving leader.'),
  bazar_leader_epoch: gauge(['group'], 'Epoch of the leader that the frontend asked knows.'),
  bazar_leader_changes_total: counter(['group'], 'Leads begun, as the frontend asked saw them.'),
  bazar_leader_outage_seconds: histogram(
    ['group'],
    'From the last sign of life of a leader to the next serving leader.',
    outageBounds,
  ),

  bazar_service_answered: gauge(one, 'Whether the service reported its metrics for this answer.'),
  bazar_is_leader: gauge(member, 'Whether the service leads its group and serves.'),
  bazar_epoch: gauge(member, 'The highest epoch promised.'),
  bazar_elections_won_total: counter(member, 'Leads begun by this process.'),
  bazar_log_end: gauge(member, 'The last log entry.'),
  bazar_log_commit: gauge(member, 'The last log entry known to be committed.'),
  bazar_entries_applied_total: counter(member, 'Entries applied by this process, replay included.'),
  bazar_uncommitted_entries: gauge(member, 'Log entries not known to be committed.'),
  bazar_oldest_uncommitted_seconds: gauge(
    member,
    'Age of the oldest entry a leader cannot commit.',
  ),
  bazar_disk_silent_seconds: gauge(member, 'How long something waits for the disk.'),
  bazar_journal_sync_duration_seconds: histogram(
    member,
    'From handing a batch to the journal until it is durable.',
  ),

  bazar_products: gauge(one, 'Products in the catalog.'),
  bazar_last_sale_number: gauge(one, 'The number of the last sale.'),
  bazar_unprojected_sales: gauge(one, 'Sales that are not known to be orders yet.'),
  bazar_purchase_keys: gauge(one, 'Purchase keys remembered.'),
  bazar_last_order_number: gauge(one, 'The number of the last order.'),
  bazar_purchases_waiting: gauge(one, 'Purchases that an order leader has not answered yet.'),

  bazar_sessions: gauge(one, 'Open sessions.'),
  bazar_sessions_refused_total: counter(
    one,
    'Connections closed at once: too many sessions, of all or of one address.',
  ),
  bazar_owner_calls_waiting: gauge(
    one,
    'Calls of session threads that their owner has not answered.',
  ),
  bazar_input_waiting_bytes: gauge(one, 'Bytes read that no session thread has consumed.'),
  bazar_output_waiting_bytes: gauge(one, 'Bytes written that the network has not taken.'),
  bazar_thread_crashes_total: counter(one, 'Session threads that crashed and were replaced.'),
  bazar_event_loop_delay_seconds: histogram(
    ['service', 'thread'],
    'How late a timer fires; thread: owner, sessions.',
  ),
  bazar_process_resident_memory_bytes: gauge(one, 'Resident memory.'),
  bazar_process_heap_used_bytes: gauge(one, 'Heap of the main thread in use.'),
  bazar_process_cpu_seconds_total: counter(one, 'User and system time.'),
  bazar_process_start_time_seconds: gauge(one, 'When the process started, since 1970.'),
} as const satisfies Readonly<Record<string, MetricKind>>;

export type MetricName = keyof typeof metricTable;

export function metricKind(name: MetricName): MetricKind {
  return metricTable[name];
}

/**
 * One sample: label values in the table's order. A histogram's value is the count of each bucket, the
 * infinite one last, and then the sum.
 */
export type MetricSample = readonly [
  name: MetricName,
  labels: readonly string[],
  value: number | readonly number[],
];
