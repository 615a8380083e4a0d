/**
 * A running member of a group: its log in an engine, its connections to the others, its two ports, and
 * its metrics and log lines. The service defines the state machine and its own requests. Invariant: the
 * member listens only after it has recovered its log.
 */
import { type Clock, systemClock } from '../base/clock.js';
import type { ServiceConfig } from '../base/config.js';
import type { Logger } from '../base/logging.js';
import type { MetricSample } from '../base/metric-table.js';
import { systemRandom } from '../base/random.js';
import type { Entry, StateMachine } from '../consensus/types.js';
import type { HandshakeOptions } from '../net/handshake.js';
import { peerTransport } from '../net/tls-transport.js';
import { rulesVersion } from '../wire/internal.js';
import type { Engine, GroupHandle } from './engine.js';
import { MemberHandler } from './member-handler.js';
import { MemberObserver } from './member-observer.js';
import { type MemberListeners, MemberPorts, type ServiceHandler } from './member-ports.js';
import { type GroupName, type Membership, membership } from './membership.js';
import { RpcPeers } from './rpc-peers.js';
import type { MemberCredentials } from './session-program.js';
import type { GroupStatus } from './types.js';

export interface MemberOptions<Result> {
  readonly config: ServiceConfig;
  readonly group: GroupName;
  readonly engine: Engine<Result>;
  readonly machine: StateMachine<Result>;
  /** True if entries wait for `openGates` (R8). */
  readonly gated: boolean;
  readonly logger: Logger;
  readonly applied: (entry: Entry, result: Result) => void;
  /** A further condition for serving as leader, such as the first stock. */
  readonly canServe?: () => boolean;
  /** The service's own metrics. */
  readonly metrics?: () => readonly MetricSample[];
  /** The newest log time of an applied catalog entry that is known here. */
  readonly logTime?: () => number;
  /** The store's currency; undefined while it is not known. */
  readonly currency?: () => string | undefined;
  /** Called after each connection to another member is established. */
  readonly met?: () => void;
  /** Runs at a stop, when no more entries are applied and the engine is still open. */
  readonly beforeClose?: () => Promise<void>;
}

export class Member<Result> {
  readonly host: GroupHandle<Result>;
  readonly handler: MemberHandler;
  readonly #options: MemberOptions<Result>;
  readonly #clock: Clock = systemClock;
  readonly #membership: Membership;
  readonly #peers: RpcPeers;
  readonly #observer: MemberObserver;
  readonly #ports: MemberPorts;
  /** The state may be half changed, so it must not be saved. */
  #hasFailed = false;

  constructor(options: MemberOptions<Result>) {
    this.#options = options;
    const { config, group, engine, machine, gated, logger, applied } = options;
    this.#membership = membership(config.cluster, group);
    const { replicas, recoveryServers } = this.#membership;
    this.#peers = new RpcPeers({
      id: config.name,
      members: [...replicas, ...recoveryServers].map(({ name, peer }) => ({
        id: name,
        address: peer,
      })),
      handshake: this.#handshake(),
      transport: peerTransport(config.clusterTls),
      clock: this.#clock,
      random: systemRandom,
      logger,
      met: options.met,
    });
    const observer = new MemberObserver({
      ...{ name: config.name, group, writes: engine.writes, clock: this.#clock, logger },
    });
    this.#observer = observer;
    this.host = engine.newGroup({
      ...{ config, membership: this.#membership, peers: this.#peers, clock: this.#clock },
      ...{ machine, logger, gated },
      applied: (entry, result) => {
        observer.applied();
        applied(entry, result);
      },
    });
    this.host.onRole((status) => observer.roleChanged(status));
    void this.host.failed.then(() => {
      this.#hasFailed = true;
    });
    this.handler = new MemberHandler({
      status: () => this.#status(),
      nominate: (leader) => this.host.nominate(leader),
      attended: () => this.host.attended(),
      pid: process.pid,
      clock: this.#clock,
      metrics: () => this.#samples(),
      logTime: options.logTime,
      currency: options.currency,
    });
    this.#ports = new MemberPorts({
      ...{ config, clock: this.#clock, logger, handler: this.handler, peers: this.#peers },
      handshake: () => this.#handshake(),
      credentials: () => ({ ...this.#credentials(), tls: config.clusterTls }),
    });
  }

  /** Recovers, then listens on both ports. */
  async open(listeners: MemberListeners): Promise<void> {
    await this.host.start();
    await this.#ports.open({ ...listeners, handler: this.#withEngine(listeners.handler) });
  }

  /** Calls another member's service handler, in order with the group's messages to it. */
  ask(to: string, method: string, params: unknown, timeoutMs: number): Promise<unknown> {
    return this.#peers.ask(to, method, params, timeoutMs);
  }

  /** True if all replicas support the bound of totals. Recovery servers apply nothing. */
  boundsTotals(): boolean {
    const { name } = this.#options.config;
    return this.#membership.replicas.every(
      (replica) => replica.name === name || this.#peers.boundsTotals(replica.name),
    );
  }

  /** The newest version of the rules that all replicas support. Recovery servers apply nothing. */
  rules(): number {
    const { name } = this.#options.config;
    const versions = this.#membership.replicas.map((replica) =>
      replica.name === name ? rulesVersion : this.#peers.rules(replica.name),
    );
    return Math.min(...versions);
  }

  /** Answers the requests in progress, then closes the ports and the files. */
  async close(): Promise<void> {
    await this.#ports.drain();
    this.#peers.close();
    this.host.stop();
    this.#observer.stop();
    if (!this.#hasFailed) await this.#options.beforeClose?.();
    await this.#options.engine.close();
  }

  /** Requests of other members to the engine come before those to the service. */
  #withEngine(service: ServiceHandler): ServiceHandler {
    const { engine } = this.#options;
    return {
      request: (session, method, params, reply, header) =>
        engine.request(method, params, reply) ||
        service.request(session, method, params, reply, header),
      notification: (session, method, params) => service.notification(session, method, params),
      closed: (session) => service.closed(session),
    };
  }

  #status(): GroupStatus {
    const status = this.host.status();
    return { ...status, serving: status.serving && (this.#options.canServe?.() ?? true) };
  }

  #samples(): MetricSample[] {
    return [
      ...this.#observer.samples(this.host.status()),
      ...this.#ports.samples(),
      ...(this.#options.metrics?.() ?? []),
    ];
  }

  #credentials(): MemberCredentials {
    const { config, engine, group } = this.#options;
    const { name, clusterToken } = config;
    return {
      identity: { role: group, id: name, incarnation: engine.incarnation },
      cluster: engine.clusterId,
      group,
      token: clusterToken,
    };
  }

  #handshake(): HandshakeOptions {
    return { ...this.#credentials(), clock: this.#clock, random: systemRandom };
  }
}
