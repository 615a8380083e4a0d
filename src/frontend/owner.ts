/**
 * The owner of a frontend: it watches the replicas, says who leads, holds the session with the
 * catalog leader for all its threads, and gathers what only it can see. It serves no customer.
 */
import { type Clock, systemClock } from '../base/clock.js';
import type { MemberAddresses, ServiceConfig } from '../base/config.js';
import { BazarError } from '../base/errors.js';
import { wireLimits } from '../base/limits.js';
import type { Logger } from '../base/logging.js';
import { latencyBounds, type MetricSample } from '../base/metric-table.js';
import { systemRandom } from '../base/random.js';
import { type GroupName, membership } from '../group/membership.js';
import { type Identity, introduction } from '../net/handshake.js';
import { RpcClient } from '../net/rpc-client.js';
import { peerTransport } from '../net/tls-transport.js';
import type { FrontendReport } from '../wire/frontend-report.js';
import type { Changes, InvalidateParams, RecordsParams } from '../wire/internal.js';
import { CacheSession } from './cache/cache-session.js';
import {
  addCounters,
  type CacheCounters,
  cacheCounterNames,
  newCounters,
} from './cache/counters.js';
import { InvalidationVersions } from './cache/invalidation-versions.js';
import { PushedProducts } from './cache/pushed-products.js';
import { SharedCache } from './cache/shared-cache.js';
import { FrontendList } from './detector/frontend-list.js';
import { FrontendReports } from './detector/frontend-reports.js';
import { Watch } from './detector/watch.js';
import { LiveEvents } from './events/event-handler.js';
import type { Sight } from './events/timeline.js';
import { takeAudit } from './reads/audit-round.js';
import { type Leaders, sameLeaders } from './reads/backends.js';
import { totalsOf } from './reads/totals.js';
import type { ReplicaClient } from './replica-client.js';
import { frontendStatus, memberStatus } from './status.js';
import { askMembers, cacheSamples, LeadMetrics } from './store-metrics.js';
import type { AuditReport, EventBatch, StoreStatus } from './types.js';

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
  readonly versions = new InvalidationVersions();
  readonly shared: SharedCache;
  readonly events: LiveEvents;
  readonly #options: FrontendOwnerOptions;
  readonly #clock: Clock = systemClock;
  readonly #clients: RpcClient[] = [];
  readonly #watch: Watch;
  readonly #session: CacheSession;
  readonly #list: FrontendList;
  readonly #reports: FrontendReports;
  readonly #counters = newCounters();
  readonly #startedMs: number;
  readonly #leads = new LeadMetrics();
  #told: Leaders = { catalog: undefined, order: undefined };

  constructor(options: FrontendOwnerOptions) {
    this.#options = options;
    this.#startedMs = Math.round(this.#clock.wallMs() - process.uptime() * 1_000);
    this.shared = new SharedCache(this.versions, this.#counters);
    this.#session = new CacheSession({
      versions: this.versions,
      clock: this.#clock,
      logger: options.logger,
      frontend: options.identity.id,
      process: options.identity.incarnation,
      pushed: new PushedProducts(this.versions, this.shared),
    });
    this.events = new LiveEvents({
      clock: this.#clock,
      life: options.identity.incarnation.slice(0, 8),
      publish: options.events,
      led: (group, outageMs) => this.#leads.led(group, outageMs),
    });
    const lines = (['catalog', 'order'] as const).flatMap((group) => {
      const { replicas, witnesses } = membership(options.config.cluster, group);
      return [
        ...replicas.map((member) => this.#line(member, group, false)),
        ...witnesses.map((member) => this.#line(member, group, true)),
      ];
    });
    const { id: name, incarnation } = options.identity;
    this.#list = new FrontendList({
      name,
      process: incarnation,
      tell: (event, data) => this.events.happened(event, data),
    });
    this.#reports = new FrontendReports({
      lines: lines.filter(({ group, witness }) => group === 'catalog' && !witness),
      clock: this.#clock,
      process: incarnation,
      report: () => this.#report(),
      list: this.#list,
    });
    this.#watch = new Watch({
      lines,
      clock: this.#clock,
      logger: options.logger,
      seen: (leaders, lead) => {
        this.#session.follow(lead?.line, lead?.epoch ?? 0);
        this.#seen(leaders, lines);
      },
      logTime: (logTime) => this.versions.heardLogTime(logTime),
    });
  }

  start(): void {
    for (const client of this.#clients) client.start();
    this.#watch.start();
    this.#session.start();
    this.#reports.start();
  }

  async stop(): Promise<void> {
    this.#watch.stop();
    await Promise.all([this.#session.stop(), this.#reports.stop()]);
    for (const client of this.#clients) client.close();
  }

  counted(news: CacheCounters): void {
    addCounters(this.#counters, news);
  }

  /** A client wants a product out of the cache: no thread serves its copy from here on. */
  forget(id: number): void {
    this.versions.invalidate(this.versions.idBucket(id), 0);
  }

  status(): StoreStatus {
    const { lines } = this.#watch;
    const others = this.#list.others.map(({ report, isUp }) => frontendStatus(report, isUp));
    const frontends = [frontendStatus(this.#report(), true), ...others];
    return {
      members: lines.map((line) => memberStatus(line, this.#watch.health(line))),
      frontends,
      totals: totalsOf(frontends),
      time_bounds: [...latencyBounds],
    };
  }

  /** The figures of all members, and what this frontend sees of them. */
  async metrics(): Promise<MetricSample[]> {
    const { lines } = this.#watch;
    const seen = lines.map((line) => ({ line, health: this.#watch.health(line) }));
    const { id } = this.#options.identity;
    return [
      ...cacheSamples(id, this.#counters, this.versions.inSession),
      ...this.#leads.samples(seen),
      ...(await askMembers(lines)),
    ];
  }

  audit(): Promise<AuditReport> {
    return takeAudit(this.#watch.lines, this.#watch.leaders, systemRandom.uuid());
  }

  #report(): FrontendReport {
    const { identity, requests, shown } = this.#options;
    const { answered, failed, lookups, purchases, ...others } = requests();
    const { versions } = this;
    return [
      ...([identity.id, identity.incarnation, process.pid, shown.raw, shown.http] as const),
      this.#startedMs,
      [versions.inSession && versions.isLeased, versions.generation, versions.epoch],
      cacheCounterNames.map((name) => this.#counters[name]),
      [answered, failed, lookups, purchases],
      ...([others.orders, others.sessions, process.memoryUsage.rss()] as const),
      ...([others.lookupTimes, others.purchaseTimes] as const),
    ];
  }

  #seen(leaders: Leaders, lines: readonly ReplicaClient[]): void {
    const catalogClient = lines.find(({ name }) => name === leaders.catalog);
    this.events.saw(leaders, this.#sights(lines), catalogClient);
    if (sameLeaders(leaders, this.#told)) return;
    this.#told = leaders;
    this.#options.leaders(leaders);
  }

  #sights(lines: readonly ReplicaClient[]): Sight[] {
    return lines.map((line) => {
      const { name, group, witness, connected } = line;
      const [health, heardMs] = [this.#watch.health(line), this.#watch.heardMs(line)];
      return { name, group, witness, connected, health, heardMs };
    });
  }

  #line(member: MemberAddresses, group: GroupName, witness: boolean): ReplicaClient {
    const { identity, clusterId: cluster, config } = this.#options;
    const { name } = member;
    const clock = this.#clock;
    const token = config.clusterToken;
    const handshake = { identity, cluster, group, token, clock, random: systemRandom };
    const client = new RpcClient({
      address: member.peer,
      transport: peerTransport(config.clusterTls),
      clock,
      random: systemRandom,
      trusted: true,
      frameBytesMax: wireLimits.internalFrameBytesMax,
      introduce: introduction(handshake, name),
      connected: () => this.#watch.opened(name, group),
      disconnected: () => {
        if (group === 'catalog') {
          this.#session.lost(name);
          this.events.lost(name);
        }
        this.#watch.closed(name, group);
      },
      handler: {
        request: (_session, method, params, reply) => {
          if (method !== 'invalidate') throw new BazarError('unknown_method', method);
          this.#session.invalidate(name, params as InvalidateParams);
          reply.result(null);
        },
        notification: (_session, method, params) => {
          if (method === 'records') this.#session.records(name, params as RecordsParams);
          if (method === 'changes') this.events.changed(name, params as Changes);
        },
      },
    });
    this.#clients.push(client);
    return {
      name,
      group,
      witness,
      get connected() {
        return client.connected;
      },
      call: (method, params, timeoutMs) => client.call(method, params, timeoutMs),
    };
  }
}
