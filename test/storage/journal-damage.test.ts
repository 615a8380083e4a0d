// Bit rot and cuts in a small journal of three batches (docs/PROTOCOL.md, R10, A28).
import t from 'tap';
import { CorruptionError } from '../../src/storage/corruption.js';
import { openJournal } from '../../src/storage/open-journal.js';
import { MemoryDisk } from '../support/memory-disk.js';
import { runs } from '../support/runs.js';
import { contents, entries, entry, folder, kib, open, promise, truncate } from './builders.js';

const options = { segmentBytes: 32 * kib, batchBytesMax: 4 * kib };
const file = `${folder}/00000001.seg`;
const block = 4 * kib;

/** Three batches of two blocks each behind the segment's head. */
async function threeBatches(): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const { journal, write } = await open(disk, options);
  await write(promise(1), entry(1), entry(2), truncate(2));
  await write(entry(2, 'new'), entry(3));
  await write(entry(4));
  await journal.close();
  return disk;
}

/** What opening comes to, in a word. */
async function outcome(disk: MemoryDisk): Promise<string> {
  try {
    const journal = await openJournal(disk, folder, options);
    const found = (await contents(journal)).join(' ');
    await journal.close();
    return found;
  } catch (error) {
    if (!(error instanceof CorruptionError)) throw error;
    return `${error.file}@${error.offset}`;
  }
}

const whole = '1:command 1 2:new 3:command 3 4:command 4';
const withoutLast = '1:command 1 2:new 3:command 3';

t.test('the journal of these tests has the expected layout', async (t) => {
  t.equal(await outcome(await threeBatches()), whole);
});

t.test(
  'a flipped bit in any byte is refused by name, or loses nothing followed by another batch',
  async (t) => {
    const disk = await threeBatches();
    const size = (await disk.readFile(file))?.length ?? 0;
    const seen = new Map<string, number>();
    for (let offset = 0; offset < size; offset++) {
      // Each byte where heads, records and trailers are; of the zeros between them few.
      if (offset % block > 256 && offset % runs(53, 13) !== 0) continue;
      disk.flipBit(file, offset, offset % 8);
      const damaged = disk.copy();
      disk.flipBit(file, offset, offset % 8);
      const found = await outcome(damaged);
      seen.set(found, (seen.get(found) ?? 0) + 1);
      const allowed =
        found === whole || (found.startsWith(`${file}@`) && Number(found.split('@')[1]) <= offset);
      if (!allowed) t.fail(`byte ${offset}: ${found}`);
    }
    // The batches and the head were hit, and named with the place where they start.
    for (const at of [0, block, 3 * block, 5 * block]) t.ok(seen.has(`${file}@${at}`), `at ${at}`);
  },
);

t.test('a file cut at any byte is refused by name', async (t) => {
  const disk = await threeBatches();
  const size = (await disk.readFile(file))?.length ?? 0;
  for (let length = 0; length < size; length += 173) {
    const damaged = disk.copy();
    damaged.cut(file, length);
    const found = await outcome(damaged);
    if (!found.startsWith(`${file}@`)) t.fail(`cut to ${length}: ${found}`);
  }
  t.equal(await outcome(disk), whole);
});

t.test('zeros from any sector of the last batch on are a torn tail', async (t) => {
  const disk = await threeBatches();
  const start = 5 * block;
  const bytes = (await disk.readFile(file)) ?? new Uint8Array(0);
  for (let from = start; from < start + 2 * block; from += 512) {
    const damaged = disk.copy();
    const torn = bytes.slice();
    torn.fill(0, from, start + 2 * block);
    await damaged.replace(file, torn);
    // Behind its record the batch holds zeros, and its trailer can be told from its head.
    t.equal(await outcome(damaged), from === start ? withoutLast : whole, `zeros from ${from}`);
  }
});

t.test(
  'zeros from any block of an earlier batch on, with a later one there, are corruption',
  async (t) => {
    const disk = await threeBatches();
    const bytes = (await disk.readFile(file)) ?? new Uint8Array(0);
    for (let from = block; from < 5 * block; from += block) {
      const damaged = disk.copy();
      const torn = bytes.slice();
      torn.fill(0, from, 5 * block);
      await damaged.replace(file, torn);
      t.match(await outcome(damaged), `${file}@`);
    }
  },
);

t.test('a trailer without its records is a torn tail', async (t) => {
  const disk = await threeBatches();
  const bytes = (await disk.readFile(file)) ?? new Uint8Array(0);
  bytes.fill(0, 5 * block, 6 * block);
  await disk.replace(file, bytes);
  t.equal(await outcome(disk), withoutLast);
});

t.test('a torn tail is removed for good, and later batches replace it', async (t) => {
  const disk = await threeBatches();
  const bytes = (await disk.readFile(file)) ?? new Uint8Array(0);
  bytes.fill(0, 5 * block, 6 * block);
  await disk.replace(file, bytes);
  const { journal, write } = await open(disk, options);
  await write(entry(4, 'again'));
  await journal.close();
  t.equal(await outcome(disk), `${withoutLast} 4:again`);
});

t.test('a batch from an earlier time is not accepted as the next one', async (t) => {
  const disk = await threeBatches();
  const bytes = (await disk.readFile(file)) ?? new Uint8Array(0);
  // The first batch once more where the fourth would stand.
  bytes.set(bytes.slice(block, 3 * block), 7 * block - 2 * block);
  bytes.fill(0, 7 * block);
  await disk.replace(file, bytes);
  t.equal(await outcome(disk), `${file}@${5 * block}`);
});

