/** The configuration of a frontend, beside what every service has. */
import type { Address } from '../base/address.js';
import type { ServiceConfig } from '../base/config.js';
import type { TlsFiles } from '../base/tls-files.js';
import type { DialectName } from './dialect-names.js';

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
  /** How long a frontend that is to stop says so by /readyz before it closes its listeners. */
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
