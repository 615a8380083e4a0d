/**
 * One service as a child process: starts it, sends its order, waits until it is ready, and stops
 * it. The service does not depend on the launcher: it writes its own log, and continues to run if
 * the launcher is killed.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, openSync, statSync } from 'node:fs';
import type { Clock } from '../../base/clock.js';
import { BazarError } from '../../base/errors.js';
import { fatalReason, logTail } from './log-tail.js';
import { isStartFailure, type StartFailure } from './start-failure.js';

const tailLines = 15;
const crashBytesMax = 1024 * 1024;

/** Where Node has this flag, it also covers the time before the service ignores the signal. */
const noInspectorFlag = '--disable-sigusr1';
const noInspector = process.allowedNodeEnvironmentFlags.has(noInspectorFlag)
  ? [noInspectorFlag]
  : [];

export interface ProcessOptions {
  readonly name: string;
  /** The module that the process runs. */
  readonly entry: string;
  readonly args: readonly string[];
  /** The first message to the process. */
  readonly order: object;
  /** The service's log, which the service writes. */
  readonly logFile: string;
  /**
   * Receives standard output and standard error of the process: the messages of Node and the system
   * at a crash.
   */
  readonly crashFile: string;
  readonly readyTimeoutMs: number;
  readonly clock: Clock;
  /** Formats a reported failure as a line for people. */
  explain(failure: StartFailure): string;
}

export interface ServiceProcess {
  readonly pid: number;
  /**
   * Rejects if the process ends, or the time limit passes, before it is ready. The reason is the
   * failure that the process reported, otherwise the end of its log.
   */
  readonly ready: Promise<void>;
  /**
   * Resolves to the way it ended, such as `SIGKILL` or `exit code 1`, with Node's reason if there
   * is one.
   */
  readonly ended: Promise<string>;
  /** The failure that it reported before it ended, with the line for people. */
  failure(): (StartFailure & { readonly line: string }) | undefined;
  /** Sends SIGTERM, and SIGKILL after `limitMs`. Resolves when the process has ended. */
  stop(limitMs: number): Promise<void>;
  /** Sends SIGKILL. Resolves when the process has ended. */
  kill(): Promise<void>;
}

export function spawnService(options: ProcessOptions): ServiceProcess {
  const { name, entry, args, order, logFile, crashFile, clock } = options;
  const crashes = openCrashFile(crashFile);
  const starts = [logFile, crashFile].map((path) => ({ path, from: sizeOf(path) }));
  // The child stays in the launcher's process group, so a signal to the group reaches all services.
  const child = fork(entry, [...args], {
    stdio: ['ignore', crashes, crashes, 'ipc'],
    execArgv: ['--enable-source-maps', ...noInspector],
    serialization: 'json',
  });
  closeSync(crashes);
  child.on('error', () => {});
  const { pid } = child;
  if (pid === undefined) throw new BazarError('unavailable', `cannot start a process for ${name}`);
  const crashesFrom = sizeOf(crashFile);
  const ended = ending(child, () => fatalReason(crashFile, crashesFrom));
  let failure: (StartFailure & { readonly line: string }) | undefined;
  child.on('message', (message) => {
    if (isStartFailure(message)) failure = { ...message, line: options.explain(message) };
  });
  const fail = (reason: string): BazarError => {
    if (failure) return new BazarError('unavailable', failure.line);
    const said = starts.map(({ path, from }) => logTail(path, from, tailLines));
    const tail = said.filter((text) => text !== '').join('\n') || '(empty)';
    return new BazarError('unavailable', `${name} ${reason}; the end of ${logFile}:\n${tail}`);
  };
  const ready = new Promise<void>((resolve, reject) => {
    const timer = clock.after(options.readyTimeoutMs, () => {
      reject(fail(`was not ready within ${options.readyTimeoutMs / 1000} s`));
    });
    child.on('message', (message) => {
      if (isStartFailure(message)) return;
      timer.cancel();
      resolve();
    });
    void ended.then((how) => {
      timer.cancel();
      reject(fail(`ended before it was ready (${how})`));
    });
  });
  // Without a handler, a rejection that no caller awaits would end the launcher.
  ready.catch(() => {});
  child.send(order, () => {});

  return {
    pid,
    ready,
    ended,
    failure: () => failure,
    async stop(limitMs) {
      child.kill('SIGTERM');
      const timer = clock.after(limitMs, () => child.kill('SIGKILL'));
      await ended;
      timer.cancel();
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Truncates a large file, which a service that crashes repeatedly can produce. */
function openCrashFile(path: string): number {
  return openSync(path, sizeOf(path) > crashBytesMax ? 'w' : 'a');
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function ending(child: ChildProcess, reason: () => string | undefined): Promise<string> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      const why = code === 0 ? undefined : reason();
      const how = signal ?? `exit code ${code}`;
      resolve(why === undefined ? how : `${how}: ${why}`);
    });
  });
}
