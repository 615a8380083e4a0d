/**
 * Computes the members' addresses and the configuration of each service from the options of a store.
 * Pure. The ports and names are those of docs/CONFIGURATION.md.
 */
import { join, resolve } from 'node:path';
import type { Address } from '../../base/address.js';
import type {
  ClusterConfig,
  DatabaseConfig,
  MemberAddresses,
  ServiceConfig,
} from '../../base/config.js';
import type { PeerTlsFiles, TlsFiles } from '../../base/tls-files.js';
import type { FrontendConfig } from '../../gateway/frontend-config.js';
import { dialectPorts } from '../options/dialect-ports.js';
import type { Values } from '../options/options.js';
import { logSettings, type membershipSpecs, type upSpecs } from '../options/store-options.js';
import type { ServiceOrder } from '../service/service-order.js';
import { catalogSettings, frontendSettings, recoverySettings } from './service-settings.js';

export type StoreOptions = Values<typeof upSpecs> & { readonly logDir: string };

export interface Secrets {
  readonly adminToken: string;
  readonly clusterToken: string;
  readonly tls?: TlsFiles | undefined;
  readonly clusterTls?: PeerTlsFiles | undefined;
  /** Only for the replicas: its URL may have a password. */
  readonly database?: DatabaseConfig | undefined;
}

const ports = { http: 8080, raw: 8180, catalog: 9000, order: 8090, recovery: 9600 } as const;
const replicationOffset = 500;

type Place = { readonly host: string; readonly portOffset: number };
type Membership = Values<typeof membershipSpecs> & { readonly store?: string | undefined };

/** @param peers addresses that differ from the plan, by name. */
export function planCluster(
  options: Membership & Place,
  peers: ReadonlyMap<string, Address> = new Map(),
): ClusterConfig {
  const address = (name: string, port: number): Address =>
    peers.get(name) ?? { host: options.host, port: port + options.portOffset };
  const replica = (kind: 'catalog' | 'order', n: number): MemberAddresses => {
    const service = address(`${kind}-${n}`, ports[kind] + n);
    const peer = { host: service.host, port: service.port + replicationOffset };
    return { name: `${kind}-${n}`, service, peer };
  };
  // A recovery server has only a replication port.
  const recovery = (n: number): MemberAddresses => {
    const peer = address(`recovery-${n}`, ports.recovery + n);
    return { name: `recovery-${n}`, service: peer, peer };
  };
  return {
    catalogs: count(options.catalogs).map((n) => replica('catalog', n)),
    orders: count(options.orders).map((n) => replica('order', n)),
    recovery: count(recoveryCount(options)).map(recovery),
  };
}

/** A store in a database has no recovery servers. */
function recoveryCount({ recovery, store }: Membership): number {
  return recovery ?? (store === undefined ? 1 : 0);
}

export function frontendAddresses(n: number, place: Place): { http: Address; raw: Address } {
  const { host, portOffset } = place;
  return {
    http: { host, port: ports.http + n + portOffset },
    raw: { host, port: ports.raw + n + portOffset },
  };
}

export function memberPorts({ catalogs, orders, recovery }: ClusterConfig): number[] {
  return [...catalogs, ...orders, ...recovery].flatMap(({ service, peer }) => [
    service.port,
    peer.port,
  ]);
}

export function listenerPorts(
  frontend: Pick<FrontendConfig, 'raw' | 'http' | 'dialects'>,
): readonly number[] {
  const dialects = frontend.dialects.map(({ address }) => address.port);
  return [frontend.raw.port, frontend.http.port, ...dialects];
}

/** All services of a store in the order in which they start. */
export function planStore(options: StoreOptions, secrets: Secrets): ServiceOrder[] {
  const cluster = planCluster(options);
  const common = (name: string): ServiceConfig => ({
    name,
    cluster,
    dataDir: resolve(options.dataDir),
    workers: options.workers,
    log: logSettings(options, join(resolve(options.logDir), `${name}.log`)),
    init: false,
    repair: false,
    minCopies: options.minCopies,
    clusterToken: secrets.clusterToken,
    clusterTls: secrets.clusterTls,
    without: options.without,
    storePorts,
  });
  const replica = (name: string): ServiceConfig => {
    return { ...common(name), database: secrets.database };
  };
  const frontends = count(options.frontends).map((n) => ({
    name: `frontend-${n}`,
    ...frontendAddresses(n, options),
    dialects: dialectPorts(options.dialectPort, options.host, n),
  }));
  const storePorts = [...memberPorts(cluster), ...frontends.flatMap(listenerPorts)];
  const stock = catalogSettings(options);
  const recovery = recoverySettings(options);
  const settings = frontendSettings(options, secrets);
  return [
    ...cluster.catalogs.map(({ name }) => order('catalog', { ...replica(name), ...stock })),
    ...cluster.orders.map(({ name }) => order('order', replica(name))),
    ...cluster.recovery.map(({ name }) => order('recovery', { ...common(name), ...recovery })),
    ...frontends.map(({ name, ...listeners }) =>
      order('frontend', { ...common(name), ...listeners, ...settings }),
    ),
  ];
}

function order<K extends ServiceOrder['kind']>(
  kind: K,
  config: Extract<ServiceOrder, { kind: K }>['config'],
): ServiceOrder {
  return { kind, config } as ServiceOrder;
}

function count(to: number): number[] {
  return Array.from({ length: to }, (_none, index) => index + 1);
}