t.test('the batch of another journal is refused', async (t) => {
  const disk = await threeBatches();
  const other = new MemoryDisk();
  const { journal, write } = await open(other, options);
  for (let seq = 1; seq <= 3; seq++) await write(entry(seq, 'other'));
  await journal.close();
  const bytes = (await disk.readFile(file)) ?? new Uint8Array(0);
  const foreign = (await other.readFile(file)) ?? new Uint8Array(0);
  bytes.set(foreign.slice(5 * block, 7 * block), 5 * block);
  await disk.replace(file, bytes);
  t.equal(await outcome(disk), `${file}@${5 * block}`);
});

t.test('a last segment that names no journal is refused where a mark names one', async (t) => {
  const disk = await threeBatches();
  const mark = { id: 7, firstSegment: 1, lastSegment: 1, droppedThrough: 0 };
  const marks = { mark, newId: 8, set: async () => {} };
  const opening = openJournal(disk, folder, { ...options, marks });
  await t.rejects(opening, { name: 'CorruptionError', file, reason: 'segment_head' });
});

t.test('a journal without any segment is refused where a mark names one', async (t) => {
  const mark = { id: 7, firstSegment: 3, lastSegment: 4, droppedThrough: 0 };
  const marks = { mark, newId: 8, set: async () => {} };
  const opening = openJournal(new MemoryDisk(), folder, { ...options, marks });
  const missing = `${folder}/00000003.seg`;
  await t.rejects(opening, { name: 'CorruptionError', file: missing, reason: 'segment_missing' });
});

t.test('damage in a closed segment, a missing one and a cut one are refused', async (t) => {
  const disk = new MemoryDisk();
  const { journal, write } = await open(disk, options);
  for (let seq = 1; seq <= 12; seq++) await write(entry(seq));
  const [first, second] = journal.closedSegments().map(({ path }) => path);
  await journal.close();
  const expectRefusal = async (path: string, damage: (disk: MemoryDisk) => unknown) => {
    const damaged = disk.copy();
    await damage(damaged);
    t.match(await outcome(damaged), `${path}@`);
  };
  const [one = '', two = ''] = [first, second];
  await expectRefusal(one, (damaged) => damaged.flipBit(one, 5 * block + 50));
  await expectRefusal(one, (damaged) => damaged.flipBit(one, 6 * block));
  await expectRefusal(two, (damaged) => damaged.remove(two));
  await expectRefusal(two, (damaged) => damaged.cut(two, 3 * block));
  await expectRefusal(two, async (damaged) => {
    const bytes = (await damaged.readFile(one)) ?? new Uint8Array(0);
    await damaged.replace(two, bytes);
  });
});

t.test('a refusal changes no file', async (t) => {
  const disk = await threeBatches();
  disk.flipBit(file, block + 5);
  const before = await disk.readFile(file);
  await t.rejects(openJournal(disk, folder, options), { code: 'corruption', file });
  t.strictSame(await disk.readFile(file), before);
});

t.test('a repair keeps the part before the damage, and reports what it drops', async (t) => {
  const disk = await threeBatches();
  disk.flipBit(file, 3 * block + 50);
  const repaired = await openJournal(disk, folder, { ...options, repair: true });
  t.match(repaired.dropped, { file, offset: 3 * block, fromSeq: 2, throughSeq: 4 });
  t.strictSame(await contents(repaired), ['1:command 1']);
  await repaired.close();
  const { journal, write } = await open(disk, options);
  t.equal(journal.dropped, undefined);
  await write(entry(2, 'caught up'));
  await journal.close();
  t.equal(await outcome(disk), '1:command 1 2:caught up');
});

t.test('a repair of a whole journal drops nothing', async (t) => {
  const disk = await threeBatches();
  const journal = await openJournal(disk, folder, { ...options, repair: true });
  t.equal(journal.dropped, undefined);
  t.strictSame((await contents(journal)).length, 4);
});

t.test('a repair cuts off all segments after the damage', async (t) => {
  const disk = new MemoryDisk();
  const { journal, write } = await open(disk, options);
  for (let seq = 1; seq <= 12; seq++) await write(entry(seq));
  const [, second] = journal.closedSegments().map(({ path }) => path);
  await journal.close();
  const copies = [0, block + 50].map((offset) => {
    const damaged = disk.copy();
    damaged.flipBit(second ?? '', offset);
    return damaged;
  });
  for (const damaged of copies) {
    const repaired = await openJournal(damaged, folder, { ...options, repair: true });
    t.match(repaired.dropped, { file: second, fromSeq: 4, throughSeq: 12 });
    t.equal(repaired.lastSeq(), 3);
    repaired.append(entries(4, 9));
    await repaired.close();
    const again = await open(damaged, options);
    t.equal((await contents(again.journal)).length, 9);
  }
});

t.test('entries read later are compared with their checksums', async (t) => {
  const disk = await threeBatches();
  const { journal, failures } = await open(disk, options);
  disk.flipBit(file, 3 * block + 90);
  await t.rejects(contents(journal), { code: 'corruption', file });
  t.match(failures, [{ code: 'corruption', file }], 'and the process must end');
});

t.test('a read that the disk refuses ends the process', async (t) => {
  const { journal, failures } = await open(await threeBatches(), options);
  await journal.readEntry(1);
  const disk = await threeBatches();
  const refused = await open(disk, options);
  disk.fault = ({ kind }) => (kind === 'read' ? 'fail' : 'none');
  await t.rejects(refused.journal.readEntry(1), { code: 'EIO', file });
  t.match(refused.failures, [{ code: 'EIO' }]);
  t.strictSame(failures, []);
});
