/**
 * A load on one target: its connections stay open over many runs, so that targets can be measured
 * alternately. Closed loop: a slow target gets fewer requests, so the latencies do not describe a given
 * arrival rate (bench/README.md).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { LoadConnection, type Workload } from './connection.js';
import { cpuMs } from './processes.js';
import { Tally } from './tally.js';

export interface Target {
  readonly host: string;
  readonly port: number;
  /** The processes whose CPU time counts as the server's. */
  readonly pids: readonly number[];
}

export interface Shape {
  readonly connections: number;
  /** Requests in flight on each connection. */
  readonly depth: number;
}

export interface Timing {
  readonly warmUpMs: number;
  readonly runMs: number;
}

export interface RunResult {
  readonly ratePerSecond: number;
  readonly answers: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** CPU time per answer, user and system; undefined if the system does not report it. */
  readonly serverCpuUs: number | undefined;
  readonly clientCpuUs: number;
  /** By code; empty in a good run. */
  readonly errors: Readonly<Record<string, number>>;
}

const drainMs = 10_000;
const drainPollMs = 5;

export class LoadSession {
  readonly #target: Target;
  readonly #connections: readonly LoadConnection[];
  readonly #tally: Tally;

  private constructor(target: Target, connections: readonly LoadConnection[], tally: Tally) {
    this.#target = target;
    this.#connections = connections;
    this.#tally = tally;
  }

  static async open(target: Target, shape: Shape, workload: Workload): Promise<LoadSession> {
    const tally = new Tally();
    const connections: LoadConnection[] = [];
    for (let i = 0; i < shape.connections; i++) {
      const { host, port } = target;
      connections.push(await LoadConnection.open(port, host, shape.depth, workload, tally));
    }
    return new LoadSession(target, connections, tally);
  }

  /** Answers without an error since the session was opened, warm-up and draining included. */
  get accepted(): number {
    return this.#tally.accepted;
  }

  async run({ warmUpMs, runMs }: Timing): Promise<RunResult> {
    const tally = this.#tally;
    tally.beginRun();
    for (const connection of this.#connections) connection.start();
    await sleep(warmUpMs);
    const began = this.#usage();
    tally.recording = true;
    await sleep(runMs);
    tally.recording = false;
    const ended = this.#usage();
    tally.running = false;
    await this.#drained();
    const answers = Math.max(1, tally.answers);
    const serverMs =
      ended.serverMs === undefined ? undefined : ended.serverMs - (began.serverMs ?? 0);
    return {
      ratePerSecond: tally.answers / ((ended.nowMs - began.nowMs) / 1_000),
      answers: tally.answers,
      p50Ms: tally.latencies.quantileMs(0.5),
      p99Ms: tally.latencies.quantileMs(0.99),
      maxMs: tally.latencies.maxMs,
      serverCpuUs: serverMs === undefined ? undefined : (serverMs * 1_000) / answers,
      clientCpuUs: ((ended.clientMs - began.clientMs) * 1_000) / answers,
      errors: Object.fromEntries(tally.errors),
    };
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  #usage(): { nowMs: number; serverMs: number | undefined; clientMs: number } {
    const { user, system } = process.cpuUsage();
    const serverMs = cpuMs(this.#target.pids);
    return { nowMs: performance.now(), serverMs, clientMs: (user + system) / 1_000 };
  }

  /** A missing answer is an error of the run. */
  async #drained(): Promise<void> {
    const untilMs = performance.now() + drainMs;
    while (this.#tally.inFlight > 0 && performance.now() < untilMs) await sleep(drainPollMs);
    for (let i = this.#tally.inFlight; i > 0; i--) this.#tally.countError('no_answer');
  }
}
