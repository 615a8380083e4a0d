/**
 * Threads for work that would block the owner: snapshots, imports, verification. They are started
 * on demand and end when idle. The first-in-first-out queue is kept here, because piscina's is in
 * another order, and piscina starts no thread for the next task after a crash. Invariant: piscina
 * never has more jobs than threads.
 */
import { Piscina } from 'piscina';
import type { Clock } from '../base/clock.js';
import { BazarError } from '../base/errors.js';
import { poolLimits, sessionLimits } from '../base/limits.js';
import type { Logger } from '../base/logging.js';
import type { JobOutcome, JobTask } from './job-main.js';

/** Maximum of jobs that wait for a thread; one more is `overloaded`. */
const waitingJobsMax = 64;
const idleMs = 5_000;

export interface JobsPoolOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly threadsMax?: number;
}

export interface JobOptions {
  /** Removes the job from the queue, or ends its thread. */
  readonly signal?: AbortSignal;
}

interface Job {
  readonly task: JobTask;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly onAbort: () => void;
}

export class JobsPool {
  readonly #clock: Clock;
  readonly #pool: Piscina;
  readonly #threadsMax: number;
  readonly #waiting: Job[] = [];
  #running = 0;
  #closed = false;
  #whenIdle: () => void = () => {};

  constructor(options: JobsPoolOptions) {
    const { clock, logger, threadsMax = poolLimits.jobThreadsMax } = options;
    this.#clock = clock;
    this.#threadsMax = threadsMax;
    this.#pool = new Piscina({
      filename: new URL('./job-main.js', import.meta.url).href,
      name: 'runJob',
      minThreads: 0,
      maxThreads: threadsMax,
      idleTimeout: idleMs,
      atomics: 'disabled',
      recordTiming: false,
    });
    // A finished job left something that failed; without a listener the error would end the
    // process.
    this.#pool.on('error', (error: Error) => {
      logger.warn({ err: error.stack }, 'a jobs thread failed between two jobs');
    });
  }

  get threads(): number {
    return this.#pool.threads.length;
  }

  /** Number of jobs running or waiting. */
  get jobs(): number {
    return this.#running + this.#waiting.length;
  }

  /**
   * Calls the function `exportName` of the module in a thread; arguments and result are cloned.
   * Rejects with the job's BazarError, or with `internal` if it crashed, `overloaded` if too many
   * jobs wait, `unavailable` if it was aborted or the pool closes.
   */
  run(module: URL, exportName: string, args: unknown, options: JobOptions = {}): Promise<unknown> {
    const { signal } = options;
    if (this.#closed) return Promise.reject(aborted('the jobs pool is closed'));
    if (signal?.aborted) return Promise.reject(aborted('the job was aborted', signal.reason));
    if (this.#waiting.length >= waitingJobsMax) {
      return Promise.reject(new BazarError('overloaded', 'too many jobs wait'));
    }
    return new Promise((resolve, reject) => {
      const task: JobTask = { module: module.href, exportName, args };
      const onAbort = (): void => this.#abortWaiting(job);
      const job: Job = { task, signal, resolve, reject, onAbort };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(job);
      this.#next();
    });
  }

  /** Rejects the waiting jobs, gives the running ones `drainMs` to finish, and ends the threads. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const job of this.#waiting.splice(0)) {
      job.signal?.removeEventListener('abort', job.onAbort);
      job.reject(aborted('the jobs pool is closed'));
    }
    if (this.#running > 0) {
      await new Promise<void>((resolve) => {
        const timer = this.#clock.after(sessionLimits.drainMs, resolve);
        this.#whenIdle = () => {
          timer.cancel();
          resolve();
        };
      });
    }
    await this.#pool.destroy();
  }

  #next(): void {
    while (this.#running < this.#threadsMax) {
      const job = this.#waiting.shift();
      if (!job) break;
      this.#running++;
      void this.#runNow(job);
    }
    if (this.#running === 0) this.#whenIdle();
  }

  async #runNow(job: Job): Promise<void> {
    const { task, signal, resolve, reject } = job;
    signal?.removeEventListener('abort', job.onAbort);
    try {
      const outcome: JobOutcome = await this.#pool.run(task, signal ? { signal } : {});
      if ('error' in outcome) reject(BazarError.fromWire(outcome.error));
      else resolve(outcome.result);
    } catch (cause) {
      if (signal?.aborted) reject(aborted('the job was aborted', signal.reason));
      else reject(new BazarError('internal', `the job ${task.exportName} crashed`, { cause }));
    }
    this.#running--;
    this.#next();
  }

  #abortWaiting(job: Job): void {
    const at = this.#waiting.indexOf(job);
    if (at < 0) return;
    this.#waiting.splice(at, 1);
    job.reject(aborted('the job was aborted', job.signal?.reason));
  }
}

function aborted(message: string, cause?: unknown): BazarError {
  return new BazarError('unavailable', message, { cause });
}
