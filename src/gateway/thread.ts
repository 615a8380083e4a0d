/**
 * The program of a frontend's session threads: the raw door and the HTTP door over one shop. Each
 * session is served from its first byte to its last in the thread that it was given to.
 */
import { required } from '../base/assert.js';
import { systemClock } from '../base/clock.js';
import type { DialectName } from '../base/dialect-names.js';
import { createLogger, type LogSettings } from '../base/logging.js';
import { systemRandom } from '../base/random.js';
import type { Leaders } from '../frontend/backends.js';
import { type FrontendThreadData, threadParts } from '../frontend/thread-parts.js';
import type { EventBatch, EventSource } from '../frontend/types.js';
import { connectionDuplex } from '../net/duplex.js';
import { listenBeside } from '../net/tcp-transport.js';
import type { OwnerLink, ProgramFactory } from '../pool/types.js';
import type { Product } from '../wire/schemas.js';
import type { Demo } from './demo-routes.js';
import type { CacheDoor } from './dialects/dialect.js';
import { dialectOf } from './dialects/dialects.js';
import { EventHub } from './event-hub.js';
import { createHttpGateway, type HttpGateway, type HttpGatewayOptions } from './http-gateway.js';
import { builtPage, readPage } from './page.js';
import { RawGateway } from './raw.js';

export interface GatewayThreadData extends FrontendThreadData {
  readonly log: LogSettings;
  readonly adminToken: string;
  readonly openAdmin: boolean;
  readonly demo: boolean;
  /** Those with a port of their own; a session on it has the dialect's name as its kind. */
  readonly dialects: readonly DialectName[];
}

export const program: ProgramFactory = async (owner, given) => {
  const data = given as GatewayThreadData;
  const { adminToken, openAdmin } = data;
  const clock = systemClock;
  const logger = createLogger(data.identity.id, data.log);
  const parts = threadParts(owner, data);
  const { shop } = parts;
  const demo: Demo = (command, name) =>
    owner.call('demo', { command, name }) as Promise<{ pid: number }>;
  const events = new EventHub(ownerEvents(owner), clock);
  let draining = false;
  const raw = new RawGateway({ shop, clock, logger, adminToken, openAdmin });
  const cache: CacheDoor = {
    forget: async (id) => void (await owner.call('forget', id)),
    content: () => owner.call('cached', null) as Promise<Product[]>,
  };
  const options: HttpGatewayOptions = {
    operations: shop,
    cache,
    clock,
    random: systemRandom,
    logger,
    adminToken,
    openAdmin,
    page: await readPage(builtPage, data.demo),
    demo: data.demo ? demo : undefined,
    events,
    draining: () => draining,
  };
  const doors = new Map<string, HttpGateway>([['http', await createHttpGateway(options)]]);
  for (const name of data.dialects) {
    doors.set(name, await createHttpGateway({ ...options, dialect: dialectOf(name) }));
  }
  return {
    open(connection, kind) {
      if (kind === 'raw') raw.accept(connection);
      else required(doors.get(kind), 'door').accept(connectionDuplex(connection));
    },
    listen: listenBeside,
    told(topic, message) {
      if (topic === 'leaders') parts.follow(message as Leaders);
      if (topic === 'events') events.publish(message as EventBatch);
      if (topic === 'cached') owner.tell('cached', [message, parts.cached()]);
    },
    async drain() {
      draining = true;
      events.close();
      await Promise.all([raw.drain(), ...[...doors.values()].map((door) => door.drain())]);
      parts.close();
    },
  };
};

function ownerEvents(owner: OwnerLink): EventSource {
  return {
    begin: async (lastId, withHistory) =>
      (await owner.call('events', [lastId ?? null, withHistory])) as EventBatch,
    listening: () => owner.tell('listening', null),
  };
}
