/** Starts and ends server processes of the comparison, only those that it started. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { familyOf } from '../load/processes.js';

const stopTimeoutMs = 15_000;
const pollMs = 50;
const logTailChars = 2_000;

/** An unprivileged user for servers that refuse to run as root. */
export interface User {
  readonly uid: number;
  readonly gid: number;
}

export interface Server {
  readonly pid: number;
  /** The end of its output. */
  log(): string;
  hasEnded(): boolean;
  /** Sends the signal, and kills the process and its children if that takes too long. */
  stop(signal: NodeJS.Signals): Promise<void>;
}

export function startServer(
  command: string,
  args: readonly string[],
  logFile: string,
  user?: User,
): Server {
  const log = openSync(logFile, 'a');
  const child = spawn(command, args, { stdio: ['ignore', log, log], cwd: '/', ...user });
  closeSync(log);
  // A program that cannot be started has no pid, which counts as ended.
  child.on('error', () => {});
  return {
    pid: child.pid ?? 0,
    log: () => readFileSync(logFile, 'utf8').slice(-logTailChars),
    hasEnded: () => hasEnded(child),
    stop: (signal) => end(child, signal),
  };
}

/** Polls until `isReady`; fails if the server ends or the time is over. */
export async function untilReady(
  what: string,
  timeoutMs: number,
  servers: readonly Server[],
  isReady: () => Promise<boolean>,
): Promise<void> {
  const untilMs = performance.now() + timeoutMs;
  let last: unknown;
  while (performance.now() < untilMs) {
    const ended = servers.find((server) => server.hasEnded());
    if (ended) throw new Error(`${what} ended:\n${ended.log()}`);
    try {
      if (await isReady()) return;
    } catch (error) {
      last = error;
    }
    await sleep(pollMs);
  }
  const logs = servers.map((server) => server.log()).join('\n');
  throw new Error(`${what} is not ready after ${timeoutMs} ms:\n${logs}`, { cause: last });
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.pid === undefined || hasEnded(child)) return;
  const family = familyOf(child.pid);
  const exited = once(child, 'exit');
  child.kill(signal);
  const patience = new AbortController();
  const late = sleep(stopTimeoutMs, undefined, { signal: patience.signal }).catch(() => {});
  await Promise.race([exited, late]);
  patience.abort();
  if (!hasEnded(child)) for (const pid of family) kill(pid);
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
