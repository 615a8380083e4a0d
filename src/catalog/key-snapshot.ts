/**
 * Purchase keys in a snapshot: base64 text of fixed records, in chunks, because one string for
 * millions of keys would be too long and one object a key too many. Little-endian, oldest first.
 */
import { assert } from '../base/assert.js';
import { emptyRecord, type KeyRecord } from './key-slab.js';
import type { KeyTable } from './key-table.js';

const wordsPerRecord = 6;
const recordBytes = 4 * wordsPerRecord + 1 + 3 * 8;
const recordsPerChunk = 8_192;

export function saveKeys(table: KeyTable): string[] {
  const chunks: string[] = [];
  const bytes = Buffer.alloc(recordBytes * Math.min(recordsPerChunk, Math.max(1, table.size)));
  let length = 0;
  for (const record of table.records()) {
    writeRecord(bytes, length, record);
    length += recordBytes;
    if (length < bytes.length) continue;
    chunks.push(bytes.toString('base64'));
    length = 0;
  }
  if (length > 0) chunks.push(bytes.toString('base64', 0, length));
  return chunks;
}

export function loadKeys(table: KeyTable, chunks: readonly string[]): void {
  const record = emptyRecord();
  for (const chunk of chunks) {
    const bytes = Buffer.from(chunk, 'base64');
    assert(bytes.length % recordBytes === 0, 'a chunk of keys holds whole records');
    for (let at = 0; at < bytes.length; at += recordBytes) {
      readRecord(bytes, at, record);
      table.addRecord(record);
    }
  }
}

function writeRecord(bytes: Buffer, at: number, record: KeyRecord): void {
  for (let i = 0; i < wordsPerRecord; i++) bytes.writeUInt32LE(record.words[i] ?? 0, at + 4 * i);
  const numbers = at + 4 * wordsPerRecord;
  bytes.writeUInt8(record.code, numbers);
  bytes.writeDoubleLE(record.first, numbers + 1);
  bytes.writeDoubleLE(record.second, numbers + 9);
  bytes.writeDoubleLE(record.time, numbers + 17);
}

function readRecord(bytes: Buffer, at: number, record: KeyRecord): void {
  for (let i = 0; i < wordsPerRecord; i++) record.words[i] = bytes.readUInt32LE(at + 4 * i);
  const numbers = at + 4 * wordsPerRecord;
  record.code = bytes.readUInt8(numbers);
  record.first = bytes.readDoubleLE(numbers + 1);
  record.second = bytes.readDoubleLE(numbers + 9);
  record.time = bytes.readDoubleLE(numbers + 17);
}
