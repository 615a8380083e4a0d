/**
 * The configuration of a frontend, in addition to that of every service.
 */
import type { Address } from '../base/address.js';
import type { ServiceConfig } from '../base/config.js';
import type { TlsFiles } from '../base/tls-files.js';
import type { DialectName } from './dialect-names.js';

export interface FrontendConfig extends ServiceConfig {
  readonly raw: Address;
  readonly http: Address;
  /** The address at which others reach its raw port, if it differs from the listening address. */
  readonly advertised?: Address;
  readonly adminToken: string;
  readonly openAdmin: boolean;
  /** The HTTP status of a successful purchase. */
  readonly ordersStatus: 200 | 201;
  /** Requests a second that one address may make; 0 for no limit. */
  readonly rateLimit: number;
  /** Maximum of sessions of one address. */
  readonly addressSessions: number;
  /** How long a stopping frontend reports it by /readyz before it closes its listeners. */
  readonly drainDelayMs: number;
  readonly dialects: readonly DialectPort[];
  /** Host names that are answered in addition to IP addresses and localhost; `*` for all. */
  readonly allowedHosts: readonly string[];
  /** Origins of other sites whose pages may use the store; `*` for all. */
  readonly corsOrigins: readonly string[];
  /** Shows the books to everybody, and lets anyone kill and start replicas of this machine. */
  readonly demo: boolean;
  /** Products in the cache of each session thread; 0 disables the cache. */
  readonly cacheEntries: number;
  /** Lets each session thread listen itself, if Node and the kernel support it. */
  readonly reusePort: boolean;
  /** Certificates for all customer ports; undefined for no encryption. */
  readonly tls: TlsFiles | undefined;
}

/** An older store's dialect at the root of its own port. */
export interface DialectPort {
  readonly name: DialectName;
  readonly address: Address;
}
