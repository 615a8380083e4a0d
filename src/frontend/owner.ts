/**
 * The owner of a frontend: it watches the replicas, finds the leaders, keeps the cache of all its
 * threads in session with the catalog leader, and collects events and status. It serves no customer.
 * Composed of the cache, the connections to the replicas, the detector and the view of the store.
 */
import { type Clock, systemClock } from '../base/clock.js';
import type { ServiceConfig } from '../base/config.js';
import type { Logger } from '../base/logging.js';
import type { MetricSample } from '../base/metric-table.js';
import { systemRandom } from '../base/random.js';
import type { Identity } from '../net/handshake.js';
import type { CacheCounters } from './cache/counters.js';
import type { InvalidationVersions } from './cache/invalidation-versions.js';
import { OwnerCache } from './cache/owner-cache.js';
import type { SharedCache } from './cache/shared-cache.js';
import { FrontendList } from './detector/frontend-list.js';
import { FrontendReports } from './detector/frontend-reports.js';
import { Watch } from './detector/watch.js';
import { LiveEvents } from './events/event-handler.js';
import { ReplicaConnections } from './replica-connections.js';
import { takeAudit } from './requests/audit-round.js';
import { type Leaders, sameLeaders } from './requests/backends.js';
import { type OwnRequests, StoreView } from './store-view.js';
import type { AuditReport, EventBatch, StoreStatus } from './types.js';

export interface FrontendOwnerOptions {
  readonly config: ServiceConfig;
  readonly identity: Identity;
  readonly clusterId: string;
  readonly logger: Logger;
  readonly requests: () => OwnRequests;
  /** Where others reach this frontend, as host:port. */
  readonly shown: { readonly raw: string; readonly http: string };
  /** Called when the leaders change. */
  readonly leaders: (leaders: Leaders) => void;
  /** Called with new events, while a thread has listeners. */
  readonly events: (batch: EventBatch) => void;
}

export class FrontendOwner {
  readonly events: LiveEvents;
  readonly #options: FrontendOwnerOptions;
  readonly #clock: Clock = systemClock;
  readonly #cache: OwnerCache;
  readonly #connections: ReplicaConnections;
  readonly #watch: Watch;
  readonly #view: StoreView;
  readonly #reports: FrontendReports;
  #published: Leaders = { catalog: undefined, order: undefined };

  constructor(options: FrontendOwnerOptions) {
    this.#options = options;
    const { identity, logger, requests, shown } = options;
    const { id: name, incarnation } = identity;
    const clock = this.#clock;
    this.#cache = new OwnerCache({ clock, logger, frontend: name, process: incarnation });
    this.#connections = this.#connect();
    const { replicas } = this.#connections;
    const list = new FrontendList({
      name,
      process: incarnation,
      tell: (event, data) => this.events.happened(event, data),
    });
    const watch = (): Watch => this.#watch;
    this.#view = new StoreView({
      ...{ identity, clock, cache: this.#cache, list, requests, shown, watch },
    });
    this.events = new LiveEvents({
      clock,
      life: incarnation.slice(0, 8),
      publish: options.events,
      led: (group, outageMs) => this.#view.led(group, outageMs),
    });
    this.#reports = new FrontendReports({
      replicas: replicas.filter(
        ({ group, isRecoveryServer }) => group === 'catalog' && !isRecoveryServer,
      ),
      clock,
      process: incarnation,
      report: () => this.#view.report(),
      list,
    });
    this.#watch = new Watch({
      replicas: replicas,
      clock,
      logger,
      seen: (leaders, lead) => {
        this.#cache.session.follow(lead?.replica, lead?.epoch ?? 0);
        this.#seen(leaders);
      },
      logTime: (logTime) => this.versions.heardLogTime(logTime),
      currency: (currency) => this.versions.heardCurrency(currency),
    });
  }

  get versions(): InvalidationVersions {
    return this.#cache.versions;
  }

  get shared(): SharedCache {
    return this.#cache.shared;
  }

  start(): void {
    this.#connections.start();
    this.#watch.start();
    this.#cache.session.start();
    this.#reports.start();
  }

  async stop(): Promise<void> {
    this.#watch.stop();
    await Promise.all([this.#cache.session.stop(), this.#reports.stop()]);
    this.#connections.close();
  }

  counted(news: CacheCounters): void {
    this.#cache.counted(news);
  }

  /** Removes a product from the cache: from now on no thread serves its copy. */
  forget(id: number): void {
    this.#cache.forget(id);
  }

  status(): StoreStatus {
    return this.#view.status();
  }

  metrics(): Promise<MetricSample[]> {
    return this.#view.metrics();
  }

  audit(): Promise<AuditReport> {
    return takeAudit(this.#watch.replicas, this.#watch.leaders, systemRandom.uuid());
  }

  #connect(): ReplicaConnections {
    const { config, identity, clusterId } = this.#options;
    const { session } = this.#cache;
    return new ReplicaConnections(
      { config, identity, clusterId, clock: this.#clock },
      {
        connected: (name, group) => this.#watch.opened(name, group),
        disconnected: (name, group) => {
          if (group === 'catalog') {
            session.lost(name);
            this.events.lost(name);
          }
          this.#watch.closed(name, group);
        },
        invalidate: (name, params) => session.invalidate(name, params),
        records: (name, params) => session.records(name, params),
        changes: (name, changes) => this.events.changed(name, changes),
      },
    );
  }

  #seen(leaders: Leaders): void {
    const catalogClient = this.#watch.replicas.find(({ name }) => name === leaders.catalog);
    this.events.saw(leaders, this.#view.sights(), catalogClient);
    if (sameLeaders(leaders, this.#published)) return;
    this.#published = leaders;
    this.#options.leaders(leaders);
  }
}
