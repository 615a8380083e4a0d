/**
 * The typed configuration of each service. The entry reads it once (flags, environment, file), freezes
 * it, and passes it down. No other code reads the environment.
 */

import type { Address } from './address.js';
import type { LogSettings } from './logging.js';
import type { Optimisation } from './optimisations.js';
import type { PeerTlsFiles } from './tls-files.js';

/** Where a member answers requests, and where owners of other services connect to its owner. */
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

/** The database that keeps the logs of a store (docs/SQL-ENGINE.md). */
export interface DatabaseConfig {
  /** `postgres://…`, without a password if the environment has it. */
  readonly url: string;
  /** The `PG*` variables. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly schema: string;
}

export interface ServiceConfig {
  /** For example `catalog-1`. */
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
  /** The secret by which services prove that they belong to one cluster. */
  readonly clusterToken: string;
  /** Absent: the logs are journals in the data folder. */
  readonly database?: DatabaseConfig | undefined;
  /** The certificates between services; undefined: their connections are not encrypted. */
  readonly clusterTls: PeerTlsFiles | undefined;
  /** Optimisations that are switched off. */
  readonly without?: readonly Optimisation[];
  /** All ports of the store on this machine: outgoing connections keep away from them. */
  readonly storePorts?: readonly number[];
}

export interface CatalogConfig extends ServiceConfig {
  /** A snapshot is taken after this much of closed journal. */
  readonly snapshotEveryBytes: number;
  /** 0: never. */
  readonly restockEverySeconds: number;
  /** The quantity of the bundled products after a restock. */
  readonly restockTo: number;
  /** ISO 4217 code of a new store's currency; an older store keeps EUR. */
  readonly currency?: string | undefined;
  /**
   * Clients' purchase keys at which new ones are refused, once the leader has logged it. A launcher of an
   * earlier version does not send it; then nothing is logged.
   */
  readonly clientKeysMax?: number | undefined;
  /** With a database: hours for which applied log rows are kept. */
  readonly logRetentionHours?: number | undefined;
  /** The first stock of a new cluster. */
  readonly productsFile: string;
  /** The products that come with the build, the same format. */
  readonly bundledFile: string;
}

export type OrderConfig = ServiceConfig;

export interface RecoveryConfig extends ServiceConfig {
  /** Same meaning as for the catalogs, whose snapshots it takes. */
  readonly snapshotEveryBytes: number;
}

/** What each service's start function resolves to, once it listens. */
export interface RunningService {
  readonly name: string;
  /** Resolves when the service can serve. */
  readonly ready: Promise<void>;
  /** Settles when the service ends on its own, with the reason. */
  readonly failed: Promise<Error>;
  /** Drains and closes; resolves when all is on disk. */
  stop(): Promise<void>;
}
