/**
 * Work on a member's files that goes on behind its back, one piece at a time: looks now and then
 * whether there is some, and does it. What is under way when the member stops is given up: it is as
 * safe from that as from a crash. What a disk refuses, or damage, ends the member, as it would
 * anywhere else (docs/PROTOCOL.md, R10); after any other failure it waits a while. Knows no job.
 */
import { type Clock, every, type Timer } from '../base/clock.js';
import { BazarError } from '../base/errors.js';
import type { Logger } from '../base/logging.js';
import { CorruptionError } from '../storage/corruption.js';
import { DiskError } from '../storage/disk-error.js';

/** A failure that has nothing to do with the disk, as of a thread without memory. */
const retryMs = 60_000;

/** Rejects soon after the signal was given. */
export type Work = (signal: AbortSignal) => Promise<void>;

export interface UpkeepOptions {
  readonly name: string;
  readonly everyMs: number;
  /** What there is to do now; undefined where there is nothing. */
  readonly look: () => Work | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class Upkeep {
  /** Resolves, with the reason, when the member must end. */
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

  /** Resolves when nothing is under way; a thread that was given up may take a moment to end. */
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

/** Its own, or that of a job, which names the file as a detail. */
function isOfDisk(error: Error): boolean {
  if (error instanceof DiskError || error instanceof CorruptionError) return true;
  return error instanceof BazarError && error.details['file'] !== undefined;
}
