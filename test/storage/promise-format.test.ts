/** A promise keeps the table of admissions beside it, from segment to segment (docs/PROTOCOL.md, R3). */
import t from 'tap';
import type { Admissions, LogRecord } from '../../src/consensus/types.js';
import { openJournal } from '../../src/storage/open-journal.js';
import { decodePromised, encodePromised } from '../../src/storage/promise-format.js';
import {
  decodeRecord,
  encodeRecord,
  recordBytes,
  spanOf,
} from '../../src/storage/record-format.js';
import { MemoryDisk } from '../support/memory-disk.js';
import { entry, folder, kib, open } from './builders.js';

const options = { segmentBytes: 32 * kib, batchBytesMax: 4 * kib };
const admitted: Admissions = new Map([
  ['order-2', { epoch: 7, version: 2 }],
  ['recovery-1', { epoch: 9, version: 1 }],
]);

function promise(epoch: number, table?: Admissions): LogRecord {
  return { kind: 'promise', epoch, leader: 'order-1', ...(table && { admitted: table }) };
}

t.test(
  'a record holds the table, and a record without it equals that of older builds',
  async (t) => {
    for (const record of [promise(9, admitted), promise(9)]) {
      const target = spanOf(new Uint8Array(recordBytes(record)));
      t.equal(encodeRecord(record, target, 0), target.bytes.length);
      t.strictSame(decodeRecord(target, 0, target.bytes.length)?.record, record);
    }
    t.strictSame(encodePromised({ leader: 'order-1' }), new TextEncoder().encode('order-1'));
    t.strictSame(decodePromised(new TextEncoder().encode('order-1')), { leader: 'order-1' });
  },
);

t.test('a record with anything else after the name is refused', async (t) => {
  for (const table of ['', '{', '{}', '[1]', '[["a",1]]', '[["a","b",1]]', '[["a",1.5,1]]']) {
    t.equal(decodePromised(new TextEncoder().encode(`order-1\0${table}`)), undefined, table);
  }
});

t.test('the last promise of a journal is recovered with its table', async (t) => {
  const disk = new MemoryDisk();
  const first = await open(disk, options);
  await first.write(promise(8), entry(1));
  await first.write(promise(9, admitted));
  // Some segments further on, and without the first ones.
  for (let seq = 2; seq < 20; seq++) await first.write(entry(seq));
  t.ok(first.journal.closedSegments().length > 2);
  await first.journal.dropBefore(15);
  await first.journal.close();
  const again = await openJournal(disk, folder, options);
  t.strictSame(again.recovered.promised, { epoch: 9, leader: 'order-1', admitted });
  await again.close();
});
