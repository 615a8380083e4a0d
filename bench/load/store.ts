/**
 * Starts a whole store as users do, with `bazar up`, in a temporary folder, waits until it is ready, and
 * stops it. Depends only on the command, the ports and the answers.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { familyOf } from './processes.js';
import { writeProducts } from './products.js';
import type { Target } from './session.js';

export interface StoreOptions {
  readonly catalogs: number;
  readonly orders: number;
  readonly recovery: number;
  readonly workers: number;
  readonly portOffset: number;
  /** The parent of the temporary folder: on the disk to measure. */
  readonly tempParent: string;
  /** This many products with ample stock, instead of the store's own. */
  readonly products?: number;
  /** The number of topics of these products. */
  readonly topics?: number;
  readonly flags?: readonly string[];
}

export interface RunningStore {
  readonly target: Target;
  /** From spawn until /readyz answered 200. */
  readonly startMs: number;
  readonly launcherPid: number;
  readonly dataDir: string;
  /** Kills every process at once, including the launcher; the data stay. */
  crash(): Promise<void>;
  /** Stops it in order; the data stay. */
  halt(): Promise<void>;
  /** After either: starts the same store on the same data. */
  again(): Promise<RunningStore>;
  stop(): Promise<void>;
}

const host = '127.0.0.1';
const httpPort = 8_081;
const rawPort = 8_181;
const readyTimeoutMs = 60_000;
const readyPollMs = 10;
const stopTimeoutMs = 20_000;
const logTailChars = 2_000;
/** The folder to which the store's path of the first stock is relative. */
const projectFolder = fileURLToPath(new URL('../../../', import.meta.url));
export const command = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

export async function startStore(options: StoreOptions): Promise<RunningStore> {
  if (!existsSync(command)) throw new Error(`there is no ${command}: build first`);
  return startIn(mkdtempSync(resolve(options.tempParent, 'bazar-bench-')), options);
}

async function startIn(folder: string, options: StoreOptions): Promise<RunningStore> {
  const output = join(folder, 'up.log');
  const args = upFlags(options, folder);
  const beganMs = performance.now();
  const log = openSync(output, 'a');
  const env = environmentWithoutStore();
  const child = spawn(process.execPath, [command, 'up', ...args], {
    cwd: projectFolder,
    stdio: ['ignore', log, log],
    env,
  });
  const launcherPid = child.pid ?? 0;
  const halt = (): Promise<void> => end(child, launcherPid);
  const stop = async (): Promise<void> => {
    await halt();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await ready(child, httpPort + options.portOffset);
  } catch (error) {
    const tail = readFileSync(output, 'utf8').slice(-logTailChars);
    await stop();
    throw new Error(`the store did not start; its last words:\n${tail}`, { cause: error });
  }
  const startMs = performance.now() - beganMs;
  const target = { host, port: rawPort + options.portOffset, pids: familyOf(launcherPid) };
  return {
    target,
    startMs,
    launcherPid,
    dataDir: join(folder, 'data'),
    async crash() {
      const exited = once(child, 'exit');
      for (const pid of familyOf(launcherPid)) kill(pid);
      await exited;
    },
    halt,
    again: () => startIn(folder, options),
    stop,
  };
}

/** Whether `bazar up` has a flag. */
export function storeKnowsFlag(flag: string): boolean {
  const help = execFileSync(process.execPath, [command, 'up', '--help'], {
    encoding: 'utf8',
    env: environmentWithoutStore(),
  });
  return help.includes(`--${flag}`);
}

function upFlags(options: StoreOptions, folder: string): string[] {
  const flags: Record<string, string | number> = {
    catalogs: options.catalogs,
    orders: options.orders,
    recovery: options.recovery,
    workers: options.workers,
    host,
    'port-offset': options.portOffset,
    'data-dir': join(folder, 'data'),
    'log-dir': join(folder, 'logs'),
    'restock-every': 0,
  };
  if (options.products !== undefined) {
    const file = join(folder, 'products.json');
    writeProducts(file, options.products, options.topics);
    flags['products-file'] = file;
  }
  const pairs = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return [...pairs, ...(options.flags ?? [])];
}

/** The caller's settings for another store must not change the measured one. */
function environmentWithoutStore(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('BAZAR_'));
  return Object.fromEntries(kept);
}

async function ready(child: ChildProcess, port: number): Promise<void> {
  const untilMs = performance.now() + readyTimeoutMs;
  while (performance.now() < untilMs) {
    if (hasEnded(child)) throw new Error(`ended with ${child.exitCode ?? child.signalCode}`);
    if ((await statusOf(port)) === 200) return;
    await sleep(readyPollMs);
  }
  throw new Error(`not ready after ${readyTimeoutMs} ms`);
}

/** Undefined if no server answers. */
function statusOf(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const request = get({ host, port, path: '/readyz', agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.on('error', () => resolve(undefined));
  });
}

/** SIGTERM, like Ctrl-C; then kills the launcher's remaining processes. */
async function end(child: ChildProcess, launcherPid: number): Promise<void> {
  if (hasEnded(child)) return;
  const family = familyOf(launcherPid);
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const waited = new AbortController();
  await Promise.race([exited, sleep(stopTimeoutMs, undefined, { signal: waited.signal })]);
  if (hasEnded(child)) waited.abort();
  else for (const pid of family) kill(pid);
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
