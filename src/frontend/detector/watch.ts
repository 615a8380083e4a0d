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
import type { Leaders } from '../reads/backends.js';
import type { ReplicaClient } from '../replica-client.js';
import { Elector, type ElectorOptions, type Health } from './elector.js';

export interface WatchOptions {
  readonly lines: readonly ReplicaClient[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called after every round and at every change of leader. */
  readonly seen: (leaders: Leaders, catalogLead: Lead | undefined) => void;
  /** Called with each catalog log time that a member reports. */
  readonly logTime: (logTime: number) => void;
  readonly elector?: ElectorOptions;
}

/** A group's leader, serving or not. */
export interface Lead {
  readonly line: ReplicaClient;
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
      options.lines.filter((line) => line.group === group && !line.witness).map(({ name }) => name);
    this.#electors = {
      catalog: new Elector(electable('catalog'), options.elector),
      order: new Elector(electable('order'), options.elector),
    };
  }

  get lines(): readonly ReplicaClient[] {
    return this.#options.lines;
  }

  get leaders(): Leaders {
    return this.#leaders;
  }

  health(line: ReplicaClient): Health | undefined {
    return this.#electors[line.group].health(line.name);
  }

  heardMs(line: ReplicaClient): number | undefined {
    return this.#electors[line.group].heardMs(line.name);
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
    for (const line of this.#options.lines) this.#ask(line);
    this.#decide();
  }

  /** A connection was established; its replica may lead. */
  opened(name: string, group: GroupName): void {
    for (const line of this.#options.lines) {
      if (line.name === name && line.group === group) this.#ask(line);
    }
  }

  /** A connection closed. This detects a crash; the health check detects a hang. */
  closed(name: string, group: GroupName): void {
    this.#electors[group].lost(name);
    this.round();
  }

  #ask(line: ReplicaClient): void {
    if (!line.connected || this.#asking.has(line)) return;
    this.#asking.add(line);
    const { clock } = this.#options;
    const params: HealthCheckParams = { answered: this.health(line) !== undefined };
    let isUntold = false;
    line
      .call('health_check', params, protocolTimes.healthCheckTimeoutMs)
      .then(
        (answer) => {
          const health = answer as Health;
          isUntold = !params.answered && health.role === 'leader';
          if (health.logTime !== undefined) this.#options.logTime(health.logTime);
          this.#electors[line.group].answered(line.name, health, clock.nowMs());
        },
        () => this.#electors[line.group].lost(line.name),
      )
      .finally(() => {
        this.#asking.delete(line);
        // A leader must learn at once that its answers arrive, or it might step down (A39).
        if (isUntold) this.#ask(line);
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
        if (leader === undefined) logger.warn({}, `nobody leads the ${group} group`);
        else logger.info({}, `${leader} leads the ${group} group`);
      }
      if (leaders[group] === undefined) this.#nominate(group, nowMs);
    }
    if (!leaders.catalog || !leaders.order) this.#lookAgain();
    this.#options.seen(leaders, this.#catalogLead(nowMs));
  }

  #catalogLead(nowMs: number): Lead | undefined {
    const lead = this.#electors.catalog.lead(nowMs);
    const line = this.#options.lines.find(({ name }) => name === lead?.id);
    return lead && line && { line, epoch: lead.epoch };
  }

  #lookAgain(): void {
    this.#soon ??= this.#options.clock.after(lookAgainMs, () => {
      this.#soon = undefined;
      const { lines } = this.#options;
      for (const line of lines) if (!this.#leaders[line.group]) this.#ask(line);
      this.#decide();
    });
  }

  #nominate(group: GroupName, nowMs: number): void {
    const nomination = this.#electors[group].nominate(nowMs);
    if (!nomination) return;
    const { leader: nominee } = nomination;
    this.#options.logger.info({ group, nominee }, `asks ${nominee} to lead the ${group} group`);
    for (const line of this.#options.lines) {
      if (line.group !== group || !line.connected || !nomination.tell.includes(line.name)) continue;
      const hint = { leader_id: nomination.leader };
      line.call('update_leader', hint, protocolTimes.healthCheckTimeoutMs).then(
        () => this.#ask(line),
        () => {},
      );
    }
  }
}
