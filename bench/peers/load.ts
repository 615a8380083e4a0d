/**
 * The closed loop that drives all subjects: each connection has one purchase in flight, and an answer
 * triggers the next purchase at once. The generator's own time counts as latency.
 */
import { createConnection, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { LatencyHistogram } from '../load/histogram.js';
import type { Picks } from '../load/picks.js';
import type { Timing } from '../load/session.js';
import { host, type Run, type Subject } from './peer.js';
import { type NamedProcess, takeSnapshot, usageBetween } from './usage.js';

const connectTimeoutMs = 10_000;
const drainMs = 10_000;
const drainPollMs = 2;
const readBytes = 16 * 1_024;

/** Serial number of the newest idempotency key. All subjects draw from it, so no key comes twice. */
let lastKey = 0;

export interface Load {
  readonly connections: number;
  readonly picks: Picks;
  readonly timing: Timing;
  /** Adds the accepted units of each item here. */
  readonly sold: Uint32Array;
}

interface Progress {
  running: boolean;
  recording: boolean;
  recordingSinceMs: number;
  answers: number;
  inFlight: number;
  readonly latencies: LatencyHistogram;
  readonly refusals: Map<string, number>;
}

export async function runLoad(
  subject: Subject,
  load: Load,
  processes: readonly NamedProcess[],
): Promise<Run> {
  const progress: Progress = {
    running: true,
    recording: false,
    recordingSinceMs: 0,
    answers: 0,
    inFlight: 0,
    latencies: new LatencyHistogram(),
    refusals: new Map(),
  };
  const buyers: Buyer[] = [];
  try {
    for (let n = 0; n < load.connections; n++) {
      buyers.push(await Buyer.connect(subject, load, progress));
    }
    for (const buyer of buyers) buyer.buy(performance.now());
    await sleep(load.timing.warmUpMs);
    const before = takeSnapshot(processes);
    const ownBefore = process.cpuUsage();
    progress.recordingSinceMs = performance.now();
    progress.recording = true;
    await sleep(load.timing.runMs);
    progress.recording = false;
    const tookMs = performance.now() - progress.recordingSinceMs;
    const own = process.cpuUsage(ownBefore);
    const after = takeSnapshot(processes);
    progress.running = false;
    await drained(progress);
    const { answers, latencies, refusals } = progress;
    return {
      ratePerSecond: (answers * 1_000) / tookMs,
      answers,
      p50Ms: latencies.quantileMs(0.5),
      p99Ms: latencies.quantileMs(0.99),
      usage: before && after && usageBetween(before, after, Math.max(1, answers)),
      clientCpuUs: (own.user + own.system) / Math.max(1, answers),
      refusals: Object.fromEntries(refusals),
    };
  } finally {
    for (const buyer of buyers) buyer.close();
  }
}

/** A missing answer is a failure of the run. */
async function drained(progress: Progress): Promise<void> {
  const untilMs = performance.now() + drainMs;
  while (progress.inFlight > 0 && performance.now() < untilMs) await sleep(drainPollMs);
  for (let n = progress.inFlight; n > 0; n--) count(progress, 'no_answer');
}

function count({ refusals }: Progress, code: string): void {
  refusals.set(code, (refusals.get(code) ?? 0) + 1);
}

class Buyer {
  readonly #subject: Subject;
  readonly #load: Load;
  readonly #progress: Progress;
  readonly #request: Buffer;
  readonly #socket: Socket;
  #item = 0;
  #sentMs = 0;
  #nowMs = 0;
  #isWaiting = false;
  #isClosed = false;

  private constructor(subject: Subject, load: Load, progress: Progress) {
    this.#subject = subject;
    this.#load = load;
    this.#progress = progress;
    this.#request = Buffer.from(subject.protocol.request);
    const reader = subject.protocol.reader({
      accepted: () => {
        load.sold[this.#item] = (load.sold[this.#item] ?? 0) + 1;
        this.#answered();
      },
      refused: (code) => {
        count(progress, code);
        this.#answered();
      },
    });
    const callback = (length: number, bytes: Uint8Array): boolean => {
      this.#nowMs = performance.now();
      try {
        reader.feed(bytes, length);
      } catch (error) {
        this.#fail(error instanceof Error ? error.message : 'malformed');
      }
      return !this.#isClosed;
    };
    const onread = { buffer: Buffer.alloc(readBytes), callback };
    this.#socket = createConnection({ host, port: subject.port, noDelay: true, onread });
  }

  static connect(subject: Subject, load: Load, progress: Progress): Promise<Buyer> {
    return new Promise((resolve, reject) => {
      const buyer = new Buyer(subject, load, progress);
      const socket = buyer.#socket;
      const fail = (error: Error): void => {
        buyer.close();
        reject(error);
      };
      const late = (): void => fail(new Error(`${subject.label}: no connection`));
      const timer = setTimeout(late, connectTimeoutMs);
      socket.once('error', fail);
      socket.once('connect', () => {
        clearTimeout(timer);
        socket.off('error', fail);
        socket.on('error', () => buyer.#fail('connection_error'));
        socket.on('close', () => buyer.#fail('connection_closed'));
        resolve(buyer);
      });
    });
  }

  buy(nowMs: number): void {
    if (this.#isClosed) return;
    this.#item = this.#load.picks.next();
    this.#subject.protocol.fill(this.#request, this.#item, ++lastKey);
    this.#sentMs = nowMs;
    this.#isWaiting = true;
    this.#progress.inFlight += 1;
    this.#socket.write(this.#request);
  }

  close(): void {
    this.#isClosed = true;
    this.#socket.destroy();
  }

  #answered(): void {
    if (!this.#isWaiting) throw new Error('an answer to no request');
    const progress = this.#progress;
    this.#isWaiting = false;
    progress.inFlight -= 1;
    if (progress.recording) {
      progress.answers += 1;
      // The snapshot before the recording delays the answers to earlier requests.
      if (this.#sentMs >= progress.recordingSinceMs) {
        progress.latencies.record(this.#nowMs - this.#sentMs);
      }
    }
    if (progress.running) this.buy(this.#nowMs);
  }

  #fail(code: string): void {
    if (this.#isClosed) return;
    this.close();
    count(this.#progress, code);
    if (this.#isWaiting) this.#progress.inFlight -= 1;
  }
}
