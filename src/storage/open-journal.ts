/**
 * Opens a journal for writing: recovers it, rewrites its last segment, and prepares the next one
 * (docs/PROTOCOL.md, R10). It makes every decision before the first change, so that a refusal leaves the
 * folder unchanged.
 */
import { assert } from '../base/assert.js';
import { storageLimits } from '../base/limits.js';
import type { Doubt } from '../consensus/types.js';
import { batchBytes, blockBytes, repeatHead, trailerOffset } from './batch-format.js';
import { readRun } from './entry-reader.js';
import type { SegmentedJournal } from './journal.js';
import { DiskJournal } from './journal.js';
import { MarkKeeper } from './mark-keeper.js';
import { spanOf } from './record-format.js';
import type { LogState, Recovery, ScannedSegment } from './recovery.js';
import { recoverSegments } from './recovery.js';
import { SegmentFiles } from './segment-files.js';
import type { SegmentName } from './segment-format.js';
import { encodeSegmentHead, listSegments, segmentName } from './segment-format.js';
import type { OpenSegment } from './segment-writer.js';
import { createSegment, SegmentWriter } from './segment-writer.js';
import type { Disk, JournalMarks, Recovered } from './types.js';

export interface JournalOptions {
  /**
   * Cuts the log off at the first corruption, and reports it as `dropped`. The caller makes the replica
   * a learner, durably, BEFORE it opens with this option: a crash in between must not leave a voter.
   */
  readonly repair?: boolean;
  /**
   * Records durably that the last batch is damaged and may have held these entries, and a promise. The
   * damaged bytes are cut off after it resolves. Without it, open refuses such a journal.
   */
  readonly doubtful?: (doubt: Doubt) => Promise<void>;
  /** Stores the mark of this journal; without it, lost segments at the end go unnoticed. */
  readonly marks?: JournalMarks | undefined;
  /** Never drops a segment: the log is an order book. */
  readonly keepAll?: boolean;
  readonly segmentBytes?: number;
  readonly batchBytesMax?: number;
}

export async function openJournal(
  disk: Disk,
  folder: string,
  options: JournalOptions = {},
): Promise<SegmentedJournal> {
  const { segmentBytes, batchBytesMax } = { ...storageLimits, ...options };
  // The head of the segment and of the batch, a repeated promise, and the trailer.
  const fits = batchBytesMax + 4 * blockBytes <= segmentBytes && segmentBytes % blockBytes === 0;
  assert(fits, 'a segment is whole blocks and holds the longest batch');
  const { marks, repair = false, keepAll = false } = options;
  const mark = marks?.mark;
  await disk.makeFolder(folder);
  const listed = await listSegments(disk, folder);
  // A process that ended while it dropped segments has left some of them. A segment above the mark was
  // never written to.
  const isDropped = ({ number }: SegmentName) =>
    mark !== undefined && (number < mark.firstSegment || number > mark.lastSegment);
  const names = listed.segments.filter((name) => !isDropped(name));
  const acceptsDoubt = options.doubtful !== undefined;
  const recovery = await recoverSegments(disk, folder, names, {
    ...{ repair, acceptsDoubt, keepAll, mark },
  });
  if (recovery.doubt) await options.doubtful?.(recovery.doubt);
  // Comes first, because a full disk needs the space.
  for (const leftover of listed.leftovers) await disk.remove(leftover);
  for (const name of listed.segments.filter(isDropped)) await disk.remove(name.path);
  const last = recovery.segments.findLast((segment) => segment.batches > 0);
  const told = recovery.segments.find(({ journal }) => journal !== 0)?.journal;
  const keeper = new MarkKeeper(marks, told);
  const rewritten = last && (await rewriteSegment(disk, last, keeper.id));
  const spare = await keepSpare(disk, recovery, last, segmentBytes, keeper.id);
  const first = mark?.firstSegment ?? (keepAll ? 1 : (names[0]?.number ?? 1));
  const number = last ? last.name.number + 1 : first;
  const active =
    rewritten ??
    spare ??
    (await createSegment(disk, segmentName(folder, number, 'padded'), segmentBytes, keeper.id));
  await keeper.set({
    firstSegment: recovery.segments[0]?.name.number ?? active.name.number,
    lastSegment: Math.max(active.name.number, spare?.name.number ?? 0),
  });
  const used = [active.name.path, spare?.name.path];
  const unused = recovery.segments.filter(({ batches }) => batches === 0);
  const gone = [...recovery.lost, ...unused.map(({ name }) => name)]
    .filter(({ path }) => !used.includes(path))
    // Newest first, so that an incomplete journal after a crash is still refused.
    .sort((a, b) => b.number - a.number);
  for (const name of gone) await disk.remove(name.path);
  const files = new SegmentFiles(disk);
  for (const { name, batches } of recovery.segments) if (batches > 0) await files.set(name);
  await files.set(active.name, active.file);
  const { state, chain, dropped } = recovery;
  const recovered = await describe(state, files);
  const writer = new SegmentWriter({
    disk,
    folder,
    segmentBytes,
    state,
    files,
    chain,
    active,
    spare: active === spare ? undefined : spare,
    marks: keeper,
  });
  return new DiskJournal({
    disk,
    folder,
    batchBytesMax,
    keepAll,
    recovered,
    dropped,
    state,
    files,
    writer,
    marks: keeper,
  });
}

