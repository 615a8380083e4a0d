/**
 * The typed configuration of each service. It is read once at the entry (flags, environment,
 * file), frozen, and handed down; nothing below reads the environment.
 */
import type { Address } from './address.js';
import type { DialectName } from './dialect-names.js';
import type { LogSettings } from './logging.js';
import type { PeerTlsFiles, TlsFiles } from './tls-files.js';

/** Where a member answers requests, and where the owners of other services reach its owner. */
export interface MemberAddresses {
  readonly name: string;
  readonly service: Address;
  readonly peer: Address;
}

export interface ClusterConfig {
  readonly catalogs: readonly MemberAddresses[];
  readonly orders: readonly MemberAddresses[];
  readonly recovery: readonly MemberAddresses[];
}

export interface ServiceConfig {
  /** As `catalog-1`. */
  readonly name: string;
  readonly cluster: ClusterConfig;
  /** The store's data folder; the service's own folder is `dataDir/name`. */
  readonly dataDir: string;
  readonly workers: number;
  readonly log: LogSettings;
  /** Formats an empty folder as a founding member instead of a learner. */
  readonly init: boolean;
  readonly repair: boolean;
  readonly minCopies: number | undefined;
  /** The secret by which services know each other. */
  readonly clusterToken: string;
  /** What services show each other; undefined: they talk in the clear. */
  readonly clusterTls: PeerTlsFiles | undefined;
  /** All ports of the store on this machine: outgoing connections keep away from them. */
  readonly storePorts?: readonly number[];
}

export interface CatalogConfig extends ServiceConfig {
  /** So much of closed journal is worth a snapshot. */
  readonly snapshotEveryBytes: number;
  /** 0: never. */
  readonly restockEverySeconds: number;
  /** Of the bundled products. */
  readonly restockTo: number;
  /** The first stock of a new cluster. */
  readonly productsFile: string;
  /** The products that come with the build, the same format. */
  readonly bundledFile: string;
}

export type OrderConfig = ServiceConfig;

export interface RecoveryConfig extends ServiceConfig {
  /** As in the catalogs, whose snapshots it takes. */
  readonly snapshotEveryBytes: number;
}

export interface FrontendConfig extends ServiceConfig {
  readonly raw: Address;
  readonly http: Address;
  /** Where others reach its raw port, if that is not where it listens. */
  readonly advertised?: Address;
  readonly adminToken: string;
  readonly openAdmin: boolean;
  /** With which a purchase over HTTP is answered. */
  readonly ordersStatus: 200 | 201;
  /** Requests a second that one address may make; 0: any number. */
  readonly rateLimit: number;
  /** Sessions that one address may have. */
  readonly addressSessions: number;
  /** How long a frontend that is to stop says so by /readyz before it closes its doors. */
  readonly drainDelayMs: number;
  readonly dialects: readonly DialectPort[];
  /** Host names that are answered beside IP addresses and localhost; `*`: all. */
  readonly allowedHosts: readonly string[];
  /** Origins of other sites whose pages may use the store; `*`: all. */
  readonly corsOrigins: readonly string[];
  /** Shows the books to everybody, and lets them kill and start replicas of this machine. */
  readonly demo: boolean;
  /** Products in the cache of each session thread; 0: no cache. */
  readonly cacheEntries: number;
  /** Have each session thread listen for itself, where Node and the kernel can. */
  readonly reusePort: boolean;
  /** What customers are shown, on every port; undefined: they talk in the clear. */
  readonly tls: TlsFiles | undefined;
}

/** An older store's dialect at the root of a port of its own. */
export interface DialectPort {
  readonly name: DialectName;
  readonly address: Address;
}

/** What each service's start function resolves to, once it listens. */
export interface RunningService {
  readonly name: string;
  /** Resolves when the service can serve (docs/PROTOCOL.md, 1: ready). */
  readonly ready: Promise<void>;
  /** Rejects or resolves when the service ended by itself, with the reason. */
  readonly failed: Promise<Error>;
  /** Drains and closes; resolves when all is on disk. */
  stop(): Promise<void>;
}
