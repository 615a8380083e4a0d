/**
 * A member's own data folder: who it is, its journal, its snapshots, and the lock that keeps a
 * second process out. Opened once at start; everything in it is recovered by then. Invariant: a
 * replica is a learner on disk before anything of its log is cut away (docs/PROTOCOL.md, R10).
 */
import { join } from 'node:path';
import type { ServiceConfig } from '../base/config.js';
import type { Logger } from '../base/logging.js';
import { systemRandom } from '../base/random.js';
import type { SnapshotMark } from '../consensus/messages.js';
import { CorruptionError } from '../storage/corruption.js';
import { lockFolder } from '../storage/folder-lock.js';
import { type Identity, openIdentity } from '../storage/identity.js';
import type { SegmentedJournal } from '../storage/journal.js';
import { createNodeDisk } from '../storage/node-disk.js';
import { type JournalOptions, openJournal } from '../storage/open-journal.js';
import { SnapshotStore } from '../storage/snapshot-store.js';
import type { Disk } from '../storage/types.js';

/**
 * What `--repair` does before a corrupt log is cut off: makes it durable that the member is a
 * learner. A log that is whole needs no repair, and its member keeps its vote.
 */
export type Repair = () => Promise<void>;

/** A member's folder, its own alone as long as it is open. */
export interface OwnFolder {
  readonly path: string;
  readonly identity: Identity;
  readonly repair: Repair | undefined;
  release(): void;
}

/** The log of one group in it. */
export interface LogFolder {
  readonly journal: SegmentedJournal;
  readonly snapshots: SnapshotStore;
  readonly journalFolder: string;
  readonly snapshotFolder: string;
}

export interface MemberFolder extends LogFolder {
  readonly identity: Identity;
  close(): Promise<void>;
}

export interface LogOptions {
  /** The journal is a book: no segment is ever dropped. */
  readonly keepAll: boolean;
  readonly repair: Repair | undefined;
  readonly logger: Logger;
  /** Other than the real one, and other sizes, in tests. */
  readonly disk?: Disk;
  readonly sizes?: Pick<JournalOptions, 'segmentBytes' | 'batchBytesMax'>;
}

export interface FolderOptions extends Omit<LogOptions, 'repair'> {
  /** No other replica holds the same log, so that a repaired one could learn it again. */
  readonly alone: boolean;
}

/** Rejects with `conflict` or a CorruptionError, which name the file. */
export async function openFolder(
  config: ServiceConfig,
  { alone, ...options }: FolderOptions,
): Promise<MemberFolder> {
  const own = await openOwnFolder(config, { alone });
  try {
    const log = await openLog(own.path, { ...options, repair: own.repair });
    return {
      ...log,
      identity: own.identity,
      async close() {
        await log.journal.close();
        own.release();
      },
    };
  } catch (error) {
    own.release();
    throw error;
  }
}

/** Locks the folder and learns who it is. */
export async function openOwnFolder(
  config: ServiceConfig,
  { alone }: { readonly alone: boolean },
): Promise<OwnFolder> {
  const { name: id, init, repair, dataDir, cluster } = config;
  const path = join(dataDir, id);
  const lock = await lockFolder(path);
  try {
    const { catalogs, orders, recovery } = cluster;
    const members = [...catalogs, ...orders, ...recovery].map(({ name }) => name);
    const disk = createNodeDisk();
    const identity = await openIdentity(disk, path, { id, members, init, random: systemRandom });
    const learn: Repair = async () => {
      if (!alone) await identity.setLearner(true);
    };
    return { path, identity, repair: repair ? learn : undefined, release: () => lock.release() };
  } catch (error) {
    lock.release();
    throw error;
  }
}

export async function openLog(path: string, options: LogOptions): Promise<LogFolder> {
  const { disk = createNodeDisk() } = options;
  const journalFolder = join(path, 'journal');
  const snapshotFolder = join(path, 'snapshots');
  const journal = await openRepaired(disk, journalFolder, options);
  const snapshots = new SnapshotStore(disk, snapshotFolder);
  await snapshots.tidy();
  return { journal, snapshots, journalFolder, snapshotFolder };
}

/** What lies between the snapshot that was restored and the journal is lost: named, not asserted. */
export function refuseGap({ journal, journalFolder }: LogFolder, base: SnapshotMark): void {
  const [first, last] = [journal.firstSeq(), journal.lastSeq()];
  if (last <= base.seq || first <= base.seq + 1) return;
  const message = `it begins with entry ${first}, and the newest whole snapshot ends with ${base.seq}`;
  throw new CorruptionError(journalFolder, 0, 'segment_missing', message);
}

async function openRepaired(
  disk: Disk,
  folder: string,
  { keepAll, repair, logger, sizes }: LogOptions,
): Promise<SegmentedJournal> {
  try {
    return await openJournal(disk, folder, { keepAll, ...sizes });
  } catch (error) {
    if (!(error instanceof CorruptionError) || !repair) throw error;
    await repair();
    const journal = await openJournal(disk, folder, { keepAll, repair: true, ...sizes });
    logger.warn({ ...journal.dropped }, 'the journal was cut off by --repair');
    return journal;
  }
}
