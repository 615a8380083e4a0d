/**
 * A member's own data folder: who it is, its journal, its snapshots, and the lock that keeps a
 * second process out. Opened once at start; everything in it is recovered by then. Invariant: a
 * replica is a learner on disk before anything of its log is cut away (docs/PROTOCOL.md, R10).
 */
import { join } from 'node:path';
import type { ServiceConfig } from '../base/config.js';
import type { Logger } from '../base/logging.js';
import { systemRandom } from '../base/random.js';
import { type FolderLock, lockFolder } from '../storage/folder-lock.js';
import { type Identity, openIdentity } from '../storage/identity.js';
import type { SegmentedJournal } from '../storage/journal.js';
import { createNodeDisk } from '../storage/node-disk.js';
import { openJournal } from '../storage/open-journal.js';
import { SnapshotStore } from '../storage/snapshot-store.js';

export interface MemberFolder {
  readonly identity: Identity;
  readonly journal: SegmentedJournal;
  readonly snapshots: SnapshotStore;
  readonly journalFolder: string;
  readonly snapshotFolder: string;
  close(): Promise<void>;
}

export interface FolderOptions {
  /** Other replicas hold the same log, so that a repaired one can learn it again. */
  readonly alone: boolean;
  /** The journal is a book: no segment is ever dropped. */
  readonly keepAll: boolean;
  readonly logger: Logger;
}

/** Rejects with `conflict` or a CorruptionError, which name the file. */
export async function openFolder(
  config: ServiceConfig,
  options: FolderOptions,
): Promise<MemberFolder> {
  const path = join(config.dataDir, config.name);
  const lock = lockFolder(path);
  try {
    return await openLocked(config, options, path, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function openLocked(
  config: ServiceConfig,
  { alone, keepAll, logger }: FolderOptions,
  path: string,
  lock: FolderLock,
): Promise<MemberFolder> {
  const disk = createNodeDisk();
  const { catalogs, orders, recovery } = config.cluster;
  const members = [...catalogs, ...orders, ...recovery].map(({ name }) => name);
  const { name: id, init, repair } = config;
  const identity = await openIdentity(disk, path, { id, members, init, random: systemRandom });
  if (repair && !alone) await identity.setLearner(true);
  const journalFolder = join(path, 'journal');
  const snapshotFolder = join(path, 'snapshots');
  const journal = await openJournal(disk, journalFolder, { keepAll, repair });
  if (journal.dropped) logger.warn({ ...journal.dropped }, 'the journal was cut off by --repair');
  return {
    identity,
    journal,
    snapshots: new SnapshotStore(disk, snapshotFolder),
    journalFolder,
    snapshotFolder,
    async close() {
      await journal.close();
      lock.release();
    },
  };
}
