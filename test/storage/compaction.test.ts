import t from 'tap';
import { rewriteWithoutPadding } from '../../src/storage/compaction.js';
import { readJournal } from '../../src/storage/read-journal.js';
import { MemoryDisk } from '../support/memory-disk.js';
import type { Watched } from './builders.js';
import { contents, entry, folder, kib, open, truncate } from './builders.js';

const options = { segmentBytes: 64 * kib, batchBytesMax: 16 * kib, keepAll: true };

/** Three closed segments of batches of one entry, with a truncation in one of them. */
async function book(disk: MemoryDisk): Promise<Watched> {
  const watched = await open(disk, options);
  for (let seq = 1; seq <= 9; seq++) await watched.write(entry(seq, `order ${seq}`));
  await watched.write(truncate(9));
  for (let seq = 9; seq <= 24; seq++) await watched.write(entry(seq, `order ${seq} new`));
  return watched;
}

t.test('a packed segment takes a fraction of the space and reads the same', async (t) => {
  const disk = new MemoryDisk();
  const { journal, write } = await book(disk);
  const before = await contents(journal);
  t.equal(before.length, 24);
  const closed = journal.closedSegments();
  t.ok(closed.length >= 3);
  for (const { path } of closed) {
    const packed = await rewriteWithoutPadding(disk, path);
    t.strictSame(await contents(journal), before, 'written, not yet adopted');
    await journal.adoptRewritten(packed);
    t.strictSame(await contents(journal), before, 'adopted');
    t.notOk(disk.paths().includes(path));
    t.ok(((await disk.readFile(packed))?.length ?? 0) < 2 * kib);
  }
  t.ok(journal.closedSegments().every(({ layout }) => layout === 'packed'));
  await write(entry(25, 'order 25'));
  await journal.close();
  const again = await open(disk, options);
  t.strictSame(await contents(again.journal), [...before, '25:order 25']);
});

t.test('readers under way see one file or the other, never a mixture', async (t) => {
  const disk = new MemoryDisk();
  const { journal } = await book(disk);
  const before = await contents(journal);
  const [first] = journal.closedSegments();
  const packed = await rewriteWithoutPadding(disk, first?.path ?? '');
  const readings: Promise<string[]>[] = [contents(journal)];
  const adoption = journal.adoptRewritten(packed);
  for (let turn = 0; turn < 50; turn++) {
    readings.push(contents(journal));
    await Promise.resolve();
  }
  await adoption;
  for (const found of await Promise.all(readings)) t.strictSame(found, before);
});

t.test('a padded file beside a packed one is a leftover of a crash', async (t) => {
  const disk = new MemoryDisk();
  const { journal } = await book(disk);
  const before = await contents(journal);
  const [first] = journal.closedSegments();
  await rewriteWithoutPadding(disk, first?.path ?? '');
  await journal.close();
  const again = await open(disk, options);
  t.strictSame(await contents(again.journal), before);
  t.notOk(disk.paths().includes(first?.path ?? ''));
});

t.test('jobs read a packed segment like a padded one', async (t) => {
  const disk = new MemoryDisk();
  const { journal } = await book(disk);
  const read = async (): Promise<number[]> => {
    const found: number[] = [];
    await readJournal(disk, folder, (record) => {
      if (record.kind === 'entry') found.push(record.entry.seq);
    });
    return found;
  };
  const before = await read();
  for (const { path } of journal.closedSegments()) {
    await journal.adoptRewritten(await rewriteWithoutPadding(disk, path));
  }
  t.strictSame(await read(), before);
});

t.test('a damaged or truncated packed segment is refused by name', async (t) => {
  const disk = new MemoryDisk();
  const { journal } = await book(disk);
  const [first] = journal.closedSegments();
  const packed = await rewriteWithoutPadding(disk, first?.path ?? '');
  await journal.adoptRewritten(packed);
  await journal.close();
  const size = (await disk.readFile(packed))?.length ?? 0;
  for (let offset = 0; offset < size; offset++) {
    const flipped = disk.copy();
    flipped.flipBit(packed, offset, offset % 8);
    const cut = disk.copy();
    cut.cut(packed, offset);
    for (const damaged of [flipped, cut]) {
      const refusal = await open(damaged, options).then(
        () => 'opened',
        (error: { code: string; file: string }) => `${error.code} ${error.file}`,
      );
      if (refusal !== `corruption ${packed}`) t.fail(`byte ${offset}: ${refusal}`);
    }
  }
  t.pass();
});

t.test('a repair truncates a packed segment too, and the log continues after it', async (t) => {
  const disk = new MemoryDisk();
  const { journal } = await book(disk);
  const [first] = journal.closedSegments();
  const packed = await rewriteWithoutPadding(disk, first?.path ?? '');
  await journal.adoptRewritten(packed);
  await journal.close();
  disk.flipBit(packed, 300);
  const repaired = await open(disk, { ...options, repair: true });
  const kept = repaired.journal.lastSeq();
  t.match(repaired.journal.dropped, { file: packed, fromSeq: kept + 1, throughSeq: 24 });
  t.ok(kept >= 1 && kept < 7);
  await repaired.write(entry(kept + 1, 'caught up'));
  await repaired.journal.close();
  const again = await open(disk, options);
  t.equal((await contents(again.journal)).at(-1), `${kept + 1}:caught up`);
});

t.test('a packed segment that lacks the last batch is not adopted', async (t) => {
  const disk = new MemoryDisk();
  const { journal } = await book(disk);
  const before = await contents(journal);
  const [first] = journal.closedSegments();
  const path = first?.path ?? '';
  const bytes = (await disk.readFile(path)) ?? new Uint8Array(0);
  const cut = disk.copy();
  await cut.replace(path, bytes.fill(0, 48 * kib));
  const packed = await rewriteWithoutPadding(cut, path);
  await disk.replace(packed, (await cut.readFile(packed)) ?? new Uint8Array(0));
  await t.rejects(journal.adoptRewritten(packed), { code: 'corruption', file: packed });
  t.ok(disk.paths().includes(path));
  t.strictSame(await contents(journal), before);
});

t.test('only a closed segment of this journal is adopted', async (t) => {
  const disk = new MemoryDisk();
  const { journal } = await book(disk);
  await t.rejects(journal.adoptRewritten('/other/00000001.pack'), /of this journal/);
  await t.rejects(rewriteWithoutPadding(disk, `${folder}/notes.txt`), /is a segment/);
});
