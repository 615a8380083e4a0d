/**
 * The options that describe a store: the number of services, their addresses, the data folder, and
 * the settings of the services. `up` and the commands that run one service share them.
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  cacheLimits,
  poolLimits,
  purchaseLimits,
  sessionLimits,
  storageLimits,
} from '../../base/limits.js';
import type { LogSettings } from '../../base/logging.js';
import { clientKeysDefault } from './client-keys-default.js';
import { databaseSpecs } from './database-options.js';
import { httpSpecs } from './http-options.js';
import { without } from './optimisation-options.js';
import { choice, flag, integer, list, number, text, type Values } from './options.js';
import { tlsSpecs } from './tls-options.js';

/** Frontend 11 would take the port of order 1 (docs/CONFIGURATION.md, Ports). */
const frontendsMax = 10;
const replicasMax = 9;
export const portOffsetMax = 50_000;
const secondsMax = 86_400;
const mib = 1024 * 1024;
const snapshotMibMax = 65_536;
const logRetentionHoursMax = 8_760;

const storeGroup = { group: 'Store:' };
const placeGroup = { group: 'Place:' };
const serviceGroup = { group: 'Services:' };

export const bundledProducts = fileURLToPath(
  new URL('../../../../data/products.json', import.meta.url),
);

export const placeSpecs = {
  dataDir: text('Folder of data, tokens and process ids', 'data', {
    ...placeGroup,
    completes: 'files',
  }),
  host: text('Address to listen on', '127.0.0.1', placeGroup),
  portOffset: integer(
    'Added to every port',
    { min: 0, max: portOffsetMax, default: 0 },
    placeGroup,
  ),
} as const;

export const membershipSpecs = {
  catalogs: integer('Catalog replicas', { min: 1, max: replicasMax, default: 2 }, storeGroup),
  orders: integer('Order replicas', { min: 1, max: replicasMax, default: 3 }, storeGroup),
  recovery: integer(
    'Recovery servers',
    { min: 0, max: replicasMax, default: undefined },
    { ...storeGroup, defaultDescription: '1; 0 with --store' },
  ),
} as const;

export const serviceSpecs = {
  ...databaseSpecs,
  workers: integer(
    'Session threads of each service; 0: only the main thread',
    {
      min: 0,
      max: poolLimits.workersMax,
      default: Math.min(poolLimits.workersMax, availableParallelism()),
    },
    { ...serviceGroup, defaultDescription: `cores, at most ${poolLimits.workersMax}` },
  ),
  minCopies: integer(
    'Durable copies before a service answers; at least a majority',
    { min: 1, max: 2 * replicasMax, default: undefined },
    serviceGroup,
  ),
  restockEvery: integer(
    'Seconds between restocks; 0: never',
    { min: 0, max: secondsMax, default: 10 },
    serviceGroup,
  ),
  restockTo: integer(
    'Restock target of the bundled products of a new store; 0: none',
    { min: 0, max: 1_000_000_000, default: 100 },
    serviceGroup,
  ),
  currency: text(
    'Currency of a new store: an ISO 4217 code with two decimals',
    'EUR',
    serviceGroup,
  ),
  snapshotEvery: integer(
    'MiB of journal at which a catalog writes a snapshot and shortens the journal',
    {
      min: storageLimits.segmentBytes / mib,
      max: snapshotMibMax,
      default: storageLimits.snapshotEveryBytes / mib,
    },
    serviceGroup,
  ),
  clientKeysMax: integer(
    'Purchase keys of clients that the catalogs hold for 24 hours; new ones are then refused',
    {
      min: purchaseLimits.clientKeysOptionMin,
      max: purchaseLimits.clientKeysOptionMax,
      default: clientKeysDefault(),
    },
    { ...serviceGroup, defaultDescription: 'by memory, 4,000,000 to 30,000,000' },
  ),
  logRetention: integer(
    'Hours for which the database keeps log rows that the tables contain',
    { min: 1, max: logRetentionHoursMax, default: 24 },
    serviceGroup,
  ),
  productsFile: text('First stock of a new store (JSON file)', bundledProducts, {
    completes: 'files',
    ...serviceGroup,
    defaultDescription: 'data/products.json',
  }),
  cacheEntries: integer(
    'Products in the cache of each session thread of a frontend; 0: no cache',
    { min: 0, max: 10_000_000, default: cacheLimits.entriesMax },
    serviceGroup,
  ),
  reusePort: flag(
    'Let the threads of a frontend accept connections (--no-reuse-port: the owner relays them)',
    serviceGroup,
    true,
  ),
  ...tlsSpecs,
  rateLimit: integer(
    'Requests a second that one address may send to a frontend; 0: unlimited',
    { min: 0, max: 1_000_000, default: 0 },
    serviceGroup,
  ),
  addressSessions: integer(
    'Sessions that one address may have at a frontend',
    { min: 1, max: sessionLimits.sessionsMax, default: sessionLimits.addressSessionsMax },
    serviceGroup,
  ),
  drainDelay: number(
    'Seconds between not ready and closed listeners when a frontend stops',
    { min: 0, max: 5, default: 0.25 },
    serviceGroup,
  ),
  ...httpSpecs,
  openAdmin: flag('Allow changes of products without a token, for old clients', serviceGroup),
  dialectPort: list(
    "Serve an older store's routes at the root of their own port: NAME=PORT",
    serviceGroup,
  ),
  demo: flag('Allow every visitor of the page to kill replicas and see the books', serviceGroup),
  without,
  logLevel: choice(
    'Lowest level that is logged',
    ['debug', 'info', 'warn', 'error', 'silent'],
    'info',
    {
      ...serviceGroup,
    },
  ),
  logSize: integer(
    'MiB at which a log file is rotated',
    { min: 1, max: 10_000, default: 16 },
    serviceGroup,
  ),
  logKeep: integer(
    'Rotated log files that are kept',
    { min: 0, max: 1_000, default: 4 },
    serviceGroup,
  ),
} as const;

/** The log folder depends on the data folder, so two stores do not share logs. */
export function logDirOf(dataDir: string): string {
  return dataDir === placeSpecs.dataDir.read(undefined, '') ? 'logs' : join(dataDir, 'logs');
}

/** Converts the options to the log settings of one service. */
export function logSettings(
  options: Pick<Values<typeof serviceSpecs>, 'logLevel' | 'logSize' | 'logKeep'>,
  path: string | undefined,
): LogSettings {
  const { logLevel: level, logSize, logKeep: kept } = options;
  if (path === undefined) return { level };
  return { level, file: { path, bytesMax: logSize * mib, kept } };
}

export const upSpecs = {
  ...membershipSpecs,
  frontends: integer('Frontends', { min: 1, max: frontendsMax, default: 1 }, storeGroup),
  fresh: flag('Delete all data first', storeGroup),
  initStore: flag('Create the schema of --store if it does not exist', storeGroup),
  yes: flag('Answer every question with yes', storeGroup),
  restart: flag('Restart services that died (--no-restart: do not)', storeGroup, true),
  detach: flag('Leave the store running in the background', storeGroup),
  startTimeout: integer(
    'Seconds that a service may take to become ready',
    { min: 1, max: 3_600, default: 60 },
    storeGroup,
  ),
  ...placeSpecs,
  logDir: text('Folder of the logs', undefined, {
    completes: 'files',
    ...placeGroup,
    defaultDescription: 'logs; logs inside another data folder',
  }),
  ...serviceSpecs,
} as const;
