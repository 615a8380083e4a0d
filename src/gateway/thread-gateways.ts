/**
 * The gateways of one frontend thread: the raw protocol, HTTP, and each dialect with a port of its
 * own. A session goes to the gateway of its kind, decrypted where the store has a certificate.
 */
import { required } from '../base/assert.js';
import type { TlsFiles } from '../base/tls-files.js';
import { connectionDuplex } from '../net/duplex.js';
import { secureContext, secureSession } from '../net/tls-transport.js';
import type { Connection } from '../net/types.js';
import type { DialectName } from './dialect-names.js';
import { dialectOf } from './dialects/dialects.js';
import { createHttpGateway, type HttpGateway, type HttpGatewayOptions } from './http-gateway.js';
import { RawGateway, type RawGatewayOptions } from './raw.js';

export interface ThreadGatewaysOptions {
  /** For the raw gateway and for HTTP. */
  readonly common: HttpGatewayOptions & RawGatewayOptions;
  readonly dialects: readonly DialectName[];
  readonly tls: TlsFiles | undefined;
}

export interface ThreadGateways {
  open(connection: Connection, kind: string): void;
  /** Resolves when all requests under way are answered. */
  drain(): Promise<void>;
}

export async function openGateways(options: ThreadGatewaysOptions): Promise<ThreadGateways> {
  const { common, dialects, tls } = options;
  const raw = new RawGateway(common);
  const gateways = new Map<string, HttpGateway>([['http', await createHttpGateway(common)]]);
  for (const name of dialects) {
    gateways.set(name, await createHttpGateway({ ...common, dialect: dialectOf(name) }));
  }
  const context = tls && secureContext(tls);
  return {
    open(connection, kind) {
      const session = context ? secureSession(connection, context) : plainSession(connection);
      if (kind === 'raw') raw.accept(session.connection());
      else required(gateways.get(kind), 'listener').accept(session.stream());
    },
    async drain() {
      await Promise.all([raw, ...gateways.values()].map((gateway) => gateway.drain()));
    },
  };
}

function plainSession(connection: Connection) {
  return { connection: () => connection, stream: () => connectionDuplex(connection) };
}
