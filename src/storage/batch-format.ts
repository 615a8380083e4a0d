/**
 * The bytes of a batch (docs/PROTOCOL.md, R10): a head, the records, zeros up to a block's end, and
 * a block of its own for the trailer. Knows no file. The head holds the records' checksum and that
 * of the head before it, so that the batches of a journal are a chain: the bytes of another time or
 * another journal never pass for the next batch.
 */
import { crc32 } from 'node:zlib';
import { storageLimits } from '../base/limits.js';
import type { Span } from './record-format.js';

const headMagic = 0x44485a42;
const trailerMagic = 0x52545a42;

export const blockBytes = storageLimits.blockBytes;
export const headBytes = 32;
const headChecksumAt = 28;
const trailerBytes = 24;
const trailerChecksumAt = 20;

/** The last batch's number and its head's checksum: what the next batch must follow. */
export interface Chain {
  readonly number: number;
  readonly checksum: number;
}

export const chainStart: Chain = { number: 0, checksum: 0 };

export interface BatchHead {
  /** Bytes and count of the records. */
  readonly bytes: number;
  readonly count: number;
  readonly number: number;
  /** The checksum of the head before. */
  readonly previous: number;
  readonly recordsChecksum: number;
  readonly checksum: number;
}

/** Bytes of a whole batch in a padded segment. */
export function batchBytes(records: number): number {
  return trailerOffset(records) + blockBytes;
}

/** Where the trailer of a batch stands, from the batch's start. */
export function trailerOffset(records: number): number {
  return Math.ceil((headBytes + records) / blockBytes) * blockBytes;
}

/**
 * Seals the batch whose records stand behind the room for its head: writes head, zeros and trailer.
 * Returns its place in the chain.
 */
export function sealBatch(target: Span, bytes: number, count: number, after: Chain): Chain {
  const { view } = target;
  const number = after.number + 1;
  view.setUint32(0, headMagic, true);
  view.setUint32(4, bytes, true);
  view.setFloat64(8, number, true);
  view.setUint32(16, count, true);
  view.setUint32(20, after.checksum, true);
  view.setUint32(24, crc32(target.bytes.subarray(headBytes, headBytes + bytes)), true);
  const checksum = crc32(target.bytes.subarray(0, headChecksumAt));
  view.setUint32(headChecksumAt, checksum, true);
  target.bytes.fill(0, headBytes + bytes, batchBytes(bytes));
  writeTrailer(target, trailerOffset(bytes), { bytes, number, checksum });
  return { number, checksum };
}

/** Writes a trailer into a block of zeros. */
export function writeTrailer(
  { bytes, view }: Span,
  at: number,
  head: Pick<BatchHead, 'bytes' | 'number' | 'checksum'>,
): void {
  view.setUint32(at, trailerMagic, true);
  view.setUint32(at + 4, head.bytes, true);
  view.setFloat64(at + 8, head.number, true);
  view.setUint32(at + 16, head.checksum, true);
  view.setUint32(at + trailerChecksumAt, crc32(bytes.subarray(at, at + trailerChecksumAt)), true);
}

/** The head at `at`; undefined where there is none or it is damaged. */
export function readHead({ bytes, view }: Span, at: number): BatchHead | undefined {
  if (at + headBytes > bytes.length || view.getUint32(at, true) !== headMagic) return undefined;
  const checksum = view.getUint32(at + headChecksumAt, true);
  if (crc32(bytes.subarray(at, at + headChecksumAt)) !== checksum) return undefined;
  return {
    bytes: view.getUint32(at + 4, true),
    number: view.getFloat64(at + 8, true),
    count: view.getUint32(at + 16, true),
    previous: view.getUint32(at + 20, true),
    recordsChecksum: view.getUint32(at + 24, true),
    checksum,
  };
}

/** The number and the head's checksum in the trailer at `at`; undefined where it is no trailer. */
export function readTrailer({ bytes, view }: Span, at: number): Chain | undefined {
  if (at + trailerBytes > bytes.length || view.getUint32(at, true) !== trailerMagic) {
    return undefined;
  }
  const checksum = crc32(bytes.subarray(at, at + trailerChecksumAt));
  if (checksum !== view.getUint32(at + trailerChecksumAt, true)) return undefined;
  return { number: view.getFloat64(at + 8, true), checksum: view.getUint32(at + 16, true) };
}

export function recordsAreWhole({ bytes }: Span, at: number, head: BatchHead): boolean {
  const start = at + headBytes;
  return crc32(bytes.subarray(start, start + head.bytes)) === head.recordsChecksum;
}

export function follows(head: BatchHead, chain: Chain): boolean {
  return head.number === chain.number + 1 && head.previous === chain.checksum;
}
