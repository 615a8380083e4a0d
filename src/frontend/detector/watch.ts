/**
 * Watches every replica of both groups: sends health checks, passes the answers to the electors and
 * carries out their nominations (docs/PROTOCOL.md, section 3). Uses no socket: a replica is a
 * client that can be called. Invariant: at most one health check of each replica is in progress.
 */
import { type Clock, every, type Timer } from '../../base/clock.js';
import { protocolTimes } from '../../base/limits.js';
import type { Logger } from '../../base/logging.js';
import type { GroupName } from '../../group/membership.js';
import type { HealthCheckParams } from '../../wire/internal.js';
import type { ReplicaClient } from '../replica-client.js';
import type { Leaders } from '../requests/backends.js';
import { Elector, type ElectorOptions, type Health } from './elector.js';

export interface WatchOptions {
  readonly replicas: readonly ReplicaClient[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called after every round and at every change of leader. */
  readonly seen: (leaders: Leaders, catalogLead: ElectedLeader | undefined) => void;
  /** Called with each catalog log time that a member reports. */
  readonly logTime: (logTime: number) => void;
  /** Called with the store's currency when a member reports it. */
  readonly currency: (currency: string) => void;
  readonly elector?: ElectorOptions;
}

/** A group's leader, serving or not. */
export interface ElectedLeader {
  readonly replica: ReplicaClient;
  readonly epoch: number;
}

/** Check interval without a serving leader; shorter, because every moment counts. */
const lookAgainMs = 20;

export class Watch {
  readonly #options: WatchOptions;
  readonly #electors: Readonly<Record<GroupName, Elector>>;
  readonly #asking = new Set<ReplicaClient>();
  #timer: Timer | undefined;
  /** The next check of the groups without a serving leader. */
  #soon: Timer | undefined;
  #leaders: Leaders = { catalog: undefined, order: undefined };

  constructor(options: WatchOptions) {
    this.#options = options;
    const electable = (group: GroupName): string[] =>
      options.replicas
        .filter((replica) => replica.group === group && !replica.isRecoveryServer)
        .map(({ name }) => name);
    this.#electors = {
      catalog: new Elector(electable('catalog'), options.elector),
      order: new Elector(electable('order'), options.elector),
    };
  }

  get replicas(): readonly ReplicaClient[] {
    return this.#options.replicas;
  }

  get leaders(): Leaders {
    return this.#leaders;
  }

  health(replica: ReplicaClient): Health | undefined {
    return this.#electors[replica.group].health(replica.name);
  }

  heardMs(replica: ReplicaClient): number | undefined {
    return this.#electors[replica.group].heardMs(replica.name);
  }

  start(): void {
    this.#timer = every(this.#options.clock, protocolTimes.healthCheckEveryMs, () => this.round());
    this.round();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#soon?.cancel();
  }

  /** Sends a health check to every replica now. */
  round(): void {
    for (const replica of this.#options.replicas) this.#ask(replica);
    this.#decide();
  }

  /** A connection was established; its replica may lead. */
  opened(name: string, group: GroupName): void {
    for (const replica of this.#options.replicas) {
      if (replica.name === name && replica.group === group) this.#ask(replica);
    }
  }

  /** A connection closed. This detects a crash; the health check detects a hang. */
  closed(name: string, group: GroupName): void {
    this.#electors[group].lost(name);
    this.round();
  }

  #ask(replica: ReplicaClient): void {
    if (!replica.connected || this.#asking.has(replica)) return;
    this.#asking.add(replica);
    const { clock } = this.#options;
    const params: HealthCheckParams = { answered: this.health(replica) !== undefined };
    let isUntold = false;
    replica
      .call('health_check', params, protocolTimes.healthCheckTimeoutMs)
      .then(
        (answer) => {
          const health = answer as Health;
          isUntold = !params.answered && health.role === 'leader';
          if (health.logTime !== undefined) this.#options.logTime(health.logTime);
          if (health.currency !== undefined) this.#options.currency(health.currency);
          this.#electors[replica.group].answered(replica.name, health, clock.nowMs());
        },
        () => this.#electors[replica.group].lost(replica.name),
      )
      .finally(() => {
        this.#asking.delete(replica);
        // A leader must learn at once that its answers arrive, or it might step down (A39).
        if (isUntold) this.#ask(replica);
        this.#decide();
      });
  }

  #decide(): void {
    const nowMs = this.#options.clock.nowMs();
    const { catalog, order } = this.#electors;
    const readers = { catalog: catalog.readers(nowMs), order: order.readers(nowMs) };
    const leaders = { catalog: catalog.leader(nowMs)?.id, order: order.leader(nowMs)?.id, readers };
    const before = this.#leaders;
    this.#leaders = leaders;
    for (const group of ['catalog', 'order'] as const) {
      if (leaders[group] !== before[group]) {
        const leader = leaders[group];
        const { logger } = this.#options;
        if (leader === undefined) logger.warn({}, `the ${group} group has no leader`);
        else logger.info({}, `${leader} leads the ${group} group`);
      }
      if (leaders[group] === undefined) this.#nominate(group, nowMs);
    }
    if (!leaders.catalog || !leaders.order) this.#lookAgain();
    this.#options.seen(leaders, this.#catalogLead(nowMs));
  }

  #catalogLead(nowMs: number): ElectedLeader | undefined {
    const electedLeader = this.#electors.catalog.electedLeader(nowMs);
    const replica = this.#options.replicas.find(({ name }) => name === electedLeader?.id);
    return electedLeader && replica && { replica, epoch: electedLeader.epoch };
  }

  #lookAgain(): void {
    this.#soon ??= this.#options.clock.after(lookAgainMs, () => {
      this.#soon = undefined;
      const { replicas } = this.#options;
      for (const replica of replicas) if (!this.#leaders[replica.group]) this.#ask(replica);
      this.#decide();
    });
  }

  #nominate(group: GroupName, nowMs: number): void {
    const nomination = this.#electors[group].nominate(nowMs);
    if (!nomination) return;
    const { leader: nominee } = nomination;
    this.#options.logger.info(
      { group, nominee },
      `nominates ${nominee} as leader of the ${group} group`,
    );
    for (const replica of this.#options.replicas) {
      const { name, connected } = replica;
      if (replica.group !== group || !connected || !nomination.tell.includes(name)) continue;
      const hint = { leader_id: nomination.leader };
      replica.call('update_leader', hint, protocolTimes.healthCheckTimeoutMs).then(
        () => this.#ask(replica),
        () => {},
      );
    }
  }
}
