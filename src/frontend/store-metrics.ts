/**
 * The metrics of the whole store, collected by one frontend: each member's own metrics, and those
 * that only the frontend can measure, such as which members answer, their lag, and the time without
 * a leader. Does not depend on the output format.
 */
import { Histogram } from '../base/histogram.js';
import { type MetricSample, outageBounds } from '../base/metric-table.js';
import type { GroupName } from '../group/membership.js';
import type { CacheCounters } from './cache/counters.js';
import type { Health } from './detector/elector.js';
import type { ReplicaClient } from './replica-client.js';

/** A member that takes longer has no metrics in this answer. */
const askMs = 1_000;

export interface SeenMember {
  readonly replica: ReplicaClient;
  readonly health: Health | undefined;
}

/** Asks each member for its metrics. A member that does not answer is counted as not answered. */
export async function askMembers(replicas: readonly ReplicaClient[]): Promise<MetricSample[]> {
  const asked = replicas.map(async (replica): Promise<MetricSample[]> => {
    if (!replica.connected) return [['bazar_service_answered', [replica.name], 0]];
    try {
      const own = (await replica.call('metrics', [], askMs)) as MetricSample[];
      return [['bazar_service_answered', [replica.name], 1], ...own];
    } catch {
      return [['bazar_service_answered', [replica.name], 0]];
    }
  });
  return (await Promise.all(asked)).flat();
}

/** Counts changes of leader and the time without one. */
export class LeadMetrics {
  readonly #leads: Readonly<Record<GroupName, { changes: number; readonly outages: Histogram }>> = {
    catalog: { changes: 0, outages: new Histogram(outageBounds) },
    order: { changes: 0, outages: new Histogram(outageBounds) },
  };

  led(group: GroupName, outageMs: number): void {
    const lead = this.#leads[group];
    lead.changes++;
    if (outageMs > 0) lead.outages.observe(outageMs / 1_000);
  }

  samples(members: readonly SeenMember[]): MetricSample[] {
    return (['catalog', 'order'] as const).flatMap((group): MetricSample[] => {
      const own = members.filter(({ replica }) => replica.group === group);
      const { changes, outages } = this.#leads[group];
      const leader = own.find(({ health }) => health?.role === 'leader' && health.serving)?.health;
      return [
        ['bazar_leader_known', [group], leader ? 1 : 0],
        ['bazar_leader_epoch', [group], leader?.epoch ?? 0],
        ['bazar_leader_changes_total', [group], changes],
        ['bazar_leader_outage_seconds', [group], outages.values()],
        ...own.flatMap((member) => memberSamples(member, leader)),
      ];
    });
  }
}

function memberSamples(
  { replica, health }: SeenMember,
  leader: Health | undefined,
): MetricSample[] {
  const labels = [replica.group, replica.name];
  const up: MetricSample = ['bazar_member_up', labels, health ? 1 : 0];
  if (!health || !leader) return [up];
  const lag = Math.max(0, leader.logEnd.seq - health.logEnd.seq);
  return [up, ['bazar_member_lag_entries', labels, lag]];
}

export function cacheSamples(
  service: string,
  counters: Readonly<CacheCounters>,
  holdsLease: boolean,
): MetricSample[] {
  const { hits, misses, stale, fills, refused } = counters;
  const all = { hits, misses, stale, fills };
  const shared = {
    hits: counters.shared_hits,
    misses: counters.shared_misses,
    stale: counters.shared_stale,
    fills: counters.shared_fills,
  };
  const search = {
    hits: counters.search_hits,
    misses: counters.search_misses,
    stale: counters.search_stale,
    fills: counters.search_fills,
  };
  const caches = Object.entries({ all, shared, search });
  return [
    ...caches.flatMap(([cache, counted]): MetricSample[] => [
      ['bazar_cache_hits_total', [service, cache], counted.hits],
      ['bazar_cache_misses_total', [service, cache], counted.misses],
      ['bazar_cache_stale_total', [service, cache], counted.stale],
      ['bazar_cache_fills_total', [service, cache], counted.fills],
    ]),
    ['bazar_cache_refused_total', [service], refused],
    ['bazar_cache_lease_held', [service], holdsLease ? 1 : 0],
  ];
}
