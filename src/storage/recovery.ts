/**
 * Reads all segments of a journal in order, as one chain of batches, and gathers what a replica
 * needs at start: the promise, the index of the last versions, where writing goes on. Writes
 * nothing. Invariant: it ends in a state that was durable once, or in a CorruptionError.
 */
import path from 'node:path';
import { assert } from '../base/assert.js';
import type { LogRecord } from '../consensus/types.js';
import type { BatchHead, Chain } from './batch-format.js';
import { chainStart } from './batch-format.js';
import { CorruptionError } from './corruption.js';
import { EntryIndex } from './entry-index.js';
import type { SegmentName } from './segment-format.js';
import { openSegment, segmentName } from './segment-format.js';
import { SegmentScan } from './segment-scan.js';
import type { Disk } from './types.js';

export interface ScannedSegment {
  readonly name: SegmentName;
  readonly size: number;
  readonly batches: number;
  /** Where its valid batches end. */
  readonly end: number;
  /** Its last batch, where that lacks its trailer. */
  readonly unsealed: BatchHead | undefined;
}

/** What a repair cuts off, so that the operator reads what is lost and the caller rejoins as a learner. */
export interface Dropped {
  readonly file: string;
  readonly offset: number;
  readonly reason: string;
  /** The entries that were on disk behind it, as far as they can be told; `fromSeq > throughSeq`: none. */
  readonly fromSeq: number;
  readonly throughSeq: number;
}

/** Follows the records of a log in order: the last promise and the places of the last versions. */
export class LogState {
  readonly index = new EntryIndex();
  promised = { epoch: 0, leader: '' };

  apply(record: LogRecord, name: SegmentName, offset: number, length: number): void {
    if (record.kind === 'promise') {
      this.promised = { epoch: record.epoch, leader: record.leader };
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
  /** The segments of which a repair keeps nothing. */
  readonly lost: SegmentName[];
}

export async function recoverSegments(
  disk: Disk,
  names: readonly SegmentName[],
  repair: boolean,
): Promise<Recovery> {
  const state = new LogState();
  const segments: ScannedSegment[] = [];
  const first = names[0];
  let chain: Chain | undefined = first === undefined || first.number === 1 ? chainStart : undefined;
  for (const [at, name] of names.entries()) {
    let scan: SegmentScan | undefined;
    try {
      refuseGap(names[at - 1], name);
      const { file, size } = await openSegment(disk, name);
      scan = new SegmentScan(name, file, size, chain);
      try {
        await refuseUnsealed(segments.at(-1), scan);
        await scan.run((record, offset, length) => state.apply(record, name, offset, length));
      } finally {
        await file.close();
      }
      chain = scan.chain;
      segments.push(summary(scan));
    } catch (error) {
      if (!repair || !(error instanceof CorruptionError)) throw error;
      const keep = scan !== undefined && scan.batches > 0;
      if (scan && keep) segments.push(summary(scan));
      const lost = names.slice(keep ? at + 1 : at);
      const dropped = await describeLoss(disk, error, names.slice(at), scan, state);
      return { state, segments, chain: scan?.chain ?? chain ?? chainStart, dropped, lost };
    }
  }
  return { state, segments, chain: chain ?? chainStart, dropped: undefined, lost: [] };
}

function summary(scan: SegmentScan): ScannedSegment {
  const { name, size, batches, end, unsealed } = scan;
  return { name, size, batches, end, unsealed };
}

function refuseGap(before: SegmentName | undefined, name: SegmentName): void {
  if (!before || name.number === before.number + 1) return;
  const missing = segmentName(path.dirname(name.path), before.number + 1, 'padded');
  throw new CorruptionError(missing.path, 0, 'segment_missing', 'the segment is missing');
}

/** A batch without its trailer is a torn tail only where no later batch was ever written. */
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

/** The highest entry that can still be read in a segment; no matter what else is wrong with it. */
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
    // This only describes a loss that is known already; what cannot be read is not described.
  }
  return highest;
}
