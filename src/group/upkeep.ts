/**
 * Background work on a member's files, one piece at a time: checks regularly whether there is work,
 * and does it. A stop abandons the work in progress, which is as safe as a crash. A disk failure or
 * corruption ends the member, as it would anywhere else (docs/PROTOCOL.md, R10); after any other
 * failure it retries later. Does not depend on the jobs.
 */
import { type Clock, every, type Timer } from '../base/clock.js';
import { BazarError } from '../base/errors.js';
import type { Logger } from '../base/logging.js';
import { CorruptionError } from '../storage/corruption.js';
import { DiskError } from '../storage/disk-error.js';

/** Retry delay after a failure that is not the disk's, such as a thread without memory. */
const retryMs = 60_000;

/** Must reject soon after the signal is aborted. */
export type Work = (signal: AbortSignal) => Promise<void>;

export interface UpkeepOptions {
  readonly name: string;
  readonly everyMs: number;
  /** The work to do now; undefined if there is none. */
  readonly look: () => Work | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class Upkeep {
  /** Resolves with the reason when the member must end. */
  readonly failed: Promise<Error>;
  readonly #options: UpkeepOptions;
  readonly #stopping = new AbortController();
  #timer: Timer | undefined;
  #underWay: Promise<void> = Promise.resolve();
  #busy = false;
  #notBeforeMs = 0;
  #fail: (error: Error) => void = () => {};

  constructor(options: UpkeepOptions) {
    this.#options = options;
    this.failed = new Promise((resolve) => {
      this.#fail = resolve;
    });
  }

  start(): void {
    const { clock, everyMs } = this.#options;
    this.#timer = every(clock, everyMs, () => this.#look());
  }

  /** Resolves when no work is in progress; an abandoned thread may take a moment to end. */
  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#stopping.abort();
    await this.#underWay;
  }

  #look(): void {
    const { clock, look } = this.#options;
    if (this.#busy || clock.nowMs() < this.#notBeforeMs) return;
    const work = look();
    if (!work) return;
    this.#busy = true;
    this.#underWay = work(this.#stopping.signal)
      .catch((error: unknown) => this.#failedWith(error))
      .finally(() => {
        this.#busy = false;
      });
  }

  #failedWith(error: unknown): void {
    if (this.#stopping.signal.aborted) return;
    const { clock, logger, name } = this.#options;
    const reason = error instanceof Error ? error : new Error(String(error));
    logger.error({ error: reason.message }, `${name} failed`);
    if (isOfDisk(reason)) this.#fail(reason);
    this.#notBeforeMs = clock.nowMs() + retryMs;
  }
}

/** True for a disk error, or for a job's error that names the file in its details. */
function isOfDisk(error: Error): boolean {
  if (error instanceof DiskError || error instanceof CorruptionError) return true;
  return error instanceof BazarError && error.details['file'] !== undefined;
}
