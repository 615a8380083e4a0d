/**
 * The bytes of one journal record: length, checksum, and a body of kind and fields, little-endian. Each
 * record has its own checksum beside its batch's, because entries are read back singly, for peers and
 * for customers.
 */
import { crc32 } from 'node:zlib';
import { unreachable } from '../base/assert.js';
import type { LogRecord } from '../consensus/types.js';
import { decodePromised, encodePromised } from './promise-format.js';

const kinds = { entry: 1, promise: 2, truncate: 3 } as const;

/** Length and checksum of the body. */
export const recordPrefixBytes = 8;
const prefixBytes = recordPrefixBytes;
const kindBytes = 1;
const numberBytes = 8;
const entryHeadBytes = kindBytes + 3 * numberBytes;
const promiseHeadBytes = kindBytes + numberBytes;
const truncateBytes = kindBytes + numberBytes;

/** The bytes of an entry without its command. */
export const entryOverheadBytes = prefixBytes + entryHeadBytes;

/** Bytes with a view on them: both are needed, and a view is expensive to make. */
export interface Span {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

export function spanOf(bytes: Uint8Array): Span {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}

/** The number of bytes that `encodeRecord` will write. */
export function recordBytes(record: LogRecord): number {
  switch (record.kind) {
    case 'entry':
      return entryOverheadBytes + record.entry.command.length;
    case 'promise':
      return prefixBytes + promiseHeadBytes + encodePromised(record).length;
    case 'truncate':
      return prefixBytes + truncateBytes;
    default:
      return unreachable(record);
  }
}

/** Writes a record at `at` and returns where it ends. */
export function encodeRecord(record: LogRecord, target: Span, at: number): number {
  const body = at + prefixBytes;
  const end = encodeBody(record, target, body);
  target.view.setUint32(at, end - body, true);
  target.view.setUint32(at + 4, crc32(target.bytes.subarray(body, end)), true);
  return end;
}

function encodeBody(record: LogRecord, { bytes, view }: Span, at: number): number {
  view.setUint8(at, kinds[record.kind]);
  switch (record.kind) {
    case 'entry': {
      const { seq, epoch, time, command } = record.entry;
      view.setFloat64(at + 1, seq, true);
      view.setFloat64(at + 9, epoch, true);
      view.setFloat64(at + 17, time, true);
      bytes.set(command, at + entryHeadBytes);
      return at + entryHeadBytes + command.length;
    }
    case 'promise': {
      view.setFloat64(at + 1, record.epoch, true);
      const promised = encodePromised(record);
      bytes.set(promised, at + promiseHeadBytes);
      return at + promiseHeadBytes + promised.length;
    }
    case 'truncate':
      view.setFloat64(at + 1, record.from, true);
      return at + truncateBytes;
    default:
      return unreachable(record);
  }
}

/** Bytes of the record at `at`, from its length field. */
export function recordLength(source: Span, at: number): number {
  return prefixBytes + source.view.getUint32(at, true);
}

export interface DecodedRecord {
  readonly record: LogRecord;
  readonly end: number;
}

/**
 * Reads the record at `at`, or returns undefined if there is none before `limit`. The command is a view
 * of the source. `checked: false` skips the checksum, if the batch's has just been compared.
 */
export function decodeRecord(
  source: Span,
  at: number,
  limit: number,
  checked = true,
): DecodedRecord | undefined {
  const body = at + prefixBytes;
  if (body + kindBytes > limit) return undefined;
  const end = body + source.view.getUint32(at, true);
  if (end > limit) return undefined;
  if (checked && crc32(source.bytes.subarray(body, end)) !== source.view.getUint32(at + 4, true)) {
    return undefined;
  }
  const record = decodeBody(source, body, end);
  return record && { record, end };
}

function decodeBody({ bytes, view }: Span, at: number, end: number): LogRecord | undefined {
  const length = end - at;
  switch (view.getUint8(at)) {
    case kinds.entry: {
      if (length < entryHeadBytes) return undefined;
      const seq = view.getFloat64(at + 1, true);
      const epoch = view.getFloat64(at + 9, true);
      const time = view.getFloat64(at + 17, true);
      const command = bytes.subarray(at + entryHeadBytes, end);
      return { kind: 'entry', entry: { seq, epoch, time, command } };
    }
    case kinds.promise: {
      if (length < promiseHeadBytes) return undefined;
      const promised = decodePromised(bytes.subarray(at + promiseHeadBytes, end));
      return promised && { kind: 'promise', epoch: view.getFloat64(at + 1, true), ...promised };
    }
    case kinds.truncate:
      if (length !== truncateBytes) return undefined;
      return { kind: 'truncate', from: view.getFloat64(at + 1, true) };
    default:
      return undefined;
  }
}
