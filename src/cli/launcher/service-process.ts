/**
 * One service as a process of its own: made, told its order, watched until it is ready, stopped.
 * Its life does not hang on this process: it writes its own log, and goes on where
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

/** Where Node has it, also before the service itself ignores the signal. */
const noInspectorFlag = '--disable-sigusr1';
const noInspector = process.allowedNodeEnvironmentFlags.has(noInspectorFlag)
  ? [noInspectorFlag]
  : [];

export interface ProcessOptions {
  readonly name: string;
  /** The module that the process runs. */
  readonly entry: string;
  readonly args: readonly string[];
  /** Its first message. */
  readonly order: object;
  /** Which it writes itself. */
  readonly logFile: string;
  /** Takes what Node and the system say when the process crashes. */
  readonly crashFile: string;
  readonly readyTimeoutMs: number;
  readonly clock: Clock;
  /** The line for people about a failure that the process told. */
  explain(failure: StartFailure): string;
}

export interface ServiceProcess {
  readonly pid: number;
  /**
   * Rejects where it ends, or the time is over, before it was ready: with the reason that the process
   * told, else with the tail of its log.
   */
  readonly ready: Promise<void>;
  /** Resolves to how it ended, as `SIGKILL` or `exit code 1`, with Node's reason where it gave one. */
  readonly ended: Promise<string>;
  /** What it told of its failure before it ended, and the line for people. */
  failure(): (StartFailure & { readonly line: string }) | undefined;
  /** SIGTERM, and SIGKILL where that does not help in time. Resolves when it has ended. */
  stop(limitMs: number): Promise<void>;
  /** SIGKILL. Resolves when it has ended. */
  kill(): Promise<void>;
}

export function spawnService(options: ProcessOptions): ServiceProcess {
  const { name, entry, args, order, logFile, crashFile, clock } = options;
  const crashes = openCrashFile(crashFile);
  const starts = [logFile, crashFile].map((path) => ({ path, from: sizeOf(path) }));
  // In the launcher's own process group: a signal to the group reaches all that belongs to it.
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
  // A process that nothing waits for must not throw.
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

/** Begun anew where it has grown large: it holds the words of one that crashed again and again. */
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
