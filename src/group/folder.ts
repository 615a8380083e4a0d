/**
 * A member's data folder: its identity, its journal, its snapshots, and the lock that excludes a
 * second process. Opened once at start, including recovery. Invariant: a replica is a learner on
 * disk before any part of its log is cut off (docs/PROTOCOL.md, R10).
 */
import { dirname, join } from 'node:path';
import type { ServiceConfig } from '../base/config.js';
import type { Logger } from '../base/logging.js';
import { systemRandom } from '../base/random.js';
import { isOnlyVoter } from '../base/voters.js';
import type { SnapshotMark } from '../consensus/messages.js';
import type { Doubt } from '../consensus/types.js';
import { CorruptionError } from '../storage/corruption.js';
import { lockFolder } from '../storage/folder-lock.js';
import { type Identity, openIdentity } from '../storage/identity.js';
import type { SegmentedJournal } from '../storage/journal.js';
import type { LogIdentity } from '../storage/log-identity.js';
import { createNodeDisk } from '../storage/node-disk.js';
import { type JournalOptions, openJournal } from '../storage/open-journal.js';
import { listSegments, segmentName } from '../storage/segment-format.js';
import { SnapshotStore } from '../storage/snapshot-store.js';
import type { Disk } from '../storage/types.js';
import { type GroupName, onlyVoterWarning, votersOf } from './membership.js';
import { placesText } from './places-text.js';

/** A member's folder, locked by this process while it is open. */
export interface OwnFolder {
  readonly path: string;
  readonly identity: Identity;
  release(): void;
}

/** The log of one group in the folder. */
export interface LogFolder {
  readonly log: LogIdentity;
  readonly journal: SegmentedJournal;
  readonly snapshots: SnapshotStore;
  readonly journalFolder: string;
  readonly snapshotFolder: string;
  /** True if no other member of the group has a vote or can restore what is lost. */
  readonly alone: boolean;
}

export interface MemberFolder extends LogFolder {
  readonly identity: Identity;
  close(): Promise<void>;
}

export interface LogOptions {
  /** The member's identity for this log. */
  readonly log: LogIdentity;
  /** True if the journal is the order book: no segment is ever dropped. */
  readonly keepAll: boolean;
  /**
   * Cuts off a corrupt journal, after making the member a learner. With an intact journal the
   * member keeps its vote.
   */
  readonly repair: boolean;
  /**
   * True if no other member holds the same log, so that a repaired member could not learn it again.
   */
  readonly alone: boolean;
  readonly logger: Logger;
  /** Replaced, like the sizes, in tests. */
  readonly disk?: Disk;
  readonly sizes?: Pick<JournalOptions, 'segmentBytes' | 'batchBytesMax'>;
}

export interface FolderOptions {
  readonly group: GroupName;
  readonly keepAll: boolean;
  readonly logger: Logger;
}

/** Rejects with `conflict` or a CorruptionError; both name the file. */
export async function openFolder(
  config: ServiceConfig,
  { group, keepAll, logger }: FolderOptions,
): Promise<MemberFolder> {
  const alone = votersOf(config.cluster, group).length === 1;
  if (alone) logger.warn({ group }, onlyVoterWarning(config.name, group));
  const own = await openOwnFolder(config);
  try {
    const { repair } = config;
    const log = own.identity.log(group);
    const opened = await openLog(own.path, { log, keepAll, repair, alone, logger });
    return {
      ...opened,
      identity: own.identity,
      async close() {
        await opened.journal.close();
        own.release();
      },
    };
  } catch (error) {
    own.release();
    throw error;
  }
}

/** Locks the folder and reads its identity. */
export async function openOwnFolder(config: ServiceConfig): Promise<OwnFolder> {
  const { name: id, init, dataDir, cluster } = config;
  const path = join(dataDir, id);
  const lock = await lockFolder(path);
  try {
    const { catalogs, orders, recovery } = cluster;
    const members = [...catalogs, ...orders, ...recovery].map(({ name }) => name);
    const disk = createNodeDisk();
    const options = { id, members, init, random: systemRandom };
    const identity = await advising(openIdentity(disk, path, options), (file) =>
      dirname(file) === path && !isOnlyVoter(id, members)
        ? `remove the folder ${path}: the member then learns everything from its group`
        : 'bring the file back from a copy',
    );
    return { path, identity, release: () => lock.release() };
  } catch (error) {
    lock.release();
    throw error;
  }
}

export async function openLog(path: string, options: LogOptions): Promise<LogFolder> {
  const { disk = createNodeDisk(), log, alone } = options;
  const journalFolder = join(path, 'journal');
  const snapshotFolder = join(path, 'snapshots');
  await noticeLostJournal(disk, { journalFolder, snapshotFolder }, options);
  if (options.repair) await acceptLoss(options, journalFolder);
  const journal = await openRepaired(disk, journalFolder, options);
  const received = (seq: number): Promise<void> => log.setSnapshot(seq);
  const snapshots = new SnapshotStore(disk, snapshotFolder, received);
  await snapshots.tidy();
  return { log, journal, snapshots, journalFolder, snapshotFolder, alone };
}

