/**
 * Keeps the catalog's journal short, and its next start fast. When enough of the journal is in closed
 * segments, a job makes a snapshot; the owner drops the older segments only when the snapshot is durable
 * (docs/PROTOCOL.md, R11). A graceful stop writes the state itself, so that the next start replays
 * little.
 */
import type { Clock } from '../../base/clock.js';
import { storageLimits } from '../../base/limits.js';
import type { Logger } from '../../base/logging.js';
import type { Rest } from '../../base/pace.js';
import type { SnapshotMark } from '../../consensus/messages.js';
import type { Entry } from '../../consensus/types.js';
import type { LogFolder } from '../../group/folder.js';
import { Upkeep } from '../../group/upkeep.js';
import type { JobsPool } from '../../pool/jobs-pool.js';
import type { SnapshotStore } from '../../storage/snapshot-store.js';
import type { CatalogMachine } from '../machine/catalog-machine.js';
import type { SnapshotArgs } from './snapshot-job.js';
import type { CatalogStore } from './store.js';

const everyMs = 1_000;
/** Maximum time for the snapshot of a graceful stop: well below the launcher's limit for a stop. */
const stopLimitMs = 5_000;
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
  readonly folder: LogFolder;
  readonly store: Pick<CatalogStore, 'machine' | 'status'>;
  readonly jobs: JobsPool;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The snapshot that the state was restored from. */
  readonly base: SnapshotMark;
  /** Closed journal bytes that trigger a snapshot. */
  readonly everyBytes: number;
}

export interface KeptSnapshots {
  /** Makes snapshots while the service runs. */
  readonly upkeep: Upkeep;
  /**
   * Writes the state if the next start would replay at least one whole segment. Call it when no more
   * entries are applied and before the journal closes. Never rejects: without it, the start only takes
   * longer.
   */
  saveAtStop(): Promise<void>;
}

export function keepSnapshots(options: KeepingOptions): KeptSnapshots {
  const { folder, store, jobs, clock, logger, everyBytes } = options;
  const { journal, journalFolder, snapshotFolder } = folder;
  /** The journal reaches back to the second newest snapshot, in case the newest is damaged. */
  let lastSeq = options.base.seq;
  let lastBytes = 0;

  async function make(seq: number, save: (mark: SnapshotMark) => Promise<number>): Promise<void> {
    const entry = await journal.readEntry(seq);
    if (!entry) return;
    const beganMs = clock.nowMs();
    lastBytes = await save(markOf(entry));
    await journal.dropBefore(lastSeq + 1);
    lastSeq = seq;
    const tookMs = Math.round(clock.nowMs() - beganMs);
    logger.info({ seq, bytes: lastBytes, tookMs }, 'a snapshot is on disk');
  }

  async function runJob(
    mark: SnapshotMark,
    isHurried: boolean,
    signal: AbortSignal,
  ): Promise<number> {
    const args: SnapshotArgs = {
      ...{ journalFolder, snapshotFolder, throughSeq: mark.seq, ...mark },
      isHurried,
    };
    const module = new URL('./snapshot-job.js', import.meta.url);
    return (await jobs.run(module, 'makeSnapshot', args, { signal })) as number;
  }

  const closedSince = (seq: number): number =>
    journal.closedSegments().filter((segment) => segment.lastSeq > seq).length;

  async function saveAtStop(): Promise<void> {
    const { machine } = store;
    if (closedSince(lastSeq) === 0 || machine.appliedSeq <= lastSeq) return;
    const rest = within(clock, stopLimitMs);
    try {
      await make(machine.appliedSeq, (mark) => saveState(folder.snapshots, machine, mark, rest));
    } catch (error) {
      logger.warn({ error: String(error) }, 'no snapshot at the stop: the next start replays more');
    }
  }

  const upkeep = new Upkeep({
    name: 'making a snapshot',
    look() {
      const newer = closedSince(lastSeq);
      const worthOne = segmentsFor(Math.max(everyBytes, journalBySnapshot * lastBytes));
      const due = dueSnapshot(newer, worthOne);
      const seq = Math.min(journal.closedThrough(), store.status().applied);
      if (!due || seq <= lastSeq) return undefined;
      return (signal) => make(seq, (mark) => runJob(mark, due.isHurried, signal));
    },
    ...{ everyMs, clock, logger },
  });
  return { upkeep, saveAtStop };
}

function saveState(
  snapshots: SnapshotStore,
  machine: CatalogMachine,
  mark: SnapshotMark,
  rest: Rest,
): Promise<number> {
  return snapshots.save({ ...mark, hash: machine.hash() }, machine.snapshot(), rest);
}

/** Never rests, and rejects once the time is over. */
function within(clock: Clock, limitMs: number): Rest {
  const endMs = clock.nowMs() + limitMs;
  return async () => {
    if (clock.nowMs() > endMs) throw new Error(`it took longer than ${limitMs} ms`);
  };
}

function markOf({ seq, epoch, time }: Entry): SnapshotMark {
  return { seq, epoch, time };
}

function segmentsFor(bytes: number): number {
  return Math.ceil(bytes / storageLimits.segmentBytes);
}
