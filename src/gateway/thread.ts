/**
 * The program of a frontend's session threads: the raw door and the HTTP door over one shop. Each
 * session is served from its first byte to its last in the thread that it was given to.
 */
import { required } from '../base/assert.js';
import { every, systemClock } from '../base/clock.js';
import { sessionLimits } from '../base/limits.js';
import { createLogger, type LogSettings } from '../base/logging.js';
import { MemoryBudget } from '../base/memory-budget.js';
import type { MetricSample } from '../base/metric-table.js';
import { watchDelay } from '../base/process-metrics.js';
import { systemRandom } from '../base/random.js';
import type { TlsFiles } from '../base/tls-files.js';
import { WorkTurns } from '../base/work-turns.js';
import type { Leaders } from '../frontend/reads/backends.js';
import { type FrontendThreadData, threadParts } from '../frontend/thread-parts.js';
import type { EventBatch, EventSource } from '../frontend/types.js';
import { connectionDuplex } from '../net/duplex.js';
import { listenBeside } from '../net/tcp-transport.js';
import { secureContext, secureSession } from '../net/tls-transport.js';
import type { Connection } from '../net/types.js';
import type { OwnerLink, ProgramFactory } from '../pool/types.js';
import type { Product } from '../wire/schemas.js';
import type { Demo } from './demo-routes.js';
import type { DialectName } from './dialect-names.js';
import type { CacheInspection } from './dialects/dialect.js';
import { dialectOf } from './dialects/dialects.js';
import { EventHub } from './event-hub.js';
import { createHttpGateway, type HttpGateway, type HttpGatewayOptions } from './http-gateway.js';
import type { OrdersStatus } from './order-routes.js';
import { builtPage, readPage } from './page.js';
import { RateLimit } from './rate-limit.js';
import { RawGateway } from './raw.js';
import { RequestMeter } from './request-meter.js';
import type { SiteRules } from './site-check.js';
import { TokenCheck } from './token-check.js';

/** How often the owner hears what was counted. */
const meterEveryMs = 250;

export interface GatewayThreadData extends FrontendThreadData {
  readonly log: LogSettings;
  readonly adminToken: string;
  /** Counts of wrong tokens, for all threads. */
  readonly wrongTokens: SharedArrayBuffer;
  readonly openAdmin: boolean;
  readonly demo: boolean;
  readonly sites: SiteRules;
  readonly ordersStatus: OrdersStatus;
  /** Session threads of this process. */
  readonly threads: number;
  /** Requests a second that an address may make, counted for all threads; undefined: any number. */
  readonly rateLimit:
    | { readonly memory: SharedArrayBuffer; readonly perSecond: number }
    | undefined;
  /** What customers are shown; undefined: they talk in the clear. */
  readonly tls: TlsFiles | undefined;
  /** Those with a port of their own; a session on it has the dialect's name as its kind. */
  readonly dialects: readonly DialectName[];
}

export const program: ProgramFactory = async (owner, given) => {
  const data = given as GatewayThreadData;
  const { adminToken, openAdmin } = data;
  const clock = systemClock;
  const logger = createLogger(data.identity.id, data.log);
  const tokens = new TokenCheck({ adminToken, clock, logger, memory: data.wrongTokens });
  const parts = threadParts(owner, data);
  const { operations } = parts;
  const demo: Demo = (command, name) =>
    owner.call('demo', { command, name }) as Promise<{ pid: number }>;
  const events = new EventHub(ownerEvents(owner), clock, logger);
  let draining = false;
  const meter = new RequestMeter();
  const turns = new WorkTurns();
  const budget = new MemoryBudget(sessionLimits.heldBytesMax / Math.max(1, data.threads));
  const observed = {
    ...{ turns, budget, clock, meter, logger, logsRequests: data.log.level === 'debug' },
    rateLimit: data.rateLimit && new RateLimit(data.rateLimit.memory, data.rateLimit.perSecond),
  };
  const metering = [
    every(clock, meterEveryMs, () => {
      const news = meter.take();
      if (news) owner.tell('meter', news);
    }),
    watchDelay(clock, (seconds) => meter.countDelay(seconds)),
  ];
  const raw = new RawGateway({ ...observed, operations, tokens, openAdmin });
  const cache: CacheInspection = {
    forget: async (id) => void (await owner.call('forget', id)),
    content: () => owner.call('cached', null) as Promise<Product[]>,
  };
  const options: HttpGatewayOptions = {
    ...observed,
    operations: operations,
    history: data.clusterId,
    cache,
    random: systemRandom,
    tokens,
    openAdmin,
    page: await readPage(builtPage, data.demo),
    demo: data.demo ? demo : undefined,
    sites: data.sites,
    ordersStatus: data.ordersStatus,
    events,
    metrics: () => owner.call('metrics', null) as Promise<MetricSample[]>,
    draining: () => draining,
  };
  const gateways = new Map<string, HttpGateway>([['http', await createHttpGateway(options)]]);
  for (const name of data.dialects) {
    gateways.set(name, await createHttpGateway({ ...options, dialect: dialectOf(name) }));
  }
  const context = data.tls && secureContext(data.tls);
  return {
    open(connection, kind) {
      const session = context ? secureSession(connection, context) : plainSession(connection);
      if (kind === 'raw') raw.accept(session.connection());
      else required(gateways.get(kind), 'door').accept(session.stream());
    },
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
      await Promise.all([
        raw.drain(),
        ...[...gateways.values()].map((listener) => listener.drain()),
      ]);
      for (const timer of metering) timer.cancel();
      parts.close();
    },
  };
};

function plainSession(connection: Connection) {
  return { connection: () => connection, stream: () => connectionDuplex(connection) };
}

function ownerEvents(owner: OwnerLink): EventSource {
  return {
    begin: async (lastId, withHistory) =>
      (await owner.call('events', [lastId ?? null, withHistory])) as EventBatch,
    listening: () => owner.tell('listening', null),
  };
}
