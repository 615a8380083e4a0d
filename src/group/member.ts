/**
 * A group's member as it runs: its host between journal and peers, its replication port on the
 * owner, its session threads on the service port. What it replicates, and what it answers beyond
 * what every member answers, is the service's. Invariant: it listens only when its log is recovered.
 */
import { availableParallelism } from 'node:os';
import { type Clock, systemClock } from '../base/clock.js';
import type { MemberAddresses, ServiceConfig } from '../base/config.js';
import { BazarError } from '../base/errors.js';
import { wireLimits } from '../base/limits.js';
import type { Logger } from '../base/logging.js';
import type { MetricSample } from '../base/metric-table.js';
import { sessionPlaces } from '../base/open-files.js';
import { ProcessMetrics } from '../base/process-metrics.js';
import { systemRandom } from '../base/random.js';
import type { SnapshotMark } from '../consensus/messages.js';
import type { Entry, StateMachine } from '../consensus/types.js';
import { gatedHandler, type HandshakeOptions, type Identity } from '../net/handshake.js';
import { RpcServer } from '../net/rpc-server.js';
import type { RpcHandler, RpcSession } from '../net/rpc-session.js';
import { peerTransport } from '../net/tls-transport.js';
import { type SessionPool, startSessionPool } from '../pool/session-pool.js';
import { isServedByOne } from '../pool/thread-placement.js';
import type { OwnerCall } from '../pool/types.js';
import { rulesVersion } from '../wire/internal.js';
import { headerFields } from '../wire/request-header.js';
import { doubtOf, type MemberFolder, refuseGap } from './folder.js';
import { headedCalls, loggedCalls } from './headed-calls.js';
import { GroupHost } from './host.js';
import { MemberHandler } from './member-handler.js';
import { MemberMetrics, poolSamples } from './member-metrics.js';
import { type GroupName, type Membership, membership } from './membership.js';
import { MeteredJournal } from './metered-journal.js';
import { RoleLog } from './role-log.js';
import { RpcPeers } from './rpc-peers.js';
import type { MemberCredentials, ThreadCredentials } from './session-program.js';
import type { SnapshotPort } from './snapshot-port.js';
import type { GroupStatus } from './types.js';

/** Sessions of other services: each asks for little at a time. */
const serviceKind = 'service';
const servicePlacement = 'packed';

/** What the service answers on the replication port; false where the method is not its own. */
export interface ServiceHandler {
  request(
    session: RpcSession,
    method: string,
    params: unknown,
    reply: Parameters<RpcHandler['request']>[3],
  ): boolean;
  notification(session: RpcSession, method: string, params: unknown): void;
  closed(session: RpcSession): void;
}

export interface MemberOptions<Result> {
  readonly config: ServiceConfig;
  readonly group: GroupName;
  readonly folder: MemberFolder;
  readonly machine: StateMachine<Result>;
  readonly base: SnapshotMark;
  readonly gated: boolean;
  readonly snapshots?: SnapshotPort;
  readonly logger: Logger;
  readonly applied: (entry: Entry, result: Result) => void;
  /** What a leader needs beside the lead before it serves, as its first stock. */
  readonly canServe?: () => boolean;
  /** Figures of the service's own, for `/metrics`. */
  readonly metrics?: () => readonly MetricSample[];
  /** The newest log time of an applied entry of the catalog that is known here. */
  readonly logTime?: () => number;
  /** Called after each connection to another member is established. */
  readonly met?: () => void;
}

/** The service's answers and its threads, once the host is there to build them on. */
export interface MemberListeners {
  readonly address: MemberAddresses;
  readonly handler: ServiceHandler;
  readonly program: URL;
  calls(calls: OwnerCall[]): void;
}

export class Member<Result> {
  readonly host: GroupHost<Result>;
  readonly handler: MemberHandler;
  readonly #options: MemberOptions<Result>;
  readonly #clock: Clock = systemClock;
  readonly #membership: Membership;
  readonly #peers: RpcPeers;
  readonly #metrics: MemberMetrics;
  readonly #process: ProcessMetrics;
  #server: RpcServer | undefined;
  #pool: SessionPool | undefined;