/** Summary of a journal's records for the host. */
export async function describe(state: LogState, files: SegmentFiles): Promise<Recovered> {
  const { index, promised } = state;
  const [entry] = await readRun(index, files, index.last, index.last, 0);
  if (!entry) return { promised, last: { epoch: 0, seq: 0, time: 0 }, firstSeq: 1 };
  const { epoch, seq, time } = entry;
  return { promised, last: { epoch, seq, time }, firstSeq: index.first };
}

/**
 * Rewrites the last segment without the bytes after its last batch: the page cache may show bytes that
 * never reached the disk [A29]. A packed segment is not written to again, so it only loses the part that
 * a repair cut off.
 */
async function rewriteSegment(
  disk: Disk,
  last: ScannedSegment,
  journal: number,
): Promise<OpenSegment | undefined> {
  const { name, end, unsealed } = last;
  const size = name.layout === 'padded' ? last.size : end;
  const target = spanOf(new Uint8Array(size));
  const source = await disk.open(name.path, 'read');
  try {
    target.bytes.set(await source.read(0, end));
  } finally {
    await source.close();
  }
  if (unsealed) {
    const start = end - batchBytes(unsealed);
    const trailer = start + trailerOffset(unsealed);
    target.bytes.fill(0, trailer, end);
    repeatHead(target, start, trailer);
  }
  target.bytes.set(encodeSegmentHead(name.number, name.layout, size, journal));
  await disk.replace(name.path, target.bytes);
  if (name.layout === 'packed') return undefined;
  return { name, size, end, file: await disk.open(name.path, 'write') };
}

/**
 * The empty segment after the last one, if it is usable. A torn batch may have left bytes there; then
 * the segment is made again, because batches are written over zeros.
 */
async function keepSpare(
  disk: Disk,
  recovery: Recovery,
  last: ScannedSegment | undefined,
  segmentBytes: number,
  journal: number,
): Promise<OpenSegment | undefined> {
  const next = recovery.segments[last ? recovery.segments.indexOf(last) + 1 : 0];
  if (!last || !next?.isBlank || next.name.layout !== 'padded') return undefined;
  const { size, isCurrent } = next;
  if (size !== segmentBytes || !isCurrent || next.journal !== journal) return undefined;
  const file = await disk.open(next.name.path, 'write');
  return { name: next.name, size: next.size, end: blockBytes, file };
}
