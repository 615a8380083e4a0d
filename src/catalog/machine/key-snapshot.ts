/**
 * Encodes purchase keys for a snapshot: fixed-size records, several thousand in a piece, because
 * one object a key would need too much memory. Little-endian, oldest first.
 */
import { assert } from '../../base/assert.js';
import { storageLimits } from '../../base/limits.js';
import { emptyRecord, type KeyRecord } from './key-slab.js';
import type { KeyTable } from './key-table.js';

const wordsPerRecord = 6;
const numbersAt = 4 * wordsPerRecord;
const recordBytes = numbersAt + 1 + 3 * 8;

/** Yields all keys of a table; the caller owns the buffers. */
export function* saveKeys(table: KeyTable): Generator<Uint8Array> {
  let left = table.size;
  let target = newTarget(left);
  let at = 0;
  for (const record of table.records()) {
    writeRecord(target, at, record);
    at += recordBytes;
    left--;
    if (at < target.byteLength) continue;
    yield new Uint8Array(target.buffer);
    target = newTarget(left);
    at = 0;
  }
}

export function loadKeys(table: KeyTable, bytes: Uint8Array): void {
  assert(bytes.length % recordBytes === 0, 'saved keys are whole records');
  const source = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const record = emptyRecord();
  for (let at = 0; at < bytes.length; at += recordBytes) {
    readRecord(source, at, record);
    table.addRecord(record);
  }
}

/** A key's record with its hashes as bytes. */
export interface KeyRecordBytes {
  /** 16 bytes. */
  readonly digest: Uint8Array;
  /** 8 bytes. */
  readonly requestHash: Uint8Array;
  readonly code: number;
  readonly first: number;
  readonly second: number;
  readonly time: number;
}

/** Encodes these records as one piece that `loadKeys` reads. */
export function saveRecords(records: readonly KeyRecordBytes[]): Uint8Array {
  const bytes = new Uint8Array(recordBytes * records.length);
  const target = new DataView(bytes.buffer);
  let at = 0;
  for (const record of records) {
    const { digest, requestHash } = record;
    assert(digest.length === 16 && requestHash.length === 8, 'a key has 16 and 8 bytes of hashes');
    bytes.set(digest, at);
    bytes.set(requestHash, at + digest.length);
    writeNumbers(target, at + numbersAt, record);
    at += recordBytes;
  }
  return bytes;
}

/** The digest and the request's hash of a record, as new bytes. */
export function hashesOf({ words }: KeyRecord): { digest: Uint8Array; requestHash: Uint8Array } {
  return { digest: bytesOf(words, 0, 4), requestHash: bytesOf(words, 4, wordsPerRecord) };
}

/** Small arrays of their own, because views of a buffer cost several times as much to make. */
function bytesOf(words: Uint32Array, from: number, to: number): Uint8Array {
  const bytes = new Uint8Array(4 * (to - from));
  for (let at = 0; at < bytes.length; at++) {
    bytes[at] = (words[from + (at >>> 2)] ?? 0) >>> (8 * (at & 3));
  }
  return bytes;
}

function newTarget(records: number): DataView<ArrayBuffer> {
  return new DataView(new ArrayBuffer(recordBytes * Math.min(records, storageLimits.pieceKeys)));
}

function writeRecord(target: DataView, at: number, record: KeyRecord): void {
  for (let i = 0; i < wordsPerRecord; i++) target.setUint32(at + 4 * i, record.words[i] ?? 0, true);
  writeNumbers(target, at + numbersAt, record);
}

type Numbers = Pick<KeyRecord, 'code' | 'first' | 'second' | 'time'>;

function writeNumbers(target: DataView, at: number, { code, first, second, time }: Numbers): void {
  target.setUint8(at, code);
  target.setFloat64(at + 1, first, true);
  target.setFloat64(at + 9, second, true);
  target.setFloat64(at + 17, time, true);
}

function readRecord(source: DataView, at: number, record: KeyRecord): void {
  for (let i = 0; i < wordsPerRecord; i++) record.words[i] = source.getUint32(at + 4 * i, true);
  const numbers = at + numbersAt;
  record.code = source.getUint8(numbers);
  record.first = source.getFloat64(numbers + 1, true);
  record.second = source.getFloat64(numbers + 9, true);
  record.time = source.getFloat64(numbers + 17, true);
}
