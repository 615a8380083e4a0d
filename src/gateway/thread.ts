/**
 * The program of a frontend's session threads: the gateways over the frontend's operations. A session
 * stays in the thread that it was given to, from its first byte to its last. Composed of the
 * operations (src/frontend/thread-parts.ts), the load that the sessions share, and the gateways.
 */
import { createLogger, type LogSettings } from '../base/logging.js';
import type { MetricSample } from '../base/metric-table.js';
import { systemRandom } from '../base/random.js';
import type { TlsFiles } from '../base/tls-files.js';
import type { Leaders } from '../frontend/requests/backends.js';
import { type FrontendThreadData, threadParts } from '../frontend/thread-parts.js';
import type { EventBatch, EventSource } from '../frontend/types.js';
import { listenBeside } from '../net/tcp-transport.js';
import type { OwnerLink, ProgramFactory } from '../pool/types.js';
import type { Product } from '../wire/schemas.js';
import type { Demo } from './demo-routes.js';
import type { DialectName } from './dialect-names.js';
import type { CacheInspection } from './dialects/dialect.js';
import { EventHub } from './event-hub.js';
import type { OrdersStatus } from './order-routes.js';
import { builtPage, readPage } from './page.js';
import type { SiteRules } from './site-check.js';
import { openGateways } from './thread-gateways.js';
import { startMetering, type ThreadLoadData, threadLoad } from './thread-load.js';
import { TokenCheck } from './token-check.js';

export interface GatewayThreadData extends FrontendThreadData, ThreadLoadData {
  readonly log: LogSettings;
  readonly adminToken: string;
  /** Counts of wrong tokens, for all threads. */
  readonly wrongTokens: SharedArrayBuffer;
  readonly openAdmin: boolean;
  readonly demo: boolean;
  readonly sites: SiteRules;
  readonly ordersStatus: OrdersStatus;
  /** The certificate that customers see; undefined: connections are not encrypted. */
  readonly tls: TlsFiles | undefined;
  /** Those with a port of their own; a session on it has the dialect's name as its kind. */
  readonly dialects: readonly DialectName[];
}

export const program: ProgramFactory = async (owner, given) => {
  const data = given as GatewayThreadData;
  const { adminToken, openAdmin, sites, ordersStatus, dialects, tls } = data;
  const logger = createLogger(data.identity.id, data.log);
  const parts = threadParts(owner, data);
  const load = threadLoad(data, logger);
  const { clock, turns } = load;
  const tokens = new TokenCheck({ adminToken, clock, logger, memory: data.wrongTokens });
  const events = new EventHub(ownerEvents(owner), clock, logger);
  let draining = false;
  const endMetering = startMetering(owner, load);
  const common = {
    ...load,
    operations: parts.operations,
    inputBatches: parts.inputBatches,
    history: data.clusterId,
    cache: cacheInspection(owner),
    random: systemRandom,
    ...{ tokens, openAdmin, sites, ordersStatus, events },
    page: await readPage(builtPage, data),
    demo: data.demo ? demoOf(owner) : undefined,
    metrics: () => owner.call('metrics', null) as Promise<MetricSample[]>,
    draining: () => draining,
  };
  const gateways = await openGateways({ common, dialects, tls });
  return {
    open: (connection, kind) => gateways.open(connection, kind),
    listen: (address, accept) =>
      listenBeside(address, (connection) => {
        turns.accepted();
        accept(connection);
      }),
    told(topic, message) {
      if (topic === 'leaders') parts.follow(message as Leaders);
      if (topic === 'stopping') draining = true;
      if (topic === 'events') events.publish(message as EventBatch);
      if (topic === 'cached') owner.tell('cached', [message, parts.cached()]);
    },
    async drain() {
      draining = true;
      events.close();
      await gateways.drain();
      endMetering();
      parts.close();
    },
  };
};

function demoOf(owner: OwnerLink): Demo {
  return (command, name) => owner.call('demo', { command, name }) as Promise<{ pid: number }>;
}

function cacheInspection(owner: OwnerLink): CacheInspection {
  return {
    forget: async (id) => void (await owner.call('forget', id)),
    content: () => owner.call('cached', null) as Promise<Product[]>,
  };
}

function ownerEvents(owner: OwnerLink): EventSource {
  return {
    begin: async (lastId, withHistory) =>
      (await owner.call('events', [lastId ?? null, withHistory])) as EventBatch,
    listening: () => owner.tell('listening', null),
  };
}
