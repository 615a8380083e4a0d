/**
 * Runs one service from a command line: reads its name, its addresses, its secrets and its
 * configuration.
 */
import { resolve } from 'node:path';
import { required } from '../../base/assert.js';
import type { ServiceConfig } from '../../base/config.js';
import type { Logger } from '../../base/logging.js';
import { systemRandom } from '../../base/random.js';
import {
  catalogSettings,
  frontendSettings,
  recoverySettings,
} from '../launcher/service-settings.js';
import {
  frontendAddresses,
  listenerPorts,
  memberPorts,
  planCluster,
} from '../launcher/store-plan.js';
import { ensureToken } from '../launcher/tokens.js';
import { checkStoreOptions, databaseConfig } from '../options/database-options.js';
import { dialectPorts } from '../options/dialect-ports.js';
import type { oneServiceSpecs } from '../options/one-service-options.js';
import type { Values } from '../options/options.js';
import { readAddress, readPeers } from '../options/peer-addresses.js';
import { logSettings } from '../options/store-options.js';
import { readTls } from '../options/tls-options.js';
import { exitCodes, UsageError } from '../output/exit-codes.js';
import type { Io } from '../output/io.js';
import type { ServiceKind, ServiceOrder } from './service-order.js';

type OneService = Values<typeof oneServiceSpecs>;

export async function runOne(kind: ServiceKind, options: OneService, io: Io): Promise<number> {
  const { runService } = await import('./run-service.js');
  const order = orderFor(kind, options, io.env);
  const code = await runService(order, {
    ignoreInterrupt: false,
    prepare: (logger) => prepareDatabase(order.config, logger),
    onReady: () => io.err(`${order.config.name} is ready\n`),
    onFailure: (reason) => io.err(`${order.config.name}: ${reason}\n`),
  });
  // A service that failed half-way may still hold connections and ports, and would continue to
  // answer.
  if (code !== exitCodes.ok) process.exit(code);
  return code;
}

/** Checks the database of the store, and ties the data folder to it. */
async function prepareDatabase(config: ServiceConfig, logger: Logger): Promise<void> {
  const { database, dataDir, cluster } = config;
  if (database === undefined) return;
  const { claimStore } = await import('../store/claim-store.js');
  const { systemClock: clock } = await import('../../base/clock.js');
  const replicas = { catalogs: cluster.catalogs.length, orders: cluster.orders.length };
  const warn = (line: string): void =>
    logger.warn({ reason: line }, 'the database needs attention');
  await claimStore({ database, dataDir, replicas, init: false, clock, warn });
}

/** Builds the order from the command line. Makes the tokens if they are missing. */
export function orderFor(
  kind: ServiceKind,
  options: OneService,
  env: Io['env'] = {},
): ServiceOrder {
  checkStoreOptions(options);
  if (kind === 'recovery' && options.store !== undefined) {
    throw new UsageError(
      'a store with --store has no recovery servers: the database keeps the logs',
    );
  }
  const name = options.id ?? `${kind}-1`;
  const n = memberNumber(kind, name);
  const peers = readPeers(options.peers);
  const advertised = peers.get(name);
  const own = options.listen === undefined ? advertised : readAddress(options.listen);
  if (own) peers.set(name, own);
  const dataDir = resolve(options.dataDir);
  const { tls, clusterTls } = readTls(options);
  const cluster = planCluster(options, peers);
  const common: ServiceConfig = {
    name,
    cluster,
    dataDir,
    workers: options.workers,
    log: logSettings(options, options.logFile && resolve(options.logFile)),
    init: options.init,
    repair: options.repair,
    minCopies: options.minCopies,
    clusterToken: ensureToken(dataDir, 'cluster', systemRandom),
    clusterTls,
    without: options.without,
    storePorts: memberPorts(cluster),
  };
  const replica: ServiceConfig = { ...common, database: databaseConfig(options, env) };
  switch (kind) {
    case 'catalog':
      return { kind, config: { ...replica, ...catalogSettings(options) } };
    case 'order':
      return { kind, config: replica };
    case 'recovery':
      return { kind, config: { ...common, ...recoverySettings(options) } };
    case 'frontend': {
      const planned = frontendAddresses(n, options);
      const raw = own ?? planned.raw;
      const http =
        options.httpListen === undefined ? planned.http : readAddress(options.httpListen);
      const adminToken = ensureToken(dataDir, 'admin', systemRandom);
      const dialects = dialectPorts(options.dialectPort, http.host, n);
      const listeners = { raw, http, dialects };
      const settings = frontendSettings(options, { adminToken, tls });
      const storePorts = [...memberPorts(cluster), ...listenerPorts(listeners)];
      const shown = advertised && { advertised };
      const config = { ...common, ...listeners, ...shown, ...settings, storePorts };
      return { kind, config };
    }
  }
}

function memberNumber(kind: ServiceKind, name: string): number {
  const match = /^([a-z]+)-([1-9]\d?)$/.exec(name);
  if (match?.[1] !== kind) throw new UsageError(`--id must have the form ${kind}-1, not "${name}"`);
  return Number(required(match[2], 'number'));
}
