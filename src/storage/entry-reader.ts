/**
 * Reads durable entries through the index, many with one read. Compares each record's checksum, because
 * these entries go to peers and customers. Entries that are not written yet are not read here.
 */
import type { Entry } from '../consensus/types.js';
import { CorruptionError } from './corruption.js';
import type { EntryIndex } from './entry-index.js';
import { decodeRecord, entryOverheadBytes, spanOf } from './record-format.js';
import type { SegmentFiles } from './segment-files.js';

/** The size of one read. The commands are views of it, so a caller that keeps a few keeps all of it. */
const readBytesMax = 1024 * 1024;

interface Plan {
  readonly start: number;
  readonly bytes: number;
  /** Offset and length of each entry, as in the index when the read began. */
  readonly places: readonly { readonly offset: number; readonly length: number }[];
}

/**
 * The entries from `fromSeq` on that lie together in one segment: up to `maxBytes` of commands, but at
 * least one. Empty if the index has none.
 */
export async function readRun(
  index: EntryIndex,
  files: SegmentFiles,
  fromSeq: number,
  throughSeq: number,
  maxBytes: number,
): Promise<Entry[]> {
  for (;;) {
    const segment = index.segmentOf(fromSeq);
    if (segment === undefined) return [];
    const file = files.ready(segment);
    if (!file) {
      await files.prepare(segment);
      if (!files.name(segment)) return [];
      continue;
    }
    const plan = planRead(index, fromSeq, throughSeq, maxBytes);
    return decodeRun(file.path, plan, fromSeq, await file.read(plan.start, plan.bytes));
  }
}

function planRead(index: EntryIndex, fromSeq: number, throughSeq: number, maxBytes: number): Plan {
  const start = index.offset(fromSeq);
  const last = Math.min(index.runEnd(fromSeq), throughSeq);
  const places: { offset: number; length: number }[] = [];
  let end = start;
  let commandBytes = 0;
  for (let seq = fromSeq; seq <= last; seq++) {
    const place = { offset: index.offset(seq), length: index.length(seq) };
    const placeEnd = place.offset + place.length;
    commandBytes += place.length - entryOverheadBytes;
    const full = commandBytes > maxBytes || placeEnd - start > readBytesMax;
    if (full && places.length > 0) break;
    places.push(place);
    end = placeEnd;
  }
  return { start, bytes: end - start, places };
}

function decodeRun(path: string, plan: Plan, fromSeq: number, bytes: Uint8Array): Entry[] {
  const span = spanOf(bytes);
  return plan.places.map(({ offset, length }, at) => {
    const start = offset - plan.start;
    const limit = Math.min(start + length, bytes.length);
    const record = decodeRecord(span, start, limit)?.record;
    if (record?.kind === 'entry' && record.entry.seq === fromSeq + at) return record.entry;
    const message = `entry ${fromSeq + at} cannot be read`;
    throw new CorruptionError(path, offset, 'record', message);
  });
}
