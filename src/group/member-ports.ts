/**
 * The two ports of a member: the replication port, on the owner, for the other members and for the
 * owners of other services; and the service port, on session threads. Invariant: each connection to
 * the replication port must pass the handshake before its first request.
 */
import { availableParallelism } from 'node:os';
import type { Clock } from '../base/clock.js';
import type { MemberAddresses, ServiceConfig } from '../base/config.js';
import { BazarError } from '../base/errors.js';
import { wireLimits } from '../base/limits.js';
import type { Logger } from '../base/logging.js';
import type { MetricSample } from '../base/metric-table.js';
import { sessionPlaces } from '../base/open-files.js';
import { authenticatedHandler, type HandshakeOptions, type Identity } from '../net/handshake.js';
import { RpcServer } from '../net/rpc-server.js';
import type { RpcHandler, RpcSession } from '../net/rpc-session.js';
import { peerTransport } from '../net/tls-transport.js';
import { type SessionPool, startSessionPool } from '../pool/session-pool.js';
import { isServedByOne } from '../pool/thread-placement.js';
import type { OwnerCall } from '../pool/types.js';
import { headerFields, type RequestHeader } from '../wire/request-header.js';
import { headedCalls, loggedCalls } from './headed-calls.js';
import type { MemberHandler } from './member-handler.js';
import { poolSamples } from './member-metrics.js';
import type { RpcPeers } from './rpc-peers.js';
import type { ThreadCredentials } from './session-program.js';

/** Sessions of other services: each sends small requests. */
const serviceKind = 'service';
const servicePlacement = 'packed';

/** Handles the service's requests on the replication port; returns false for other methods. */
export interface ServiceHandler {
  request(
    session: RpcSession,
    method: string,
    params: unknown,
    reply: Parameters<RpcHandler['request']>[3],
    header?: RequestHeader,
  ): boolean;
  notification(session: RpcSession, method: string, params: unknown): void;
  closed(session: RpcSession): void;
}

/** The service's handlers and threads, created after the host. */
export interface MemberListeners {
  readonly address: MemberAddresses;
  readonly handler: ServiceHandler;
  readonly program: URL;
  calls(calls: OwnerCall[]): void;
}

export interface MemberPortsOptions {
  readonly config: ServiceConfig;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly handshake: () => HandshakeOptions;
  readonly credentials: () => ThreadCredentials;
  /** Handles the requests that every member answers. */
  readonly handler: MemberHandler;
  readonly peers: RpcPeers;
}

export class MemberPorts {
  readonly #options: MemberPortsOptions;
  #server: RpcServer | undefined;
  #pool: SessionPool | undefined;

  constructor(options: MemberPortsOptions) {
    this.#options = options;
  }

  async open(listeners: MemberListeners): Promise<void> {
    const { config, clock, logger, handshake, credentials } = this.#options;
    const places = sessionPlaces();
    this.#server = new RpcServer({
      newHandler: () =>
        authenticatedHandler(handshake(), (_session, peer) => this.#admit(peer, listeners.handler)),
      clock,
      logger,
      trusted: false,
      frameBytesMax: wireLimits.publicFrameBytesMax,
      handshakesMax: places.handshakes,
    });
    const transport = peerTransport(config.clusterTls);
    await this.#server.listen(transport, listeners.address.peer);
    const pool = await startSessionPool({
      workers: config.workers,
      first: servicePlacement,
      program: listeners.program,
      data: credentials(),
      // The owner accepts even if threads could: the kernel might give a few connections to one thread.
      sharesPorts: false,
      limits: { sessionsMax: places.service },
      clock,
      logger,
      onCalls: (calls) => listeners.calls(this.#logged(headedCalls(calls))),
    });
    this.#pool = pool;
    const { service } = listeners.address;
    if (isServedByOne(servicePlacement, config.workers, availableParallelism()))
      await pool.listenInThreads(service, serviceKind, servicePlacement);
    else await pool.listen(transport, service, serviceKind, servicePlacement);
  }

  samples(): MetricSample[] {
    return this.#pool ? poolSamples(this.#options.config.name, this.#pool.status()) : [];
  }

  /** Answers the requests in progress, then closes both ports. */
  async drain(): Promise<void> {
    await this.#pool?.drain();
    await this.#server?.drain();
  }

  #logged(calls: OwnerCall[]): OwnerCall[] {
    const { config, clock, logger } = this.#options;
    return config.log.level === 'debug' ? loggedCalls(calls, clock, logger) : calls;
  }

  /** The handler for a connection after its handshake. */
  #admit(peer: Identity, service: ServiceHandler): RpcHandler {
    const { logger, handler, peers } = this.#options;
    return {
      request: (session, method, params, reply, header) => {
        if (header) logger.debug({ ...headerFields(header), method }, 'request');
        if (handler.request(method, params, reply)) return;
        if (service.request(session, method, params, reply, header)) return;
        throw new BazarError('unknown_method', `unknown method "${method}"`);
      },
      notification: (session, method, params) => {
        if (peers.notification(session, peer, method, params)) return;
        service.notification(session, method, params);
      },
      closed: (session) => {
        peers.closed(session, peer);
        service.closed(session);
      },
    };
  }
}