  constructor(options: MemberOptions<Result>) {
    this.#options = options;
    const { config, group, folder, machine, base, gated, snapshots, logger, applied } = options;
    this.#membership = membership(config.cluster, group);
    const { replicas, witnesses } = this.#membership;
    this.#peers = new RpcPeers({
      id: config.name,
      members: [...replicas, ...witnesses].map(({ name, peer }) => ({ id: name, address: peer })),
      handshake: this.#handshake(),
      transport: peerTransport(config.clusterTls),
      clock: this.#clock,
      random: systemRandom,
      logger,
      met: options.met,
    });
    const journal = new MeteredJournal(folder.journal, this.#clock);
    this.#metrics = new MemberMetrics(config.name, group, journal);
    this.#process = new ProcessMetrics(config.name, this.#clock);
    this.host = new GroupHost<Result>({
      id: config.name,
      voters: replicas.map(({ name }) => name),
      witnesses: witnesses.map(({ name }) => name),
      learner: folder.identity.learner,
      doubt: doubtOf(folder, base),
      incarnation: folder.identity.incarnation,
      journal,
      clock: this.#clock,
      minCopies: config.minCopies,
      admitted: () => folder.identity.admit(),
      peers: this.#peers,
      ...{ machine, base, logger, gated, snapshots },
      applied: (entry, result) => {
        this.#metrics.applied();
        applied(entry, result);
      },
    });
    this.host.onRole((status) => this.#metrics.roleChanged(status));
    const roles = new RoleLog(group, logger);
    this.host.onRole((status) => roles.saw(status));
    this.handler = new MemberHandler({
      status: () => this.#status(),
      nominate: (leader) => this.host.nominate(leader),
      attended: () => this.host.attended(),
      pid: process.pid,
      clock: this.#clock,
      metrics: () => this.#samples(),
      logTime: options.logTime,
    });
  }

  /** Recovers, then listens on both ports. */
  async open(listeners: MemberListeners): Promise<void> {
    const { logger, config } = this.#options;
    refuseGap(this.#options.folder, this.#options.base);
    await this.host.start();
    const places = sessionPlaces();
    this.#server = new RpcServer({
      newHandler: () =>
        gatedHandler(this.#handshake(), (_session, peer) => this.#admit(peer, listeners)),
      clock: this.#clock,
      logger,
      trusted: false,
      frameBytesMax: wireLimits.publicFrameBytesMax,
      handshakesMax: places.handshakes,
    });
    const transport = peerTransport(config.clusterTls);
    await this.#server.listen(transport, listeners.address.peer);
    const data: ThreadCredentials = { ...this.#credentials(), tls: config.clusterTls };
    const pool = await startSessionPool({
      workers: config.workers,
      first: servicePlacement,
      program: listeners.program,
      data,
      // Not even where they could: the kernel might give all of a few connections to one thread.
      sharesPorts: false,
      limits: { sessionsMax: places.service },
      clock: this.#clock,
      logger,
      onCalls: (calls) => listeners.calls(this.#logged(headedCalls(calls))),
    });
    this.#pool = pool;
    const { service } = listeners.address;
    if (isServedByOne(servicePlacement, config.workers, availableParallelism()))
      await pool.listenInThreads(service, serviceKind, servicePlacement);
    else await pool.listen(transport, service, serviceKind, servicePlacement);
  }

  /** Asks another member's service desk, in order with what the group says to it. */
  ask(to: string, method: string, params: unknown, timeoutMs: number): Promise<unknown> {
    return this.#peers.ask(to, method, params, timeoutMs);
  }

  /** Do all replicas know the bound of totals? Recovery servers apply nothing. */
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

  /** Answers what is under way, then lets go of the ports and the files. */
  async close(): Promise<void> {
    await this.#pool?.drain();
    await this.#server?.drain();
    this.#peers.close();
    this.host.stop();
    this.#process.stop();
    await this.#options.folder.close();
  }

  #status(): GroupStatus {
    const status = this.host.status();
    return { ...status, serving: status.serving && (this.#options.canServe?.() ?? true) };
  }

  #samples(): MetricSample[] {
    const { config, metrics } = this.#options;
    return [
      ...this.#metrics.samples(this.host.status()),
      ...this.#process.samples(),
      ...(this.#pool ? poolSamples(config.name, this.#pool.status()) : []),
      ...(metrics?.() ?? []),
    ];
  }

  #logged(calls: OwnerCall[]): OwnerCall[] {
    const { config, logger } = this.#options;
    return config.log.level === 'debug' ? loggedCalls(calls, this.#clock, logger) : calls;
  }

  #admit(peer: Identity, { handler }: MemberListeners): RpcHandler {
    const { logger } = this.#options;
    return {
      request: (session, method, params, reply, header) => {
        if (header) logger.debug({ ...headerFields(header), method }, 'request');
        if (this.handler.request(method, params, reply)) return;
        if (handler.request(session, method, params, reply)) return;
        throw new BazarError('unknown_method', `unknown method "${method}"`);
      },
      notification: (session, method, params) => {
        if (this.#peers.notification(session, peer, method, params)) return;
        handler.notification(session, method, params);
      },
      closed: (session) => {
        this.#peers.closed(session, peer);
        handler.closed(session);
      },
    };
  }

  #credentials(): MemberCredentials {
    const { config, folder, group } = this.#options;
    const { name, clusterToken } = config;
    return {
      identity: { role: group, id: name, incarnation: folder.identity.incarnation },
      cluster: folder.identity.clusterId,
      group,
      token: clusterToken,
    };
  }

  #handshake(): HandshakeOptions {
    return { ...this.#credentials(), clock: this.#clock, random: systemRandom };
  }
}
