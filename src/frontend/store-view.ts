/**
 * The whole store as one frontend sees it: the status of all services, the metrics, and the report that
 * it sends to the catalog replicas for the other frontends. Decides nothing.
 */
import type { Clock } from '../base/clock.js';
import { latencyBounds, type MetricSample } from '../base/metric-table.js';
import type { GroupName } from '../group/membership.js';
import type { Identity } from '../net/handshake.js';
import type { FrontendReport } from '../wire/frontend-report.js';
import { cacheCounterNames } from './cache/counters.js';
import type { OwnerCache } from './cache/owner-cache.js';
import type { FrontendList } from './detector/frontend-list.js';
import type { Watch } from './detector/watch.js';
import type { Sight } from './events/timeline.js';
import { totalsOf } from './requests/totals.js';
import { frontendStatus, memberStatus } from './status.js';
import { askMembers, cacheSamples, LeadMetrics } from './store-metrics.js';
import type { StoreStatus } from './types.js';

/** What this frontend's threads have done, since the process started. */
export interface OwnRequests {
  readonly answered: number;
  readonly failed: number;
  readonly lookups: number;
  readonly purchases: number;
  readonly orders: number;
  readonly sessions: number;
  readonly lookupTimes: readonly number[];
  readonly purchaseTimes: readonly number[];
}

export interface StoreViewOptions {
  readonly identity: Identity;
  readonly clock: Clock;
  readonly cache: OwnerCache;
  readonly list: FrontendList;
  readonly requests: () => OwnRequests;
  /** Where others reach this frontend, as host:port. */
  readonly shown: { readonly raw: string; readonly http: string };
  /** Called when a status is asked for, after the owner has started to watch. */
  readonly watch: () => Watch;
}

export class StoreView {
  readonly #options: StoreViewOptions;
  readonly #leads = new LeadMetrics();
  readonly #startedMs: number;

  constructor(options: StoreViewOptions) {
    this.#options = options;
    this.#startedMs = Math.round(options.clock.wallMs() - process.uptime() * 1_000);
  }

  led(group: GroupName, outageMs: number): void {
    this.#leads.led(group, outageMs);
  }

  sights(): Sight[] {
    const watch = this.#options.watch();
    return watch.replicas.map((replica) => {
      const { name, group, isRecoveryServer, connected } = replica;
      const [health, heardMs] = [watch.health(replica), watch.heardMs(replica)];
      return { name, group, isRecoveryServer, connected, health, heardMs };
    });
  }

  status(): StoreStatus {
    const { list } = this.#options;
    const watch = this.#options.watch();
    const others = list.others.map(({ report, isUp }) => frontendStatus(report, isUp));
    const frontends = [frontendStatus(this.report(), true), ...others];
    return {
      members: watch.replicas.map((replica) => memberStatus(replica, watch.health(replica))),
      frontends,
      totals: totalsOf(frontends),
      time_bounds: [...latencyBounds],
    };
  }

  /** The metrics of all members, and those that only this frontend can measure. */
  async metrics(): Promise<MetricSample[]> {
    const { identity, cache } = this.#options;
    const watch = this.#options.watch();
    const seen = watch.replicas.map((replica) => ({ replica, health: watch.health(replica) }));
    return [
      ...cacheSamples(identity.id, cache.counters, cache.versions.inSession),
      ...this.#leads.samples(seen),
      ...(await askMembers(watch.replicas)),
    ];
  }

  /** This frontend's own row, for the other frontends. */
  report(): FrontendReport {
    const { identity, requests, shown, cache } = this.#options;
    const { answered, failed, lookups, purchases, ...others } = requests();
    const { versions, counters } = cache;
    return [
      ...([identity.id, identity.incarnation, process.pid, shown.raw, shown.http] as const),
      this.#startedMs,
      [versions.inSession && versions.isLeased, versions.generation, versions.epoch],
      cacheCounterNames.map((name) => counters[name]),
      [answered, failed, lookups, purchases],
      ...([others.orders, others.sessions, process.memoryUsage.rss()] as const),
      ...([others.lookupTimes, others.purchaseTimes] as const),
    ];
  }
}
