/**
 * Judges the bytes after the last valid batch of a padded segment (docs/PROTOCOL.md, R10). It is a pure
 * function of these bytes.
 *
 * It assumes two properties of disks. A sector of 512 bytes is written completely or not at all. A
 * synced sector does not turn into zeros. Segments are zeros and synced before use, and one batch is
 * under way at a time. So after a power cut the last batch is a mix of written sectors and sectors of
 * zeros, with zeros after it. A batch that lost a sector to zeros was never synced: it is torn. The head
 * counts the sectors that were written as zeros, so that zeros within a command do not count as a lost
 * sector. Batches of the first version have no such count: there a record counts as torn if it fails its
 * checksum and overlaps a sector of zeros.
 */
import type { BatchHead, BatchPlaces, Chain } from './batch-format.js';
import {
  batchBytes,
  blockBytes,
  follows,
  isSealed,
  isZeroSector,
  readHead,
  readTrailer,
  recordsAreWhole,
  sectorBytes,
  trailerOffset,
} from './batch-format.js';
import type { CorruptionReason } from './corruption.js';
import type { Span } from './record-format.js';
import { decodeRecord, recordLength, recordPrefixBytes } from './record-format.js';

export type TailVerdict =
  /** Only zeros. */
  | { readonly kind: 'clean' }
  /** The next batch is complete except for its trailer. */
  | { readonly kind: 'unsealed'; readonly head: BatchHead }
  /** The next batch was never synced. */
  | {
      readonly kind: 'torn';
      readonly reason: CorruptionReason;
      readonly message: string;
      readonly isSealed: boolean;
    }
  /** The next batch may have been synced, and cannot be read now. */
  | {
      readonly kind: 'doubtful';
      readonly reason: CorruptionReason;
      readonly message: string;
      /** Of the batch, if its head or trailer can be read. */
      readonly places: BatchPlaces | undefined;
      readonly isSealed: boolean;
    }
  /** There is a later batch as well. */
  | { readonly kind: 'corrupt'; readonly reason: CorruptionReason; readonly message: string };

const batchBytesMin = 2 * blockBytes;

/** @param rest the segment's bytes from the end of the last valid batch on. */
export function judgeTail(rest: Span, chain: Chain | undefined): TailVerdict {
  const { bytes } = rest;
  // A batch does not fit, so none was begun.
  if (bytes.length < batchBytesMin) return { kind: 'clean' };
  const found = readHead(rest, 0);
  if (found && chain && !follows(found, chain) && found.number > chain.number) {
    const message = `batch ${found.number} does not follow ${chain.number}`;
    return { kind: 'corrupt', reason: 'chain', message };
  }
  const head = found && (!chain || follows(found, chain)) && fits(rest, found) ? found : undefined;
  const known = head ?? trailingHead(rest, chain);
  const later = known
    ? laterBatch(rest, batchBytes(known), known.number)
    : provenBatch(rest, (chain?.number ?? 0) + 1);
  if (later !== undefined) {
    const message = `the batch cannot be read, but batch ${later} stands behind it`;
    return { kind: 'corrupt', reason: 'batch', message };
  }
  if (head && recordsAreWhole(rest, 0, head)) return { kind: 'unsealed', head };
  if (!known) {
    if (isZero(bytes, 0, bytes.length)) return { kind: 'clean' };
    if (isZeroSector(bytes, 0)) return torn('batch', noHead, false);
    return doubtful('batch', badHead, undefined);
  }
  const sealed = isSealed(rest, trailerOffset(known), known);
  const places = known.places;
  if (!isZero(bytes, batchBytes(known), bytes.length)) {
    return doubtful('batch', 'the batch is damaged, and so is what stands behind it', undefined);
  }
  if (!head) {
    if (isZeroSector(bytes, 0)) return torn('batch', noHead, sealed);
    return doubtful('batch', badHead, places, sealed);
  }
  if (!sealed && !isZeroSector(bytes, trailerOffset(head))) {
    return doubtful('batch', 'the trailer of the batch is damaged', places);
  }
  if (hasLostSectors(rest, head))
    return torn('records', 'the records were not all written', sealed);
  return doubtful('records', 'the records differ from their checksum', places, sealed);
}

