/**
 * One service of a store as a child process, started by the command for separate machines. It can be
 * killed, paused and started again. Reports how it ended if that was not requested.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { cliMain, plainEnvironment } from '../test/e2e/run-command.js';

const tailLines = 12;
const tailBytes = 16 * 1024;

export interface ServiceOptions {
  readonly name: string;
  readonly dataDir: string;
  readonly logDir: string;
  readonly flags: readonly string[];
  /** Called when it ended without a request. */
  readonly died: (name: string, how: string) => void;
}

export class ServiceProcess {
  readonly name: string;
  /** Its folder was lost, and it has not been seen voting since. */
  isWiped = false;
  /** When it first answered a frontend or the run after its last start. */
  answeredMs: number | undefined;
  readonly #options: ServiceOptions;
  #child: ChildProcess | undefined;
  #isPaused = false;
  #isEnding = false;
  /** Time of performance.now(). */
  #startedMs = 0;
  /** Length of the log before the last start. */
  #logStart = 0;

  constructor(options: ServiceOptions) {
    this.name = options.name;
    this.#options = options;
  }

  get runs(): boolean {
    return this.#child !== undefined;
  }

  /** How long it has been running; 0 if it is down or stopped. @param nowMs of performance.now(). */
  runsForMs(nowMs: number): number {
    return this.#child && !this.#isPaused && !this.#isEnding ? nowMs - this.#startedMs : 0;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** @param founding true at the first start of a store. */
  start(founding = false): void {
    if (this.#child) return;
    const { name, dataDir, logDir, flags } = this.#options;
    mkdirSync(logDir, { recursive: true });
    const log = openSync(this.#logFile(), 'a');
    this.#logStart = fstatSync(log).size;
    const kind = name.replace(/-\d+$/, '');
    const init = founding ? ['--init'] : [];
    const args = [cliMain, kind, '--id', name, '--data-dir', dataDir, ...flags, ...init];
    const child = spawn(process.execPath, ['--enable-source-maps', ...args], {
      stdio: ['ignore', log, log],
      env: plainEnvironment(),
    });
    closeSync(log);
    child.once('exit', (code, signal) => this.#ended(child, signal ?? `exit code ${code}`));
    this.#child = child;
    this.#startedMs = performance.now();
    this.answeredMs = undefined;
    this.#isPaused = false;
    this.#isEnding = false;
  }

  /** SIGKILL. Resolves when the process is gone. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (!child) return;
    this.#isEnding = true;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  /** SIGTERM. Resolves to the exit code, or null if a signal ended it. */
  async stop(): Promise<number | null> {
    const child = this.#child;
    if (!child) return 0;
    this.#isEnding = true;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await gone;
    return child.exitCode;
  }

  pause(): void {
    if (!this.#child || this.#isPaused) return;
    this.#isPaused = true;
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    if (!this.#child || !this.#isPaused) return;
    this.#isPaused = false;
    this.#child.kill('SIGCONT');
  }

  /** Deletes its data and identity. Only while it is down. */
  wipe(): void {
    this.isWiped = true;
    rmSync(join(this.#options.dataDir, this.name), { recursive: true, force: true });
  }

  /** Whether it has reported since its last start that it is ready. */
  wasReady(): boolean {
    const text = readFileSync(this.#logFile()).subarray(this.#logStart).toString();
    return text.includes(`${this.name} is ready\n`);
  }

  logTail(): string {
    try {
      const text = readFileSync(this.#logFile()).subarray(-tailBytes).toString();
      return text.trimEnd().split('\n').slice(-tailLines).join('\n');
    } catch {
      return '(no log)';
    }
  }

  #logFile(): string {
    return join(this.#options.logDir, `${this.name}.log`);
  }

  #ended(child: ChildProcess, how: string): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    if (!this.#isEnding) this.#options.died(this.name, how);
  }
}
