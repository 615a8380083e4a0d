/**
 * The program of a frontend's session threads: the raw door and the HTTP door over one shop. Each
 * session is served from its first byte to its last in the thread that it was given to.
 */
import { systemClock } from '../base/clock.js';
import { createLogger, type LogLevel } from '../base/logging.js';
import { systemRandom } from '../base/random.js';
import type { Leaders } from '../frontend/backends.js';
import { type FrontendThreadData, threadParts } from '../frontend/thread-parts.js';
import { connectionDuplex } from '../net/duplex.js';
import type { ProgramFactory } from '../pool/types.js';
import type { Demo } from './demo-routes.js';
import { createHttpGateway } from './http-gateway.js';
import { builtPage, readPage } from './page.js';
import { RawGateway } from './raw.js';

export interface GatewayThreadData extends FrontendThreadData {
  readonly logLevel: LogLevel;
  readonly adminToken: string;
  readonly openAdmin: boolean;
  readonly demo: boolean;
}

export const program: ProgramFactory = async (owner, given) => {
  const data = given as GatewayThreadData;
  const { adminToken, openAdmin } = data;
  const clock = systemClock;
  const logger = createLogger(data.identity.id, data.logLevel);
  const parts = threadParts(owner, data);
  const { shop } = parts;
  const demo: Demo = (command, name) =>
    owner.call('demo', { command, name }) as Promise<{ pid: number }>;
  let draining = false;
  const raw = new RawGateway({ shop, clock, logger, adminToken, openAdmin });
  const http = await createHttpGateway({
    operations: shop,
    clock,
    random: systemRandom,
    logger,
    adminToken,
    openAdmin,
    page: await readPage(builtPage, data.demo),
    demo: data.demo ? demo : undefined,
    draining: () => draining,
  });
  return {
    open(connection, kind) {
      if (kind === 'raw') raw.accept(connection);
      else http.accept(connectionDuplex(connection));
    },
    told(topic, message) {
      if (topic === 'leaders') parts.follow(message as Leaders);
    },
    async drain() {
      draining = true;
      await Promise.all([raw.drain(), http.drain()]);
      parts.close();
    },
  };
};
