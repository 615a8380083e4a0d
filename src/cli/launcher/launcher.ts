/**
 * Runs the whole store on this machine: claims the data folder, makes the files of a first start,
 * starts the services, and stops them kind by kind on request. Does not depend on what a service
 * does.
 */
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../base/clock.js';
import type { DatabaseConfig } from '../../base/config.js';
import { BazarError } from '../../base/errors.js';
import { makeFolder, makePrivateFolder } from '../../base/folders.js';
import { votingWarnings } from '../../group/membership.js';
import { readTls } from '../options/tls-options.js';
import { type ServiceOrder, stages } from '../service/service-order.js';
import {
  type ControlAnswer,
  type ControlRequest,
  type ControlSocket,
  openControl,
} from './control.js';
import { ensureTokens, found } from './founding.js';
import { forgetData, storedData } from './fresh.js';
import { findLeftovers, launcherName } from './leftovers.js';
import { PidFiles } from './pid-files.js';
import { whyShut, whyShutInDatabase } from './quorum.js';
import { rememberStore } from './remembered-store.js';
import { serviceEntry } from './service-entry.js';
import { spawnService } from './service-process.js';
import { failureLine } from './start-failure.js';
import { planCluster, planStore, type StoreOptions } from './store-plan.js';
import { type SupervisedService, Supervisor } from './supervisor.js';

const builtFolder = new URL('../../../', import.meta.url);

export interface LaunchOptions {
  readonly store: StoreOptions;
  /** Absent: the store keeps journals in its data folder. */
  readonly database?: DatabaseConfig | undefined;
  readonly clock: Clock;
  /** Aborts when the launcher receives a request to stop. */
  readonly interrupted: AbortSignal;
  /** Prints progress for people, and problems as warnings. */
  report(line: string, level?: 'warn'): void;
  /** Called once, when the whole store is ready. */
  onReady(): void;
  /** A module to run instead of the services' module. */
  readonly entry?: string;
}

/**
 * Resolves when the store has stopped. Rejects if it could not start; no process is left running
 * then.
 */
export async function launch(options: LaunchOptions): Promise<void> {
  const { store, report } = options;
  const dataDir = resolve(store.dataDir);
  makePrivateFolder(dataDir);
  makeFolder(store.logDir);
  const stop = new AbortController();
  options.interrupted.addEventListener('abort', () => stop.abort());
  if (options.interrupted.aborted) stop.abort();

  let supervisor: Supervisor | undefined;
  const socket = await openControl(dataDir, async (request) => {
    if (request.command === 'stop') stop.abort();
    return control(request, supervisor, resolve(store.logDir));
  });
  const pids = new PidFiles(dataDir);
  try {
    refuseLeftovers(pids, store.dataDir);
    pids.write(launcherName, process.pid);
    const orders = await prepare(options, dataDir);
    rememberStore(dataDir, store);
    const frontends = orders.filter(({ kind }) => kind === 'frontend');
    const names = frontends.map(({ config }) => config.name);
    const cluster = planCluster(store);
    const shutReason = options.database ? whyShutInDatabase : whyShut;
    supervisor = new Supervisor({
      services: orders.map((order) => supervised(order, options)),
      whyShut: (lost) => shutReason(cluster, names, lost),
      restart: store.restart,
      clock: options.clock,
      pids,
      report,
    });
    await run(supervisor, options, stop.signal);
  } finally {
    close(socket, pids);
  }
}

async function run(
  supervisor: Supervisor,
  options: LaunchOptions,
  stopped: AbortSignal,
): Promise<void> {
  const asked = new Promise<'asked'>((resolve) => {
    if (stopped.aborted) resolve('asked');
    stopped.addEventListener('abort', () => resolve('asked'));
  });
  try {
    const first = await Promise.race([supervisor.start(), asked]);
    if (first !== 'asked') options.onReady();
    await asked;
    options.report('stopping');
  } finally {
    await supervisor.stop();
  }
}

function close(socket: ControlSocket, pids: PidFiles): void {
  pids.release(launcherName, process.pid);
  socket.close();
}

function refuseLeftovers(pids: PidFiles, dataDir: string): void {
  const leftovers = findLeftovers(pids);
  if (leftovers.length === 0) return;
  const names = leftovers.map(({ name, pid }) => `${name} (pid ${pid})`).join(', ');
  throw new BazarError(
    'conflict',
    `services of an earlier start still run on ${dataDir}: ${names}; bazar down stops them`,
  );
}

/**
 * Prepares the first start: deletes the data if requested, makes the tokens, and founds the store.
 */
async function prepare(options: LaunchOptions, dataDir: string): Promise<ServiceOrder[]> {
  const { store, database } = options;
  // Refuses a wrong option before anything is deleted or founded.
  planStore(store, { adminToken: '', clusterToken: '', ...readTls(store) });
  if (database) return prepareInDatabase(options, database, dataDir);
  const cluster = planCluster(store);
  const isNew = store.fresh || storedData(dataDir).length === 0;
  if (isNew) await refuseFirstStock(store.productsFile);
  if (store.fresh) forgetData(dataDir);
  const { adminToken, clusterToken } = await found(cluster, dataDir);
  for (const warning of votingWarnings(cluster)) options.report(warning, 'warn');
  return planStore(store, { adminToken, clusterToken, ...readTls(store) });
}

async function prepareInDatabase(
  options: LaunchOptions,
  database: DatabaseConfig,
  dataDir: string,
): Promise<ServiceOrder[]> {
  const { claimStore } = await import('../store/claim-store.js');
  const { store, clock } = options;
  const { catalogs, orders, initStore: init } = store;
  const { isNew } = await claimStore({
    ...{ database, dataDir, replicas: { catalogs, orders }, init, clock },
    warn: (line) => options.report(`the database: ${line}`, 'warn'),
  });
  if (isNew) await refuseFirstStock(store.productsFile);
  return planStore(store, { ...ensureTokens(dataDir), ...readTls(store), database });
}

/** Checks the file now, because a catalog of a new store would wait until the file is readable. */
async function refuseFirstStock(file: string): Promise<void> {
  const { readFirstStock } = await import('../../catalog/service/first-stock.js');
  await readFirstStock(resolve(file));
}

function supervised(order: ServiceOrder, options: LaunchOptions): SupervisedService {
  const { name } = order.config;
  const { store, clock, entry = fileURLToPath(serviceEntry(builtFolder)) } = options;
  return {
    name,
    stage: stages.indexOf(order.kind),
    spawn: ({ repair } = { repair: false }) =>
      spawnService({
        name,
        entry,
        args: [name],
        order: { ...order, config: { ...order.config, repair } },
        logFile: join(resolve(store.logDir), `${name}.log`),
        crashFile: join(resolve(store.logDir), `${name}.stderr`),
        readyTimeoutMs: store.startTimeout * 1000,
        clock,
        explain: (failure) => failureLine(name, failure, store.portOffset),
      }),
  };
}

async function control(
  { command, name = '', repair = false }: ControlRequest,
  supervisor: Supervisor | undefined,
  logDir: string,
): Promise<ControlAnswer> {
  if (command === 'ping' || command === 'stop') return { pid: process.pid, log_dir: logDir };
  if (!supervisor) throw new BazarError('unavailable', 'the store is starting');
  switch (command) {
    case 'kill':
      return { pid: await supervisor.killOne(name) };
    case 'start':
      return supervisor.startOne(name, { repair }).then((started) => ({ ...started }));
    default:
      throw new BazarError('invalid_argument', 'no such command');
  }
}
