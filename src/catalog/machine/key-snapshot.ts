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

function newTarget(records: number): DataView<ArrayBuffer> {
  return new DataView(new ArrayBuffer(recordBytes * Math.min(records, storageLimits.pieceKeys)));
}

function writeRecord(target: DataView, at: number, record: KeyRecord): void {
  for (let i = 0; i < wordsPerRecord; i++) target.setUint32(at + 4 * i, record.words[i] ?? 0, true);
  const numbers = at + numbersAt;
  target.setUint8(numbers, record.code);
  target.setFloat64(numbers + 1, record.first, true);
  target.setFloat64(numbers + 9, record.second, true);
  target.setFloat64(numbers + 17, record.time, true);
}

function readRecord(source: DataView, at: number, record: KeyRecord): void {
  for (let i = 0; i < wordsPerRecord; i++) record.words[i] = source.getUint32(at + 4 * i, true);
  const numbers = at + numbersAt;
  record.code = source.getUint8(numbers);
  record.first = source.getFloat64(numbers + 1, true);
  record.second = source.getFloat64(numbers + 9, true);
  record.time = source.getFloat64(numbers + 17, true);
}
