/**
 * The order owner's connections to the owners of all catalog replicas. They reconnect on their own.
 */
import type { Clock } from '../base/clock.js';
import type { OrderConfig } from '../base/config.js';
import { BazarError } from '../base/errors.js';
import { wireLimits } from '../base/limits.js';
import { systemRandom } from '../base/random.js';
import { introduction } from '../net/handshake.js';
import { RpcClient } from '../net/rpc-client.js';
import { peerTransport } from '../net/tls-transport.js';
import type { SalesMessage } from '../wire/internal.js';
import type { CatalogPeer } from './catalog-client.js';

export interface CatalogPeersOptions {
  readonly config: OrderConfig;
  /** Of this member and of its store. */
  readonly identity: { readonly incarnation: string; readonly clusterId: string };
  readonly clock: Clock;
  /** A replica sent sales. */
  readonly pushed: (name: string, sales: SalesMessage) => void;
  readonly pushedCancellations: (name: string, cancellations: SalesMessage) => void;
  readonly pushedMovements: (name: string, movements: SalesMessage) => void;
  /** The connection to a replica closed. */
  readonly lost: (name: string) => void;
}

export interface CatalogPeers {
  readonly peers: readonly CatalogPeer[];
  start(): void;
  close(): void;
}

export function connectCatalogs(options: CatalogPeersOptions): CatalogPeers {
  const { config, identity, clock, pushed, pushedCancellations, pushedMovements, lost } = options;
  const handshake = {
    identity: { role: 'order', id: config.name, incarnation: identity.incarnation },
    cluster: identity.clusterId,
    group: 'catalog',
    token: config.clusterToken,
    clock,
    random: systemRandom,
  };
  const clients: RpcClient[] = [];
  const peers = config.cluster.catalogs.map(({ name, peer }): CatalogPeer => {
    let rules = 0;
    const client = new RpcClient({
      address: peer,
      transport: peerTransport(config.clusterTls),
      clock,
      random: systemRandom,
      trusted: true,
      frameBytesMax: wireLimits.internalFrameBytesMax,
      introduce: introduction(handshake, name),
      connected: (session) => {
        rules = session.rules;
      },
      disconnected: () => lost(name),
      handler: {
        request: (_session, method) => {
          throw new BazarError('unknown_method', `unknown method "${method}"`);
        },
        notification: (_session, method, params) => {
          if (method === 'sales') pushed(name, params as SalesMessage);
          if (method === 'cancellations') pushedCancellations(name, params as SalesMessage);
          if (method === 'movements') pushedMovements(name, params as SalesMessage);
        },
      },
    });
    clients.push(client);
    return {
      name,
      get connected() {
        return client.connected;
      },
      get rules() {
        return rules;
      },
      call: (method, params, timeoutMs, header) => client.call(method, params, timeoutMs, header),
      notify: (method, params) => void client.notify(method, params),
    };
  });
  return {
    peers,
    start: () => {
      for (const client of clients) client.start();
    },
    close: () => {
      for (const client of clients) client.close();
    },
  };
}
