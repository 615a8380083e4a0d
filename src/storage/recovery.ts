/**
 * Reads all segments of a journal in order, as one chain of batches. Collects the state that a replica
 * needs at start: the promise, the index of the last versions, and the position at which writing
 * continues. Writes nothing. Invariant: it ends in a state that was once durable, or in a
 * CorruptionError.
 */
import { assert } from '../base/assert.js';
import type { Doubt, LogRecord, PromiseRecord } from '../consensus/types.js';
import type { BatchHead, Chain } from './batch-format.js';
import { chainStart } from './batch-format.js';
import { CorruptionError } from './corruption.js';
import { EntryIndex } from './entry-index.js';
import type { SegmentHead, SegmentName } from './segment-format.js';
import { openSegment, segmentName } from './segment-format.js';
import type { TailDamage } from './segment-scan.js';
import { SegmentScan } from './segment-scan.js';
import type { Disk, JournalMark } from './types.js';

export interface ScannedSegment {
  readonly name: SegmentName;
  readonly size: number;
  readonly batches: number;
  /** Where its valid batches end. */
  readonly end: number;
  /** Its last batch, if that lacks its trailer. */
  readonly unsealed: BatchHead | undefined;
  /** Nothing was ever written to it. */
  readonly isBlank: boolean;
  readonly journal: number;
  readonly isCurrent: boolean;
}

/**
 * The part that a repair cuts off. The operator sees the loss, and the caller rejoins as a learner.
 */
export interface Dropped {
  readonly file: string;
  readonly offset: number;
  readonly reason: string;
  /** The entries on disk after it, as far as they can be determined; `fromSeq > throughSeq`: none. */
  readonly fromSeq: number;
  readonly throughSeq: number;
}

/** Follows the records of a log in order: the last promise and the positions of the last versions. */
export class LogState {
  readonly index = new EntryIndex();
  promised: PromiseRecord = { epoch: 0, leader: '' };

  apply(record: LogRecord, name: SegmentName, offset: number, length: number): void {
    if (record.kind === 'promise') {
      const { epoch, leader, admitted } = record;
      this.promised = { epoch, leader, ...(admitted && { admitted }) };
    } else if (record.kind === 'truncate') {
      this.index.truncate(record.from);
    } else {
      const { seq } = record.entry;
      if (seq <= this.index.last) {
        const message = `entry ${seq} follows entry ${this.index.last}`;
        throw new CorruptionError(name.path, offset, 'record', message);
      }
      this.index.add(seq, { segment: name.number, offset, length });
    }
  }
}

export interface Recovery {
  readonly state: LogState;
  readonly segments: ScannedSegment[];
  readonly chain: Chain;
  readonly dropped: Dropped | undefined;
  /** The content that the damaged last batch may have held; the batch is still there. */
  readonly doubt: Doubt | undefined;
  /** The segments from which a repair keeps nothing. */
  readonly lost: SegmentName[];
}

export interface RecoveryOptions {
  readonly repair: boolean;
  /** Reports a last batch that may have been synced as a doubt, instead of refusing it. */
  readonly acceptsDoubt: boolean;
  /** No segment is ever dropped, so the first one is number 1. */
  readonly keepAll: boolean;
  readonly mark: JournalMark | undefined;
}

interface Broken {
  readonly at: number;
  readonly scan: SegmentScan | undefined;
  readonly head: SegmentHead | undefined;
  readonly error: CorruptionError;
}

export async function recoverSegments(
  disk: Disk,
  folder: string,
  names: readonly SegmentName[],
  options: RecoveryOptions,
): Promise<Recovery> {
  const { repair, mark } = options;
  const state = new LogState();
  const segments: ScannedSegment[] = [];
  const first = names[0];
  let chain: Chain | undefined = first === undefined || first.number === 1 ? chainStart : undefined;
  /** The damaged end of a segment. It is the end of the journal if only empty segments follow. */
  let damaged: (Broken & { readonly damage: TailDamage }) | undefined;
  const cutOff = async (broken: Broken): Promise<Recovery> => {
    const { at, scan, head, error } = damaged ?? broken;
    if (!repair) throw error;
    const keep = scan !== undefined && head !== undefined && scan.batches > 0;
    segments.length = Math.min(segments.length, at);
    if (keep) segments.push(summary(scan, head));
    const lost = names.slice(keep ? at + 1 : at);
    const dropped = await describeLoss(disk, error, names.slice(at), scan, state);
    return { state, segments, chain: chain ?? chainStart, dropped, doubt: undefined, lost };
  };
  for (const [at, name] of names.entries()) {
    let scan: SegmentScan | undefined;
    let head: SegmentHead | undefined;
    try {
      refuseGap(folder, names[at - 1]?.number ?? firstNumber(name, options) - 1, name);
      const opened = await openSegment(disk, name);
      head = opened;
      scan = new SegmentScan(name, opened.file, opened.size, chain);
      try {
        refuseForeign(name, opened, mark);
        await refuseUnsealed(segments.at(-1), scan);
        await scan.run((record, offset, length) => state.apply(record, name, offset, length));
      } finally {
        await opened.file.close();
      }
      // The next batch is in this segment, so nothing is missing before it.
      if (scan.batches > 0 && chain) damaged = undefined;
      if (damaged && (scan.batches > 0 || scan.damage)) throw damaged.error;
      chain = scan.chain;
      segments.push(summary(scan, head));
      if (scan.damage) damaged = { at, scan, head, error: scan.damage.error, damage: scan.damage };
    } catch (error) {
      if (!(error instanceof CorruptionError)) throw error;
      chain = scan?.chain ?? chain;
      return cutOff({ at, scan, head, error });
    }
  }
  if (mark && mark.lastSegment > (names.at(-1)?.number ?? 0)) {
    const error = missing(folder, (names.at(-1)?.number ?? mark.firstSegment - 1) + 1);
    return cutOff({ at: names.length, scan: undefined, head: undefined, error });
  }
  if (damaged?.damage.kind === 'doubtful' && !options.acceptsDoubt) return cutOff(damaged);
  const doubt = damaged?.damage.kind === 'doubtful' ? doubtOf(damaged.damage, state) : undefined;
  return { state, segments, chain: chain ?? chainStart, dropped: undefined, doubt, lost: [] };
}