/** Reads the log's snapshot at start. Adds the remedy to an error. */
export function advised<T>(folder: LogFolder, read: Promise<T>): Promise<T> {
  return advising(read, () => relearning(folder));
}

async function advising<T>(read: Promise<T>, wayOut: (file: string) => string): Promise<T> {
  try {
    return await read;
  } catch (error) {
    throw error instanceof CorruptionError ? error.advising(wayOut(error.file)) : error;
  }
}

/** Throws if the log's snapshot, or entries after it, are lost. */
export function refuseGap(folder: LogFolder, base: SnapshotMark): void {
  const { journal, journalFolder, snapshotFolder, log, alone } = folder;
  const [first, last] = [journal.firstSeq(), journal.lastSeq()];
  if (last > base.seq && first > base.seq + 1) {
    const message = `it begins with entry ${first}, and the newest whole snapshot ends with ${base.seq}`;
    const error = new CorruptionError(journalFolder, 0, 'segment_missing', message);
    throw error.advising(relearning(folder));
  }
  // A learner that has lost everything relies on no entry.
  if (log.learner && log.doubt === undefined && !alone) return;
  const dropped = log.mark?.droppedThrough ?? 0;
  if (base.seq >= dropped && Math.max(base.seq, last) >= log.snapshotSeq) return;
  const needed = Math.max(dropped, log.snapshotSeq);
  const message = `the snapshot of the entries through ${needed} is missing`;
  const error = new CorruptionError(snapshotFolder, 0, 'snapshot_missing', message);
  throw error.advising(relearning(folder));
}

/** The damage at the end of the log, for the member's core; undefined if there is none. */
export function doubtOf({ log, journal }: LogFolder, base: SnapshotMark): Doubt | undefined {
  const { doubt } = log;
  if (doubt === undefined) return undefined;
  const held = Math.max(journal.lastSeq(), base.seq);
  if (doubt === 'intact') return { afterSeq: held, throughSeq: held };
  // The snapshot contains all entries up to its position.
  const afterSeq = Math.max(doubt.afterSeq, base.seq);
  const { throughSeq } = doubt;
  return { ...doubt, afterSeq, throughSeq: throughSeq && Math.max(throughSeq, afterSeq) };
}

/** Ends a doubt that the group cannot resolve. Damage found by this start stays in doubt. */
async function acceptLoss({ log, logger }: LogOptions, folder: string): Promise<void> {
  const { doubt } = log;
  if (doubt === undefined || doubt === 'intact' || doubt.accepted) return;
  if (doubt.throughSeq !== undefined && doubt.throughSeq <= doubt.afterSeq) return;
  await log.acceptLoss();
  const entries = placesText(doubt);
  const message = `--repair accepts that the group may lose ${entries}: the damaged batch of this member may have held them, and they are lost if no member has them`;
  logger.warn({ folder, ...doubt }, message);
}

/** A member that has lost its journal has lost its promises, so it must not vote. */
async function noticeLostJournal(
  disk: Disk,
  folders: Pick<LogFolder, 'journalFolder' | 'snapshotFolder'>,
  { log, alone, repair, logger }: LogOptions,
): Promise<void> {
  const { journalFolder: folder, snapshotFolder } = folders;
  const { segments } = await listSegments(disk, folder);
  if (segments.length > 0) return;
  if (log.isNew && (await disk.list(snapshotFolder)).length === 0) return;
  if (alone && !repair) {
    const { path } = segmentName(folder, log.mark?.firstSegment ?? 1, 'padded');
    const error = new CorruptionError(path, 0, 'segment_missing', 'the journal is missing');
    throw error.advising(wayOut(alone));
  }
  if (!alone) await log.lose();
  await log.forget();
  const outcome = alone ? 'begins with nothing' : 'comes back as a learner';
  logger.warn({ folder }, `the journal is missing: this member ${outcome}`);
}

async function openRepaired(
  disk: Disk,
  folder: string,
  { log, keepAll, repair, alone, logger, sizes }: LogOptions,
): Promise<SegmentedJournal> {
  const doubtful = async (doubt: Doubt): Promise<void> => {
    await log.addDoubt(doubt);
    logger.warn({ folder, ...doubt }, 'the last batch of the journal is damaged and is cut off');
  };
  const options = { keepAll, marks: log, ...sizes, ...(alone ? {} : { doubtful }) };
  try {
    return await openJournal(disk, folder, options);
  } catch (error) {
    if (!(error instanceof CorruptionError)) throw error;
    if (!repair) throw error.advising(wayOut(alone));
    if (!alone) await log.lose();
    const journal = await openJournal(disk, folder, { ...options, repair: true });
    logger.warn({ ...journal.dropped }, 'the journal was cut off by --repair');
    return journal;
  }
}

function wayOut(alone: boolean): string {
  return alone
    ? 'no other member holds this log: bring the file back from a copy, or start once with --repair, which keeps only what stands before the damage'
    : 'start once with --repair: the member keeps what stands before the damage and learns the rest from its group';
}

function relearning({ alone, snapshotFolder }: LogFolder): string {
  return alone
    ? 'no other member holds this log: bring the files back from a copy'
    : `remove the folder that holds ${snapshotFolder}: the member then learns everything from its group`;
}