const noHead = 'the head of the batch was never written';
const badHead = 'the head of the batch is damaged';

function torn(reason: CorruptionReason, message: string, isSealed: boolean): TailVerdict {
  return { kind: 'torn', reason, message, isSealed };
}

function doubtful(
  reason: CorruptionReason,
  message: string,
  places: BatchPlaces | undefined,
  sealed = false,
): TailVerdict {
  return { kind: 'doubtful', reason, message, places, isSealed: sealed };
}

function fits({ bytes }: Span, head: BatchHead): boolean {
  return batchBytes(head) <= bytes.length;
}

/** The head of the next batch, as repeated in its trailer. */
function trailingHead(rest: Span, chain: Chain | undefined): BatchHead | undefined {
  for (let at = blockBytes; at + blockBytes <= rest.bytes.length; at += blockBytes) {
    const head = readTrailer(rest, at)?.head;
    if (!head || trailerOffset(head) !== at) continue;
    if (!chain || follows(head, chain)) return head;
  }
  return undefined;
}

/** The batch itself has no bytes from `from` on, so a head or trailer there belongs to a later batch. */
function laterBatch(rest: Span, from: number, last: number): number | undefined {
  for (let at = from; at + blockBytes <= rest.bytes.length; at += blockBytes) {
    const found = readHead(rest, at) ?? readTrailer(rest, at);
    if (found && found.number > last) return found.number;
  }
  return undefined;
}

/**
 * If the batch's end is unknown, its own commands may look like heads. So a later batch counts only if
 * it follows the trailer of the batch before it, or is whole itself.
 */
function provenBatch(rest: Span, last: number): number | undefined {
  for (let at = blockBytes; at + blockBytes <= rest.bytes.length; at += blockBytes) {
    const head = readHead(rest, at);
    if (!head || head.number <= last) continue;
    const before = readTrailer(rest, at - blockBytes);
    const isLinked = before !== undefined && follows(head, before);
    const isWhole =
      at + batchBytes(head) <= rest.bytes.length &&
      recordsAreWhole(rest, at, head) &&
      isSealed(rest, at + trailerOffset(head), head);
    if (isLinked || isWhole) return head.number;
  }
  return undefined;
}

/** Whether only sectors of zeros explain that the records are not whole. */
function hasLostSectors(rest: Span, head: BatchHead): boolean {
  const { bytes } = rest;
  if (head.zeroSectors !== undefined) {
    let zeros = 0;
    for (let at = 0; at < trailerOffset(head); at += sectorBytes) {
      if (isZeroSector(bytes, at)) zeros++;
    }
    if (zeros <= head.zeroSectors) return false;
  }
  const limit = head.headBytes + head.bytes;
  for (let start = head.headBytes; start < limit; ) {
    const prefixEnd = Math.min(start + recordPrefixBytes, limit);
    // The record's length is lost, and with it the position of the next ones.
    if (overlapsZeros(bytes, start, prefixEnd)) return true;
    const end = start + recordLength(rest, start);
    if (end > limit) return false;
    if (!decodeRecord(rest, start, end) && !overlapsZeros(bytes, start, end)) return false;
    start = end;
  }
  return true;
}

function overlapsZeros(bytes: Uint8Array, start: number, end: number): boolean {
  const first = Math.floor(start / sectorBytes) * sectorBytes;
  for (let at = first; at < end; at += sectorBytes) if (isZeroSector(bytes, at)) return true;
  return false;
}

function isZero(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += zeroBlock.length) {
    const piece = bytes.subarray(at, Math.min(at + zeroBlock.length, end));
    if (zeroBlock.compare(piece, 0, piece.length, 0, piece.length) !== 0) return false;
  }
  return true;
}

const zeroBlock = Buffer.alloc(64 * 1024);
