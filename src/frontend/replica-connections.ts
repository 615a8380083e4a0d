/**
 * A frontend owner's connections to all replicas and recovery servers. A lost connection reconnects
 * automatically. Calls and notifications of the replicas go to the given events.
 */
import type { Clock } from '../base/clock.js';
import type { MemberAddresses, ServiceConfig } from '../base/config.js';
import { BazarError } from '../base/errors.js';
import { wireLimits } from '../base/limits.js';
import { systemRandom } from '../base/random.js';
import { type GroupName, membership } from '../group/membership.js';
import { type Identity, introduction } from '../net/handshake.js';
import { RpcClient } from '../net/rpc-client.js';
import { peerTransport } from '../net/tls-transport.js';
import type { Changes, InvalidateParams, RecordsParams } from '../wire/internal.js';
import type { ReplicaClient } from './replica-client.js';

export interface ReplicaConnectionsOptions {
  readonly config: ServiceConfig;
  readonly identity: Identity;
  readonly clusterId: string;
  readonly clock: Clock;
}

/** `name` is the replica's. */
export interface ReplicaEvents {
  connected(name: string, group: GroupName): void;
  disconnected(name: string, group: GroupName): void;
  /** Returns when the items are invalid for all threads: the answer acknowledges it. */
  invalidate(name: string, params: InvalidateParams): void;
  records(name: string, params: RecordsParams): void;
  changes(name: string, changes: Changes): void;
}

export class ReplicaConnections {
  readonly replicas: readonly ReplicaClient[];
  readonly #options: ReplicaConnectionsOptions;
  readonly #events: ReplicaEvents;
  readonly #clients: RpcClient[] = [];

  constructor(options: ReplicaConnectionsOptions, events: ReplicaEvents) {
    this.#options = options;
    this.#events = events;
    this.replicas = (['catalog', 'order'] as const).flatMap((group) => {
      const { replicas, recoveryServers } = membership(options.config.cluster, group);
      return [
        ...replicas.map((member) => this.#connection(member, group, false)),
        ...recoveryServers.map((member) => this.#connection(member, group, true)),
      ];
    });
  }

  start(): void {
    for (const client of this.#clients) client.start();
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }

  #connection(member: MemberAddresses, group: GroupName, isRecoveryServer: boolean): ReplicaClient {
    const { identity, clusterId: cluster, config, clock } = this.#options;
    const events = this.#events;
    const { name } = member;
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
      connected: () => events.connected(name, group),
      disconnected: () => events.disconnected(name, group),
      handler: {
        request: (_session, method, params, reply) => {
          if (method !== 'invalidate') throw new BazarError('unknown_method', method);
          events.invalidate(name, params as InvalidateParams);
          reply.result(null);
        },
        notification: (_session, method, params) => {
          if (method === 'records') events.records(name, params as RecordsParams);
          if (method === 'changes') events.changes(name, params as Changes);
        },
      },
    });
    this.#clients.push(client);
    return {
      name,
      group,
      isRecoveryServer,
      get connected() {
        return client.connected;
      },
      call: (method, params, timeoutMs) => client.call(method, params, timeoutMs),
    };
  }
}
