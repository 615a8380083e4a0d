/**
 * Reads a journal that another owner may be writing to: for audits, exports and snapshot jobs. Writes
 * nothing. Invariant: it visits a prefix of the owner's records, in order. It reads damaged bytes a
 * second time before it reports corruption, because a write may be under way.
 */
import type { Entry, LogRecord } from '../consensus/types.js';
import type { Chain } from './batch-format.js';
import { chainStart } from './batch-format.js';
import { CorruptionError } from './corruption.js';
import { readRun } from './entry-reader.js';
import { LogState } from './recovery.js';
import { SegmentFiles } from './segment-files.js';
import type { SegmentName } from './segment-format.js';
import { listSegments, openSegment } from './segment-format.js';
import { SegmentScan } from './segment-scan.js';
import type { Disk, DiskFile } from './types.js';

export interface ReadOptions {
  /** `closed`: only segments that are no longer written. The default is all. */
  readonly segments?: 'all' | 'closed';
  /** Skips the segments without a last version of an entry at or after this seq. */
  readonly fromSeq?: number;
}

export interface RecordPlace {
  readonly file: string;
  readonly offset: number;
}

/** The records as written, including those truncated later. */
export async function readJournal(
  disk: Disk,
  folder: string,
  visit: (record: LogRecord, place: RecordPlace) => void,
  options: ReadOptions = {},
): Promise<void> {
  await visitSegments(disk, folder, options, (record, name, offset) => {
    visit(record, { file: name.path, offset });
  });
}

/** Reads entries of a journal by seq: only the last versions. */
export interface JournalReader {
  readonly promised: { readonly epoch: number; readonly leader: string };
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** As Journal.readEntries. */
  readEntries(fromSeq: number, maxBytes: number): Promise<Entry[]>;
  close(): Promise<void>;
}

export async function openJournalReader(
  disk: Disk,
  folder: string,
  options: ReadOptions = {},
): Promise<JournalReader> {
  const state = new LogState();
  const files = new SegmentFiles(disk);
  const names = await visitSegments(disk, folder, options, (record, name, offset, length) => {
    state.apply(record, name, offset, length);
  });
  for (const name of names) await files.set(name);
  const { index, promised } = state;
  return {
    promised,
    firstSeq: index.first,
    lastSeq: index.last,
    readEntries: (fromSeq, maxBytes) => readRun(index, files, fromSeq, index.last, maxBytes),
    close: () => files.close(),
  };
}

type SegmentVisitor = (
  record: LogRecord,
  name: SegmentName,
  offset: number,
  length: number,
) => void;

interface OpenScan {
  readonly scan: SegmentScan;
  readonly file: DiskFile;
}

async function visitSegments(
  disk: Disk,
  folder: string,
  options: ReadOptions,
  visit: SegmentVisitor,
): Promise<SegmentName[]> {
  const visited: SegmentName[] = [];
  let before: OpenScan | undefined;
  try {
    for (const listed of await chooseSegments(disk, folder, options)) {
      const chain = before ? before.scan.chain : listed.number === 1 ? chainStart : undefined;
      const next = await openLive(disk, folder, listed, chain);
      try {
        await followOn(before, next, visit);
      } finally {
        await before?.file.close();
        before = next;
      }
      visited.push(next.scan.name);
    }
  } finally {
    await before?.file.close();
  }
  return visited;
}

/** The segments that the options select, judged by their first batches. */
async function chooseSegments(
  disk: Disk,
  folder: string,
  { segments = 'all', fromSeq = 0 }: ReadOptions,
): Promise<SegmentName[]> {
  const { segments: names } = await listSegments(disk, folder);
  let end = segments === 'all' ? names.length : 0;
  for (let at = names.length - 1; at >= 0; at--) {
    const name = names[at];
    if (!name) continue;
    const first = await peek(disk, folder, name);
    // A segment is closed when the next one has a batch.
    if (end === 0 && first.length > 0) end = at;
    const entry = first.find((record) => record.kind === 'entry');
    if (end > 0 && at < end && entry && entry.entry.seq <= fromSeq) return names.slice(at, end);
    if (end > 0 && fromSeq === 0) break;
  }
  return names.slice(0, end);
}

async function peek(disk: Disk, folder: string, name: SegmentName): Promise<LogRecord[]> {
  const { scan, file } = await openLive(disk, folder, name, undefined);
  try {
    return await scan.peek();
  } finally {
    await file.close();
  }
}

/** Opens a segment, or the packed one that has replaced it since the folder was listed. */
async function openLive(
  disk: Disk,
  folder: string,
  name: SegmentName,
  chain: Chain | undefined,
): Promise<OpenScan> {
  let found = name;
  if (name.layout === 'padded') {
    const { segments } = await listSegments(disk, folder);
    found = segments.find((segment) => segment.number === name.number) ?? name;
  }
  const { file, size } = await openSegment(disk, found);
  return { file, scan: new SegmentScan(found, file, size, chain, true) };
}

/** Visits a segment. If it does not follow the previous one, that one may have grown meanwhile. */
async function followOn(
  before: OpenScan | undefined,
  next: OpenScan,
  visit: SegmentVisitor,
): Promise<void> {
  try {
    await visitLive(next.scan, visit);
  } catch (error) {
    if (!before || next.scan.batches > 0 || !(error instanceof CorruptionError)) throw error;
    const { end } = before.scan;
    await visitLive(before.scan, visit);
    if (before.scan.end === end) throw error;
    next.scan.chain = before.scan.chain;
    await visitLive(next.scan, visit);
  }
}

async function visitLive(scan: SegmentScan, visit: SegmentVisitor): Promise<void> {
  for (let failedAt = -1; ; ) {
    try {
      await scan.run((record, offset, length) => visit(record, scan.name, offset, length));
      return;
    } catch (error) {
      if (!(error instanceof CorruptionError) || scan.end === failedAt) throw error;
      failedAt = scan.end;
    }
  }
}