/** The entries that a damaged last batch may have written, and the promise of the batches before it. */
function doubtOf({ places }: TailDamage, state: LogState): Doubt {
  const { last } = state.index;
  const promised = state.promised.epoch;
  // It may have truncated any entry, to write another one in its place.
  if (!places) return { afterSeq: 0, throughSeq: undefined, promised };
  const { fromSeq, throughSeq } = places;
  if (throughSeq === 0) return { afterSeq: last, throughSeq: last, promised };
  return { afterSeq: Math.min(last, fromSeq - 1), throughSeq, promised };
}

function summary(scan: SegmentScan, head: SegmentHead): ScannedSegment {
  const { name, size, batches, end, unsealed, damage } = scan;
  const isBlank = batches === 0 && damage === undefined;
  const { journal, isCurrent } = head;
  return { name, size, batches, end, unsealed, isBlank, journal, isCurrent };
}

/** The number that the first segment must have, as far as that is known. */
function firstNumber(found: SegmentName, { mark, keepAll }: RecoveryOptions): number {
  if (mark) return mark.firstSegment;
  return keepAll ? 1 : found.number;
}

function refuseGap(folder: string, before: number, name: SegmentName): void {
  if (name.number !== before + 1) throw missing(folder, before + 1);
}

function missing(folder: string, number: number): CorruptionError {
  const { path } = segmentName(folder, number, 'padded');
  return new CorruptionError(path, 0, 'segment_missing', 'the segment is missing');
}

/** Packed segments and those of the first version name no journal; the chain of batches covers them. */
function refuseForeign(
  name: SegmentName,
  { journal }: SegmentHead,
  mark: JournalMark | undefined,
): void {
  if (!mark || journal === mark.id) return;
  if (journal === 0 && (name.layout === 'packed' || name.number < mark.lastSegment)) return;
  const message =
    "the segment is of another member's journal, or of another time; if journals were mixed up, put the member's own one back";
  throw new CorruptionError(name.path, 0, 'segment_head', message);
}

/** A batch without its trailer is a torn tail only if no later batch was ever written. */
async function refuseUnsealed(
  before: ScannedSegment | undefined,
  next: SegmentScan,
): Promise<void> {
  if (!before?.unsealed || !(await next.continues())) return;
  const message = `the trailer of batch ${before.unsealed.number} cannot be read, but a later batch can`;
  throw new CorruptionError(before.name.path, before.end, 'batch', message);
}

async function describeLoss(
  disk: Disk,
  error: CorruptionError,
  names: readonly SegmentName[],
  broken: SegmentScan | undefined,
  state: LogState,
): Promise<Dropped> {
  let throughSeq = 0;
  for (const name of names) {
    const from = name === broken?.name ? broken.end : 0;
    throughSeq = Math.max(throughSeq, await highestSeq(disk, name, from));
  }
  const { file, offset, message: reason } = error;
  assert(file !== '', 'a corruption names its file');
  return { file, offset, reason, fromSeq: state.index.last + 1, throughSeq };
}

/** The highest entry that can still be read in a segment, regardless of other damage. */
async function highestSeq(disk: Disk, name: SegmentName, from: number): Promise<number> {
  let highest = 0;
  try {
    const file = await disk.open(name.path, 'read');
    const scan = new SegmentScan(name, file, await file.size(), undefined);
    try {
      if (name.layout === 'padded') return await scan.highestSeqAfter(from);
      await scan.run((record) => {
        if (record.kind === 'entry') highest = Math.max(highest, record.entry.seq);
      });
    } finally {
      await file.close();
    }
  } catch {
    // This only describes a known loss; unreadable parts are left out.
  }
  return highest;
}
