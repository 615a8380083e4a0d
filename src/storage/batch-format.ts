/**
 * The bytes of a batch (docs/PROTOCOL.md, R10): a head, the records, zeros up to the end of a block, and
 * a separate block for the trailer. The head holds the records' checksum and the previous head's
 * checksum. So the batches of a journal form a chain, and bytes of an earlier time or another journal do
 * not pass for the next batch. The trailer repeats the head. Batches of the first version have a shorter
 * head; this version reads them but does not write them.
 */
import { crc32 } from 'node:zlib';
import { storageLimits } from '../base/limits.js';
import type { Span } from './record-format.js';

const headMagic = 0x32485a42;
const trailerMagic = 0x32545a42;
const firstHeadMagic = 0x44485a42;
const firstTrailerMagic = 0x52545a42;

export const blockBytes = storageLimits.blockBytes;
/** The smallest unit that a disk writes completely or not at all. */
export const sectorBytes = 512;
export const headBytes = 52;
const checksumAt = 48;
const firstHeadBytes = 32;
const firstHeadChecksumAt = 28;
const firstTrailerBytes = 24;
const firstTrailerChecksumAt = 20;

/** The last batch's number and the checksum of its head; the next batch must follow them. */
export interface Chain {
  readonly number: number;
  readonly checksum: number;
}

export const chainStart: Chain = { number: 0, checksum: 0 };

/** The entries that a batch writes or truncates. */
export interface BatchPlaces {
  /** The lowest seq that an entry or a truncation of the batch names; 0: none. */
  readonly fromSeq: number;
  /** The last entry; 0: none. */
  readonly throughSeq: number;
}

export interface BatchHead extends Chain {
  /** Length of the head, which depends on the version. */
  readonly headBytes: number;
  /** Bytes and count of the records. */
  readonly bytes: number;
  readonly count: number;
  /** The checksum of the previous head. */
  readonly previous: number;
  readonly recordsChecksum: number;
  /** Sectors before the trailer that were written as zeros; undefined in the first version. */
  readonly zeroSectors: number | undefined;
  /** Undefined in the first version. */
  readonly places: BatchPlaces | undefined;
}

type Lengths = Pick<BatchHead, 'headBytes' | 'bytes'>;

/** Bytes of a whole batch in a padded segment. */
export function batchBytes(batch: Lengths): number {
  return trailerOffset(batch) + blockBytes;
}

/** Offset of a batch's trailer from the batch's start. */
export function trailerOffset({ headBytes, bytes }: Lengths): number {
  return Math.ceil((headBytes + bytes) / blockBytes) * blockBytes;
}

/** The fields of a batch's head that are not computed from its records. */
export interface BatchContent extends BatchPlaces {
  /** Bytes and count of the records. */
  readonly bytes: number;
  readonly count: number;
}

/**
 * Seals the batch whose records follow the room for its head: writes head, zeros and trailer. Returns
 * its place in the chain.
 */
export function sealBatch(target: Span, content: BatchContent, after: Chain): Chain {
  const { bytes, view } = target;
  const end = headBytes + content.bytes;
  const trailer = trailerOffset({ headBytes, bytes: content.bytes });
  bytes.fill(0, end, trailer + blockBytes);
  const number = after.number + 1;
  view.setUint32(0, headMagic, true);
  view.setUint32(4, content.bytes, true);
  view.setFloat64(8, number, true);
  view.setUint32(16, content.count, true);
  view.setUint32(20, after.checksum, true);
  view.setUint32(24, crc32(bytes.subarray(headBytes, end)), true);
  view.setUint32(28, writtenZeroSectors(bytes, end, trailer), true);
  view.setFloat64(32, content.fromSeq, true);
  view.setFloat64(40, content.throughSeq, true);
  const checksum = crc32(bytes.subarray(0, checksumAt));
  view.setUint32(checksumAt, checksum, true);
  repeatHead(target, 0, trailer);
  return { number, checksum };
}

/** The head's own sector is never all zeros; every sector after the last record is. */
function writtenZeroSectors(bytes: Uint8Array, end: number, trailer: number): number {
  const written = Math.ceil(end / sectorBytes) * sectorBytes;
  let count = (trailer - written) / sectorBytes;
  for (let at = sectorBytes; at < end; at += sectorBytes) if (isZeroSector(bytes, at)) count++;
  return count;
}

