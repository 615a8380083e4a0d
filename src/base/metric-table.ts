/**
 * Every metric of a store: name, kind, labels and meaning. `/metrics` is generated from it. Names end
 * with the unit, as Prometheus recommends. Names are stable, because dashboards and alerts use them.
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
    'Requests answered, by listener (raw, http, dialect; label door), operation and code.',
  ),
  bazar_request_duration_seconds: histogram(
    ['service', 'door', 'operation'],
    'Time from request to answer. Hits in the session thread’s own cache count as 0.',
  ),
  bazar_cache_hits_total: counter(
    ['service', 'cache'],
    'Look-ups answered from a cache: all, shared (included in all), search.',
  ),
  bazar_cache_misses_total: counter(['service', 'cache'], 'Look-ups that no cache answered.'),
  bazar_cache_stale_total: counter(
    ['service', 'cache'],
    'Misses because the copy was invalidated.',
  ),
  bazar_cache_fills_total: counter(['service', 'cache'], 'Answers added to the cache.'),
  bazar_cache_refused_total: counter(one, 'Local refusals: purchases refused from the cache.'),
  bazar_cache_lease_held: gauge(one, '1 if the frontend may answer from its cache.'),

  bazar_member_up: gauge(
    ['group', 'member'],
    '1 if the member answers the health checks of this frontend.',
  ),
  bazar_member_lag_entries: gauge(['group', 'member'], 'Log entries behind the leader.'),
  bazar_leader_known: gauge(['group'], '1 if this frontend sees a serving leader.'),
  bazar_leader_epoch: gauge(['group'], 'Epoch of the leader that this frontend sees.'),
  bazar_leader_changes_total: counter(['group'], 'Leader changes that this frontend saw.'),
  bazar_leader_outage_seconds: histogram(
    ['group'],
    'Time from the last health answer of a leader to the next serving leader.',
    outageBounds,
  ),

  bazar_service_answered: gauge(one, '1 if the service reported its metrics for this answer.'),
  bazar_is_leader: gauge(member, '1 if the service leads its group and serves.'),
  bazar_epoch: gauge(member, 'The highest epoch promised.'),
  bazar_elections_won_total: counter(member, 'Elections won by this process.'),
  bazar_log_end: gauge(member, 'The last log entry.'),
  bazar_log_commit: gauge(member, 'The last log entry known to be committed.'),
  bazar_entries_applied_total: counter(member, 'Entries applied by this process, replay included.'),
  bazar_uncommitted_entries: gauge(member, 'Log entries not known to be committed.'),
  bazar_oldest_uncommitted_seconds: gauge(
    member,
    'Age of the oldest entry that the leader has not committed.',
  ),
  bazar_disk_silent_seconds: gauge(member, 'Time since which writes wait for the disk.'),
  bazar_journal_sync_duration_seconds: histogram(
    member,
    'Time from passing a batch to the journal until it is durable.',
  ),

  bazar_products: gauge(one, 'Products in the catalog.'),
  bazar_last_sale_number: gauge(one, 'The number of the last sale.'),
  bazar_unprojected_sales: gauge(
    one,
    'Sales after the projected watermark: not yet confirmed as orders.',
  ),
  bazar_unprojected_movements: gauge(
    one,
    'Movements of stock that are not known to be in the order book.',
  ),
  bazar_purchase_keys: gauge(one, 'Keys of purchases and changes stored.'),
  bazar_client_keys: gauge(one, 'Purchase keys of clients stored.'),
  bazar_client_keys_max: gauge(one, 'Purchase keys of clients at which new ones are refused.'),
  bazar_open_holds: gauge(one, 'Open holds.'),
  bazar_open_holds_max: gauge(one, 'Open holds at which new ones are refused.'),
  bazar_open_hold_lines: gauge(one, 'Lines of open holds.'),
  bazar_open_hold_lines_max: gauge(one, 'Lines of open holds at which new ones are refused.'),
  bazar_kept_holds: gauge(one, 'Open holds, and resolved ones that are still answered.'),
  bazar_kept_holds_max: gauge(one, 'Kept holds at which new ones are refused.'),
  bazar_limit_uses: gauge(one, 'Purchases and holds counted for purchase limits.'),
  bazar_limit_uses_max: gauge(one, 'Counted uses at which further ones are refused.'),
  bazar_cancelled_orders: gauge(one, 'Orders of which something was cancelled.'),
  bazar_cancelled_orders_max: gauge(one, 'Cancelled orders at which further ones are refused.'),
  bazar_last_order_number: gauge(one, 'The number of the last order.'),
  bazar_purchases_waiting: gauge(one, 'Purchases that an order leader has not answered yet.'),

  bazar_sessions: gauge(one, 'Open sessions.'),
  bazar_sessions_refused_total: counter(
    one,
    'Connections closed because of the session limit, in total or of one address.',
  ),
  bazar_owner_calls_waiting: gauge(
    one,
    'Calls of session threads that the owner has not answered.',
  ),
  bazar_input_waiting_bytes: gauge(one, 'Bytes read that no session thread has consumed.'),
  bazar_output_waiting_bytes: gauge(one, 'Bytes written that are not yet sent to the network.'),
  bazar_thread_crashes_total: counter(one, 'Session threads that crashed and were replaced.'),
  bazar_event_loop_delay_seconds: histogram(
    ['service', 'thread'],
    'Delay of a timer; thread: owner, sessions.',
  ),
  bazar_process_resident_memory_bytes: gauge(one, 'Resident memory.'),
  bazar_process_heap_used_bytes: gauge(one, 'Used heap of the main thread.'),
  bazar_process_cpu_seconds_total: counter(one, 'User and system CPU time.'),
  bazar_process_start_time_seconds: gauge(one, 'Start time of the process, in seconds since 1970.'),
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
