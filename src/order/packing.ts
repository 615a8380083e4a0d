/**
 * Packs the order book: a batch lies padded to whole blocks while its segment is written, which
 * costs one lonely order 8 KiB. Closed segments are rewritten without the padding by a job, one at
 * a time, and swapped in (docs/PROTOCOL.md, R10).
 */
import { type Clock, every, type Timer } from '../base/clock.js';
import type { Logger } from '../base/logging.js';
import type { JobsPool } from '../pool/jobs-pool.js';
import type { SegmentedJournal } from '../storage/journal.js';

const lookEveryMs = 2_000;

export interface SegmentPackerOptions {
  readonly journal: SegmentedJournal;
  readonly jobs: JobsPool;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class SegmentPacker {
  readonly #options: SegmentPackerOptions;
  #timer: Timer | undefined;
  #underWay: Promise<void> = Promise.resolve();
  #busy = false;

  constructor(options: SegmentPackerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = every(this.#options.clock, lookEveryMs, () => this.#look());
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    await this.#underWay;
  }

  #look(): void {
    const { journal, logger } = this.#options;
    const padded = journal.closedSegments().find(({ layout }) => layout === 'padded');
    if (this.#busy || !padded) return;
    this.#busy = true;
    this.#underWay = this.#pack(padded.path)
      .catch((error: unknown) => logger.error({ error: String(error) }, 'segment not packed'))
      .finally(() => {
        this.#busy = false;
      });
  }

  async #pack(path: string): Promise<void> {
    const { journal, jobs, logger } = this.#options;
    const module = new URL('./pack-job.js', import.meta.url);
    const packed = (await jobs.run(module, 'packSegment', { path })) as string;
    await journal.adoptRewritten(packed);
    logger.debug({ packed }, 'segment packed');
  }
}
