/**
 * The frontend service: its owner, and the session threads behind the raw and the HTTP port. It is
 * ready when both groups have a serving leader.
 */
import { sleep, systemClock } from '../base/clock.js';
import type { RunningService } from '../base/config.js';
import { BazarError } from '../base/errors.js';
import { createLogger, type Logger } from '../base/logging.js';
import { sessionPlaces } from '../base/open-files.js';
import { systemRandom } from '../base/random.js';
import type { CacheCounters } from '../frontend/cache/counters.js';
import { FrontendOwner } from '../frontend/owner.js';
import type { Leaders } from '../frontend/requests/backends.js';
import { reusesPorts } from '../net/reuse-port.js';
import { type SessionPool, startSessionPool } from '../pool/session-pool.js';
import type { OwnerCall } from '../pool/types.js';
import { readClusterId } from '../storage/identity.js';
import { createNodeDisk } from '../storage/node-disk.js';
import type { Product } from '../wire/schemas.js';
import { CacheRounds } from './cache-round.js';
import type { Demo, DemoCommand } from './demo-routes.js';
import type { FrontendConfig } from './frontend-config.js';
import { FrontendMetrics } from './frontend-metrics.js';
import { openListener } from './listeners.js';
import { rateLimitMemory } from './rate-limit.js';
import type { MeterNews } from './request-meter.js';
import { shownAddresses } from './shown-addresses.js';
import { isLoopback, type SiteRules } from './site-check.js';
import type { GatewayThreadData } from './thread.js';

/** `demo` is called only if the configuration allows demonstrations. */
export async function startFrontend(config: FrontendConfig, demo: Demo): Promise<RunningService> {
  const logger = createLogger(config.name, config.log);
  const clusterId = await readClusterId(createNodeDisk(), config.dataDir);
  const identity = { role: 'frontend', id: config.name, incarnation: systemRandom.uuid() };
  const { promise: ready, seen } = untilServing();
  const owner = new FrontendOwner({
    config,
    identity,
    clusterId,
    logger,
    leaders: (leaders) => {
      pool.broadcast('leaders', leaders);
      seen(leaders);
    },
    events: (batch) => pool.broadcast('events', batch),
    requests: () => metrics.requests(),
    shown: shownAddresses(config),
  });
  const data: GatewayThreadData = {
    identity,
    clusterId,
    clusterToken: config.clusterToken,
    clusterTls: config.clusterTls,
    tls: config.tls,
    cluster: config.cluster,
    versions: owner.versions.buffer,
    shared: owner.shared.buffer,
    cacheEntries: config.cacheEntries,
    log: config.log,
    adminToken: config.adminToken,
    wrongTokens: rateLimitMemory(systemRandom.integer(2 ** 31)),
    openAdmin: config.openAdmin,
    demo: config.demo,
    sites: siteRules(config),
    ordersStatus: config.ordersStatus,
    threads: config.workers,
    rateLimit: rateLimitOf(config),
    dialects: config.dialects.map(({ name }) => name),
  };
  const rounds = new CacheRounds({
    clock: systemClock,
    ask(round) {
      pool.broadcast('cached', round);
      return pool.status().threads.filter(({ state }) => state === 'running').length;
    },
  });
  const metrics = new FrontendMetrics({ config, owner, pool: () => pool.status() });
  const pool = await startThreads(config, data, { owner, demo, rounds, metrics, logger });
  await openListener(pool, config.raw, 'raw', config);
  await openListener(pool, config.http, 'http', config);
  for (const { name, address } of config.dialects) await openListener(pool, address, name, config);
  owner.start();
  return {
    name: config.name,
    ready,
    failed: new Promise(() => {}),
    async stop() {
      // Not ready, but open for a while, so that load balancers notice in time.
      pool.broadcast('stopping', true);
      await sleep(systemClock, config.drainDelayMs);
      await pool.drain();
      metrics.stop();
      await owner.stop();
    },
  };
}

interface Parts {
  readonly owner: FrontendOwner;
  readonly demo: Demo;
  readonly rounds: CacheRounds;
  readonly metrics: FrontendMetrics;
  readonly logger: Logger;
}

function startThreads(
  config: FrontendConfig,
  data: GatewayThreadData,
  { owner, demo, rounds, metrics, logger }: Parts,
): Promise<SessionPool> {
  return startSessionPool({
    workers: config.workers,
    program: new URL('./thread.js', import.meta.url),
    sharesPorts: reusesPorts(),
    limits: {
      sessionsMax: sessionPlaces().frontend,
      addressSessionsMax: config.addressSessions,
    },
    data,
    clock: systemClock,
    logger,
    onCalls: (calls) => {
      for (const call of calls) {
        if (call.operation === 'demo') demonstrate(demo, call);
        else if (call.operation === 'cached')
          rounds.take().then((all) => call.reply(undefined, all));
        else if (call.operation === 'metrics')
          metrics.take().then((all) => call.reply(undefined, all), call.reply);
        else answer(owner, call);
      }
    },
    onTell: (operation, args) => {
      if (operation === 'listening') owner.events.listening();
      if (operation === 'meter') metrics.counted(args as MeterNews);
      if (operation === 'counters') owner.counted(args as CacheCounters);
      if (operation === 'cached') rounds.heard(...(args as [number, Product[]]));
    },
  });
}

function answer(owner: FrontendOwner, { operation, args, reply }: OwnerCall): void {
  switch (operation) {
    case 'forget':
      owner.forget(Number(args));
      reply(undefined, null);
      break;
    case 'events': {
      const [lastId, withHistory] = args as readonly [string | null, boolean];
      reply(undefined, owner.events.begin(lastId, withHistory));
      break;
    }
    case 'status':
      reply(undefined, owner.status());
      break;
    case 'audit':
      owner.audit().then((report) => reply(undefined, report), reply);
      break;
    default:
      reply(new BazarError('unknown_method', `unknown operation "${operation}"`));
  }
}

function demonstrate(demo: Demo, { args, reply }: OwnerCall): void {
  const { command, name } = args as { command: DemoCommand; name: string };
  demo(command, name).then((done) => reply(undefined, done), reply);
}

function rateLimitOf({ rateLimit: perSecond }: FrontendConfig): GatewayThreadData['rateLimit'] {
  if (perSecond === 0) return undefined;
  return { memory: rateLimitMemory(systemRandom.integer(2 ** 31)), perSecond };
}

/**
 * A loopback listener accepts only its local names. Any other may have names that it does not know.
 */
function siteRules({ http, allowedHosts, corsOrigins }: FrontendConfig): SiteRules {
  const checksHosts = isLoopback(http.host) || allowedHosts.length > 0;
  const hosts = checksHosts && !allowedHosts.includes('*') ? allowedHosts : undefined;
  return { hosts, origins: corsOrigins };
}

/** Resolves when both groups have first had a serving leader. */
function untilServing(): { promise: Promise<void>; seen(leaders: Leaders): void } {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return {
    promise,
    seen({ catalog, order }) {
      if (catalog !== undefined && order !== undefined) resolve();
    },
  };
}
