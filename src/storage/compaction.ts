/**
 * Rewrites closed segments without padding and trailers (docs/PROTOCOL.md, R10). A batch of one small
 * entry takes two blocks; its packed form takes a few dozen bytes more than the entry. Heads and records
 * stay unchanged, so the chain does too.
 */
import path from 'node:path';
import { assert } from '../base/assert.js';
import { CorruptionError } from './corruption.js';
import type { EntryIndex } from './entry-index.js';
import type { SegmentFiles } from './segment-files.js';
import type { SegmentName } from './segment-format.js';
import {
  encodeSegmentHead,
  openSegment,
  segmentHeadBytes,
  segmentName,
  segmentNumber,
} from './segment-format.js';
import { SegmentScan } from './segment-scan.js';
import type { Disk } from './types.js';

/**
 * Writes the packed copy of a closed segment beside it and returns its path. Changes nothing else, so it
 * may run in any thread; the owner then adopts the copy.
 */
export async function rewriteWithoutPadding(disk: Disk, paddedPath: string): Promise<string> {
  const padded = nameOf(paddedPath, 'padded');
  const packed = nameOf(paddedPath, 'packed');
  const { file, size } = await openSegment(disk, padded);
  try {
    const scan = new SegmentScan(padded, file, size, undefined);
    const spans: { start: number; bytes: number }[] = [];
    await scan.run(
      () => {},
      (start, head) => spans.push({ start, bytes: head.headBytes + head.bytes }),
    );
    if (scan.damage) throw scan.damage.error;
    const total = spans.reduce((sum, span) => sum + span.bytes, segmentHeadBytes);
    const target = new Uint8Array(total);
    target.set(encodeSegmentHead(packed.number, 'packed', total));
    let at = segmentHeadBytes;
    for (const span of spans) {
      target.set(await file.read(span.start, span.bytes), at);
      at += span.bytes;
    }
    await disk.replace(packed.path, target);
  } finally {
    await file.close();
  }
  return packed.path;
}

export interface CompactionTarget {
  readonly disk: Disk;
  readonly folder: string;
  readonly files: SegmentFiles;
  readonly index: EntryIndex;
}

/** Points the index to a packed segment in one turn of the event loop, then removes the padded file. */
export async function adoptPacked(target: CompactionTarget, packedPath: string): Promise<void> {
  const { disk, folder, files, index } = target;
  const packed = nameOf(packedPath, 'packed');
  assert(path.dirname(packedPath) === folder, 'the segment is of this journal');
  const before = files.name(packed.number);
  if (before?.layout !== 'padded') return;
  const { file, size } = await openSegment(disk, packed);
  const seqs: number[] = [];
  const offsets: number[] = [];
  const scan = new SegmentScan(packed, file, size, undefined);
  try {
    await scan.run((record, offset) => {
      if (record.kind !== 'entry') return;
      seqs.push(record.entry.seq);
      offsets.push(offset);
    });
    await refuseIncomplete(target, scan);
  } catch (error) {
    await file.close();
    throw error;
  }
  // There is no await from here to the new file, so a reader sees both changes or neither. If an entry
  // was written twice in the segment, the later position is set last.
  for (const [at, seq] of seqs.entries()) index.move(seq, packed.number, offsets[at] ?? 0);
  await files.set(packed, file);
  await disk.remove(before.path);
}

/** Removes the padded file only if the next segment's first batch follows the packed one's last. */
async function refuseIncomplete(
  { disk, files }: CompactionTarget,
  scan: SegmentScan,
): Promise<void> {
  const next = files.name(scan.name.number + 1);
  assert(next, 'a closed segment has a next one');
  const { file, size } = await openSegment(disk, next);
  try {
    if (await new SegmentScan(next, file, size, scan.chain).continues()) return;
  } finally {
    await file.close();
  }
  const message = 'the packed segment does not lead to the next one';
  throw new CorruptionError(scan.name.path, scan.end, 'chain', message);
}

function nameOf(file: string, layout: SegmentName['layout']): SegmentName {
  return segmentName(path.dirname(file), segmentNumber(file), layout);
}
