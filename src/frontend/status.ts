/**
 * Builds the public status from what the frontend knows of the replicas and of all frontends. Pure.
 */

import { latencyBounds } from '../base/metric-table.js';
import type { FrontendReport } from '../wire/frontend-report.js';
import { cacheCounterNames } from './cache/counters.js';
import type { Health } from './detector/elector.js';
import type { ReplicaClient } from './replica-client.js';
import type { FrontendStatus, MemberStatus } from './types.js';

export function memberStatus(replica: ReplicaClient, health: Health | undefined): MemberStatus {
  return {
    name: replica.name,
    group: replica.group,
    kind: replica.isRecoveryServer ? 'recovery' : 'replica',
    role: health?.role ?? 'down',
    epoch: health?.epoch ?? 0,
    log_end: health?.logEnd.seq ?? 0,
    commit: health?.commit ?? 0,
    pid: health?.pid ?? 0,
  };
}

export function frontendStatus(report: FrontendReport, isUp: boolean): FrontendStatus {
  const [name, , pid, raw, http, startedMs, lease, cache, requests, ...others] = report;
  const [orders, sessions, rssBytes, lookupTimes, purchaseTimes] = others;
  const counters = Object.fromEntries(cacheCounterNames.map((one, i) => [one, cache[i] ?? 0]));
  const { hits = 0, misses = 0 } = counters;
  const [isHeld, generation, epoch] = lease;
  const [answered, failed, lookups, purchases] = requests;
  return {
    name,
    pid,
    state: isUp ? 'up' : 'down',
    raw,
    http,
    started_at: new Date(startedMs).toISOString(),
    cache: { ...counters, hit_rate: hits + misses === 0 ? 0 : hits / (hits + misses) },
    lease: { held: isUp && isHeld, generation, epoch },
    requests: { answered, failed, lookups, purchases, orders },
    lookup_times: timesOf(lookupTimes),
    purchase_times: timesOf(purchaseTimes),
    sessions: isUp ? sessions : 0,
    rss_bytes: isUp ? rssBytes : 0,
  };
}

/** Skips the times of a build with other bucket bounds, which cannot be added. */
function timesOf(times: readonly number[]): number[] {
  return times.length === latencyBounds.length + 1 ? [...times] : [];
}
