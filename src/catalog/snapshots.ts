/**
 * Keeps the catalog's journal short: when enough of it lies in closed segments, a job makes a
 * snapshot of it, and only when that is durable are the segments before it dropped
 * (docs/PROTOCOL.md, R11). The owner does no more than ask and drop.
 */
import { type Clock, every, type Timer } from '../base/clock.js';
import type { Logger } from '../base/logging.js';
import type { SnapshotMark } from '../consensus/messages.js';
import type { MemberFolder } from '../group/folder.js';
import type { JobsPool } from '../pool/jobs-pool.js';
import type { SnapshotArgs } from './snapshot-job.js';
import type { CatalogStore } from './store.js';

const lookEveryMs = 1_000;
/** Closed segments that are worth a snapshot. */
const segmentsMin = 4;

export interface SnapshotKeeperOptions {
  readonly folder: MemberFolder;
  readonly store: CatalogStore;
  readonly jobs: JobsPool;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The snapshot that the state was restored from. */
  readonly base: SnapshotMark;
}

export class SnapshotKeeper {
  readonly #options: SnapshotKeeperOptions;
  #timer: Timer | undefined;
  #underWay: Promise<void> = Promise.resolve();
  #busy = false;
  /** The journal goes back to the snapshot before the newest, should that one be damaged. */
  #lastSeq: number;

  constructor(options: SnapshotKeeperOptions) {
    this.#options = options;
    this.#lastSeq = options.base.seq;
  }

  start(): void {
    this.#timer = every(this.#options.clock, lookEveryMs, () => this.#look());
  }

  /** Resolves when no snapshot is under way. */
  async stop(): Promise<void> {
    this.#timer?.cancel();
    await this.#underWay;
  }

  #look(): void {
    const { folder, store, logger } = this.#options;
    const closed = folder.journal.closedSegments();
    if (this.#busy || closed.filter((one) => one.lastSeq > this.#lastSeq).length < segmentsMin) {
      return;
    }
    const seq = Math.min(folder.journal.closedThrough(), store.status().applied);
    if (seq <= this.#lastSeq) return;
    this.#busy = true;
    this.#underWay = this.#make(seq)
      .catch((error: unknown) => logger.error({ seq, error: String(error) }, 'no snapshot made'))
      .finally(() => {
        this.#busy = false;
      });
  }

  async #make(seq: number): Promise<void> {
    const { folder, jobs, clock, logger } = this.#options;
    const { journal, journalFolder, snapshotFolder } = folder;
    const entry = await journal.readEntry(seq);
    if (!entry) return;
    const beganMs = clock.nowMs();
    const mark: SnapshotMark = { seq, epoch: entry.epoch, time: entry.time };
    const args: SnapshotArgs = { journalFolder, snapshotFolder, throughSeq: seq, ...mark };
    await jobs.run(new URL('./snapshot-job.js', import.meta.url), 'makeSnapshot', args);
    await journal.dropBefore(this.#lastSeq + 1);
    this.#lastSeq = seq;
    logger.info({ seq, tookMs: Math.round(clock.nowMs() - beganMs) }, 'snapshot');
  }
}
