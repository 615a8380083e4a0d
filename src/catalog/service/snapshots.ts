/**
 * Keeps the catalog's journal short. When enough of the journal is in closed segments, a job makes
 * a snapshot; the owner drops the older segments only when the snapshot is durable
 * (docs/PROTOCOL.md, R11).
 */
import type { Clock } from '../../base/clock.js';
import { storageLimits } from '../../base/limits.js';
import type { Logger } from '../../base/logging.js';
import type { SnapshotMark } from '../../consensus/messages.js';
import type { MemberFolder } from '../../group/folder.js';
import { Upkeep } from '../../group/upkeep.js';
import type { JobsPool } from '../../pool/jobs-pool.js';
import type { SnapshotArgs } from './snapshot-job.js';
import type { CatalogStore } from './store.js';

const everyMs = 1_000;
/**
 * A new snapshot needs this many times the last snapshot's bytes of journal, so that a large state
 * is not written continually.
 */
const journalBySnapshot = 2;
/** Above this many times the journal that triggers a snapshot, the last snapshot was too slow. */
const hurryFactor = 2;

/**
 * Decides whether the next snapshot is due, and whether it may run slowly, from the closed journal
 * bytes since the last one. If the journal outgrows a snapshot in progress, the next one is due at
 * once.
 */
export function dueSnapshot(
  segments: number,
  worthOne: number,
): { isHurried: boolean } | undefined {
  return segments < worthOne ? undefined : { isHurried: segments >= hurryFactor * worthOne };
}

export interface KeepingOptions {
  readonly folder: MemberFolder;
  readonly store: CatalogStore;
  readonly jobs: JobsPool;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The snapshot that the state was restored from. */
  readonly base: SnapshotMark;
  /** Closed journal bytes that trigger a snapshot. */
  readonly everyBytes: number;
}

export function keepSnapshots(options: KeepingOptions): Upkeep {
  const { folder, store, jobs, clock, logger, everyBytes } = options;
  const { journal, journalFolder, snapshotFolder } = folder;
  /** The journal reaches back to the second newest snapshot, in case the newest is damaged. */
  let lastSeq = options.base.seq;
  let lastBytes = 0;

  async function make(seq: number, isHurried: boolean, signal: AbortSignal): Promise<void> {
    const entry = await journal.readEntry(seq);
    if (!entry) return;
    const beganMs = clock.nowMs();
    const mark: SnapshotMark = { seq, epoch: entry.epoch, time: entry.time };
    const args: SnapshotArgs = {
      ...{ journalFolder, snapshotFolder, throughSeq: seq, ...mark },
      isHurried,
    };
    const module = new URL('./snapshot-job.js', import.meta.url);
    lastBytes = (await jobs.run(module, 'makeSnapshot', args, { signal })) as number;
    await journal.dropBefore(lastSeq + 1);
    lastSeq = seq;
    const tookMs = Math.round(clock.nowMs() - beganMs);
    logger.info({ seq, bytes: lastBytes, tookMs }, 'a snapshot is on disk');
  }

  return new Upkeep({
    name: 'making a snapshot',
    look() {
      const newer = journal.closedSegments().filter((one) => one.lastSeq > lastSeq).length;
      const worthOne = segmentsFor(Math.max(everyBytes, journalBySnapshot * lastBytes));
      const due = dueSnapshot(newer, worthOne);
      const seq = Math.min(journal.closedThrough(), store.status().applied);
      if (!due || seq <= lastSeq) return undefined;
      return (signal) => make(seq, due.isHurried, signal);
    },
    ...{ everyMs, clock, logger },
  });
}

function segmentsFor(bytes: number): number {
  return Math.ceil(bytes / storageLimits.segmentBytes);
}