/** Writes the trailer for the head at `head` into a block of zeros. */
export function repeatHead({ bytes, view }: Span, head: number, trailer: number): void {
  if (view.getUint32(head, true) === headMagic) {
    bytes.copyWithin(trailer, head, head + headBytes);
    view.setUint32(trailer, trailerMagic, true);
    const checksum = crc32(bytes.subarray(trailer, trailer + checksumAt));
    view.setUint32(trailer + checksumAt, checksum, true);
    return;
  }
  view.setUint32(trailer, firstTrailerMagic, true);
  bytes.copyWithin(trailer + 4, head + 4, head + 16);
  view.setUint32(trailer + 16, view.getUint32(head + firstHeadChecksumAt, true), true);
  const checksum = crc32(bytes.subarray(trailer, trailer + firstTrailerChecksumAt));
  view.setUint32(trailer + firstTrailerChecksumAt, checksum, true);
}

/** The head at `at`, or undefined if there is none or it is damaged. */
export function readHead(source: Span, at: number): BatchHead | undefined {
  const { bytes, view } = source;
  if (at + firstHeadBytes > bytes.length) return undefined;
  const magic = view.getUint32(at, true);
  if (magic === headMagic) return readFields(source, at);
  if (magic !== firstHeadMagic) return undefined;
  const checksum = view.getUint32(at + firstHeadChecksumAt, true);
  if (crc32(bytes.subarray(at, at + firstHeadChecksumAt)) !== checksum) return undefined;
  return {
    ...{ headBytes: firstHeadBytes, zeroSectors: undefined, places: undefined },
    ...readCommonFields(source, at),
    checksum,
  };
}

/** Undefined if the checksum of the head or trailer at `at` differs. */
function readFields(source: Span, at: number): BatchHead | undefined {
  const { bytes, view } = source;
  if (at + headBytes > bytes.length) return undefined;
  const checksum = view.getUint32(at + checksumAt, true);
  if (crc32(bytes.subarray(at, at + checksumAt)) !== checksum) return undefined;
  return {
    headBytes,
    ...readCommonFields(source, at),
    zeroSectors: view.getUint32(at + 28, true),
    places: {
      fromSeq: view.getFloat64(at + 32, true),
      throughSeq: view.getFloat64(at + 40, true),
    },
    checksum,
  };
}

function readCommonFields({ view }: Span, at: number) {
  return {
    bytes: view.getUint32(at + 4, true),
    number: view.getFloat64(at + 8, true),
    count: view.getUint32(at + 16, true),
    previous: view.getUint32(at + 20, true),
    recordsChecksum: view.getUint32(at + 24, true),
  };
}

/** The content of a trailer: the whole head, or only its place in the chain in the first version. */
export interface BatchTrailer extends Chain {
  readonly head: BatchHead | undefined;
}

/** The trailer at `at`, or undefined if there is none or it is damaged. */
export function readTrailer(source: Span, at: number): BatchTrailer | undefined {
  const { bytes, view } = source;
  if (at + firstTrailerBytes > bytes.length) return undefined;
  const magic = view.getUint32(at, true);
  if (magic === trailerMagic) {
    const found = readFields(source, at);
    if (!found) return undefined;
    const copy = bytes.slice(at, at + checksumAt);
    new DataView(copy.buffer).setUint32(0, headMagic, true);
    const head = { ...found, checksum: crc32(copy) };
    return { number: head.number, checksum: head.checksum, head };
  }
  if (magic !== firstTrailerMagic) return undefined;
  const checksum = crc32(bytes.subarray(at, at + firstTrailerChecksumAt));
  if (checksum !== view.getUint32(at + firstTrailerChecksumAt, true)) return undefined;
  const number = view.getFloat64(at + 8, true);
  return { number, checksum: view.getUint32(at + 16, true), head: undefined };
}

export function recordsAreWhole({ bytes }: Span, at: number, head: BatchHead): boolean {
  const start = at + head.headBytes;
  if (start + head.bytes > bytes.length) return false;
  return crc32(bytes.subarray(start, start + head.bytes)) === head.recordsChecksum;
}

/** Whether the trailer at `at` belongs to the batch with this head. */
export function isSealed(source: Span, at: number, head: BatchHead): boolean {
  const trailer = readTrailer(source, at);
  return trailer?.checksum === head.checksum && trailer.number === head.number;
}

export function follows(head: BatchHead, chain: Chain): boolean {
  return head.number === chain.number + 1 && head.previous === chain.checksum;
}

export function isZeroSector(bytes: Uint8Array, at: number): boolean {
  const end = Math.min(at + sectorBytes, bytes.length);
  for (let byte = at; byte < end; byte++) if (bytes[byte] !== 0) return false;
  return true;
}
