import t from 'tap';
import type { LogRecord } from '../../src/consensus/types.js';
import { headBytes } from '../../src/storage/batch-format.js';
import type { ReadOptions } from '../../src/storage/read-journal.js';
import { openJournalReader, readJournal } from '../../src/storage/read-journal.js';
import { MemoryDisk } from '../support/memory-disk.js';
import { entry, folder, kib, open, promise, textOf, truncate } from './builders.js';

const options = { segmentBytes: 32 * kib, batchBytesMax: 4 * kib };

function word(record: LogRecord): string {
  if (record.kind === 'entry') return `E${record.entry.seq}`;
  return record.kind === 'promise' ? `P${record.epoch}` : `T${record.from}`;
}

async function words(disk: MemoryDisk, how?: ReadOptions): Promise<string> {
  const found: string[] = [];
  await readJournal(disk, folder, (record) => found.push(word(record)), how);
  return found.join(' ');
}

t.test('records are visited as written, with their positions', async (t) => {
  const disk = new MemoryDisk();
  const { write } = await open(disk, options);
  await write(promise(1), entry(1), entry(2));
  await write(truncate(2), entry(2, 'new'));
  const places: string[] = [];
  const visit = (_: LogRecord, place: { file: string; offset: number }): void => {
    places.push(`${place.file}@${place.offset}`);
  };
  await readJournal(disk, folder, visit);
  t.equal(await words(disk), 'P1 E1 E2 T2 E2');
  t.equal(places[0], `${folder}/00000001.seg@${4 * kib + headBytes}`);
  t.equal(new Set(places).size, 5);
});

t.test('an empty folder has no records', async (t) => {
  t.equal(await words(new MemoryDisk()), '');
  t.equal(await words(new MemoryDisk(), { segments: 'closed' }), '');
});

t.test('reading changes nothing while the owner keeps writing', async (t) => {
  const disk = new MemoryDisk();
  const { write } = await open(disk, options);
  for (let seq = 1; seq <= 7; seq++) await write(entry(seq));
  const before = disk.paths();
  t.equal(await words(disk), 'E1 E2 E3 E4 E5 E6 E7');
  t.strictSame(disk.paths(), before);
  await write(entry(8));
  t.equal(await words(disk), 'E1 E2 E3 E4 E5 E6 E7 E8');
});

t.test('a reader can select closed segments, and those from a given entry on', async (t) => {
  const disk = new MemoryDisk();
  const { write, journal } = await open(disk, options);
  for (let seq = 1; seq <= 7; seq++) await write(entry(seq));
  t.equal(journal.closedThrough(), 6);
  t.equal(await words(disk, { segments: 'closed' }), 'E1 E2 E3 E4 E5 E6');
  t.equal(await words(disk, { segments: 'closed', fromSeq: 5 }), 'E4 E5 E6');
  t.equal(await words(disk, { fromSeq: 7 }), 'E7');
  t.equal(await words(disk, { fromSeq: 3 }), 'E1 E2 E3 E4 E5 E6 E7');
});

t.test('a skipped segment has no last version of a requested entry', async (t) => {
  const disk = new MemoryDisk();
  const { write } = await open(disk, options);
  for (let seq = 1; seq <= 5; seq++) await write(entry(seq));
  // The third segment begins with entry 3 once more.
  await write(truncate(3));
  await write(entry(3, 'new'));
  await write(entry(4, 'new'));
  const reader = await openJournalReader(disk, folder, { fromSeq: 4 });
  const found = await reader.readEntries(4, 100);
  t.strictSame(found.map(textOf), ['new']);
  await reader.close();
});

t.test('a half-written batch does not count yet', async (t) => {
  const disk = new MemoryDisk();
  const { write } = await open(disk, options);
  await write(entry(1));
  await write(entry(2));
  const file = `${folder}/00000001.seg`;
  const bytes = (await disk.readFile(file)) ?? new Uint8Array(0);
  for (const end of [12, 16]) {
    const torn = bytes.slice();
    torn.fill(0, end * kib);
    await disk.replace(file, torn);
    t.equal(await words(disk), 'E1');
  }
});

t.test('damage is reported after it has been read twice', async (t) => {
  const disk = new MemoryDisk();
  const { write } = await open(disk, options);
  for (let seq = 1; seq <= 7; seq++) await write(entry(seq));
  const file = `${folder}/00000001.seg`;
  disk.flipBit(file, 12 * kib + 50);
  const found: string[] = [];
  const reading = readJournal(disk, folder, (record) => found.push(word(record)));
  await t.rejects(reading, { code: 'corruption', file, offset: 12 * kib });
  t.strictSame(found, ['E1'], 'and nothing is visited twice');
});

t.test('a batch that the writer completes during a read is not damage', async (t) => {
  const disk = new MemoryDisk();
  const { write } = await open(disk, options);
  await write(entry(1));
  await write(entry(2));
  const file = `${folder}/00000001.seg`;
  const whole = (await disk.readFile(file)) ?? new Uint8Array(0);
  const half = await disk.open(file);
  await half.writeDurably(12 * kib, new Uint8Array(4 * kib));
  // The first look finds the trailer without its records; by the second the write is through.
  let looks = 0;
  disk.fault = ({ kind, path, bytes }) => {
    if (kind !== 'read' || path !== file || bytes < 4 * kib) return 'none';
    looks++;
    if (looks === 2) {
      disk.fault = undefined;
      void half.writeDurably(12 * kib, whole.slice(12 * kib, 16 * kib));
    }
    return 'none';
  };
  t.equal(await words(disk), 'E1 E2');
  t.equal(disk.fault, undefined, 'it was read twice');
});

t.test('a reader returns only the last versions', async (t) => {
  const disk = new MemoryDisk();
  const { write } = await open(disk, options);
  await write(promise(4, 'catalog-2'), entry(1), entry(2), entry(3));
  await write(truncate(2), entry(2, 'new'));
  const reader = await openJournalReader(disk, folder);
  t.strictSame(reader.promised, { epoch: 4, leader: 'catalog-2' });
  t.strictSame([reader.firstSeq, reader.lastSeq], [1, 2]);
  t.strictSame((await reader.readEntries(1, 0)).map(textOf), ['command 1']);
  t.strictSame((await reader.readEntries(2, 1000)).map(textOf), ['new']);
  t.strictSame(await reader.readEntries(3, 1000), []);
  await reader.close();
});
