/**
 * Journals of the first version of the format, made here byte by byte: they are read as before, go
 * on in the new version, and their torn tails are cut off (docs/PROTOCOL.md, R10).
 */
import { crc32 } from 'node:zlib';
import t from 'tap';
import type { LogRecord } from '../../src/consensus/types.js';
import { openJournal } from '../../src/storage/open-journal.js';
import { encodeRecord, recordBytes, spanOf } from '../../src/storage/record-format.js';
import { MemoryDisk } from '../support/memory-disk.js';
import { contents, entries, entry, folder, kib, open, promise } from './builders.js';

const options = { segmentBytes: 64 * kib, batchBytesMax: 16 * kib };
const block = 4 * kib;
const file = `${folder}/00000001.seg`;

function withChecksum(bytes: Buffer, at: number, length: number): Buffer {
  bytes.writeUInt32LE(crc32(bytes.subarray(at, at + length)), at + length);
  return bytes;
}

function segmentHead(): Buffer {
  const head = Buffer.alloc(32);
  head.write('BZSG', 0);
  head.writeUInt16LE(1, 4);
  head.writeUInt16LE(1, 6);
  head.writeDoubleLE(1, 8);
  head.writeDoubleLE(options.segmentBytes, 16);
  return withChecksum(head, 0, 28);
}

/** Batches one after the other behind the segment's head; where the last one starts. */
function segment(batches: LogRecord[][]): { bytes: Buffer; lastStart: number } {
  const bytes = Buffer.alloc(options.segmentBytes);
  segmentHead().copy(bytes);
  let at = block;
  let lastStart = at;
  let previous = 0;
  for (const [n, records] of batches.entries()) {
    lastStart = at;
    const length = records.reduce((sum, record) => sum + recordBytes(record), 0);
    const body = spanOf(new Uint8Array(length));
    records.reduce((end, record) => encodeRecord(record, body, end), 0);
    bytes.write('BZHD', at);
    bytes.writeUInt32LE(length, at + 4);
    bytes.writeDoubleLE(n + 1, at + 8);
    bytes.writeUInt32LE(records.length, at + 16);
    bytes.writeUInt32LE(previous, at + 20);
    bytes.writeUInt32LE(crc32(body.bytes), at + 24);
    previous = withChecksum(bytes, at, 28).readUInt32LE(at + 28);
    bytes.set(body.bytes, at + 32);
    const trailer = at + Math.ceil((32 + length) / block) * block;
    bytes.write('BZTR', trailer);
    bytes.writeUInt32LE(length, trailer + 4);
    bytes.writeDoubleLE(n + 1, trailer + 8);
    bytes.writeUInt32LE(previous, trailer + 16);
    withChecksum(bytes, trailer, 20);
    at = trailer + block;
  }
  return { bytes, lastStart };
}

const batches = [[promise(3), entry(1), entry(2)], entries(3, 60), entries(61, 130)];

async function diskWith(bytes: Uint8Array): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  await disk.replace(file, bytes);
  return disk;
}

async function lastSeq(disk: MemoryDisk): Promise<number> {
  const journal = await openJournal(disk, folder, options);
  const found = journal.lastSeq();
  t.equal((await contents(journal)).length, found);
  await journal.close();
  return found;
}

t.test('a journal of the first version is read and continued', async (t) => {
  const disk = await diskWith(segment(batches).bytes);
  const { journal, write } = await open(disk, options);
  t.strictSame(journal.recovered.promised, { epoch: 3, leader: 'catalog-1' });
  t.equal(journal.lastSeq(), 130);
  await write(...entries(131, 200));
  await write(...entries(201, 900));
  await journal.close();
  t.equal(await lastSeq(disk), 900);
  const version = (await disk.readFile(file))?.[4];
  t.equal(version, 2, 'a program of the first version refuses it now');
});

t.test('each torn tail is cut off, but a flipped bit is refused', async (t) => {
  const { bytes, lastStart } = segment(batches);
  for (let sector = 0; sector < 2 * block; sector += 512) {
    const torn = Buffer.from(bytes);
    torn.fill(0, lastStart + sector, lastStart + sector + 512);
    const isHeld = torn.equals(bytes) || sector >= block;
    t.equal(await lastSeq(await diskWith(torn)), isHeld ? 130 : 60, `sector ${sector}`);
  }
  for (const at of [9, 40, 700, 3_000]) {
    const turned = Buffer.from(bytes);
    turned[lastStart + at] = (turned[lastStart + at] ?? 0) ^ 1;
    const opening = openJournal(await diskWith(turned), folder, options);
    await t.rejects(opening, { code: 'corruption', offset: lastStart });
  }
});
