import t from 'tap';
import type { DiskStep } from '../support/memory-disk.js';
import { MemoryDisk } from '../support/memory-disk.js';
import {
  contents,
  entries,
  entry,
  entryOf,
  folder,
  kib,
  open,
  promise,
  small,
  textOf,
  truncate,
} from './builders.js';

/** A disk whose writes to the journal end only when they are let go. */
function heldDisk(): { disk: MemoryDisk; writes: DiskStep[]; hold(): () => void } {
  const writes: DiskStep[] = [];
  let gate: Promise<void> | undefined;
  class Held extends MemoryDisk {
    override async open(path: string): ReturnType<MemoryDisk['open']> {
      const file = await super.open(path);
      return {
        ...file,
        writeDurably: async (offset, bytes) => {
          writes.push({ kind: 'write', path, bytes: bytes.length });
          const waited = gate;
          const done = file.writeDurably(offset, bytes);
          await waited;
          await done;
        },
      };
    }
    override async preallocate(path: string, size: number, head?: Uint8Array) {
      await super.preallocate(path, size, head);
      return this.open(path);
    }
  }
  return {
    disk: new Held(),
    writes,
    hold: () => {
      let release = (): void => {};
      gate = new Promise((resolve) => {
        release = resolve;
      });
      return () => {
        gate = undefined;
        release();
      };
    },
  };
}

t.test('a new journal is empty', async (t) => {
  const { journal } = await open(new MemoryDisk());
  t.strictSame(journal.recovered, {
    promised: { epoch: 0, leader: '' },
    last: { epoch: 0, seq: 0, time: 0 },
    firstSeq: 1,
  });
  t.strictSame(await journal.readEntries(1, 1000), []);
  t.equal(await journal.readEntry(1), undefined);
});

t.test('durable records are present when the journal is opened again', async (t) => {
  const disk = new MemoryDisk();
  const first = await open(disk);
  await first.write(promise(3, 'order-3'), entry(1), entry(2, 'zwei', 3));
  await first.journal.close();
  const { journal, write } = await open(disk);
  t.strictSame(journal.recovered, {
    promised: { epoch: 3, leader: 'order-3' },
    last: { epoch: 3, seq: 2, time: 20 },
    firstSeq: 1,
  });
  await write(entry(3));
  t.strictSame(await contents(journal), ['1:command 1', '2:zwei', '3:command 3']);
  t.strictSame(await journal.readEntry(2), entryOf(2, 'zwei', 3));
});

t.test('a command may hold any bytes, and none', async (t) => {
  const disk = new MemoryDisk();
  const { write, journal } = await open(disk);
  const command = Uint8Array.from({ length: 256 }, (_, at) => at);
  await write({ kind: 'entry', entry: { ...entryOf(1), command } }, entry(2, ''));
  await journal.close();
  const again = await open(disk);
  t.strictSame((await again.journal.readEntry(1))?.command, command);
  t.equal((await again.journal.readEntry(2))?.command.length, 0);
});

t.test('positions become durable in order, and one write takes all queued records', async (t) => {
  const { disk, writes, hold } = heldDisk();
  const { journal, durable, write } = await open(disk);
  const release = hold();
  t.equal(journal.append([entry(1)]), 1);
  t.equal(writes.length, 1, 'an idle journal writes within append');
  t.equal(journal.append([entry(2), entry(3)]), 3);
  const last = write(entry(4));
  t.equal(writes.length, 1, 'one write is under way');
  t.strictSame(durable, []);
  release();
  await last;
  t.strictSame(durable, [1, 4]);
  t.equal(writes.length, 2);
});

t.test('the next write has started when the previous one is reported', async (t) => {
  const { disk, writes, hold } = heldDisk();
  const { journal } = await open(disk);
  const seen: number[] = [];
  journal.onDurable((position) => {
    if (position === 1) seen.push(writes.length);
  });
  const release = hold();
  journal.append([entry(1)]);
  journal.append([entry(2)]);
  release();
  await journal.close();
  t.strictSame(seen, [2]);
});

t.test('a batch has a limit', async (t) => {
  const { disk, writes, hold } = heldDisk();
  const { journal, durable } = await open(disk);
  const release = hold();
  journal.append([entry(1)]);
  journal.append(entries(2, 9, 'x'.repeat(8 * kib)));
  release();
  await journal.close();
  t.strictSame(durable, [1, 4, 7, 9], 'three of 8 KiB in a batch of 32 KiB');
  t.ok(writes.every(({ bytes }) => bytes <= 36 * kib));
  t.throws(() => journal.append([entry(10)]), /closed/);
});

t.test('a record that fits no batch is refused', async (t) => {
  const { journal } = await open(new MemoryDisk());
  t.throws(() => journal.append([entry(1, 'x'.repeat(32 * kib))]), /fits one batch/);
  await t.rejects(open(new MemoryDisk(), { segmentBytes: 32 * kib, batchBytesMax: 32 * kib }));
});

t.test('entries can be read while they wait for the disk', async (t) => {
  const { disk, hold } = heldDisk();
  const { journal, write } = await open(disk);
  await write(...entries(1, 2));
  const release = hold();
  journal.append([entry(3)]);
  journal.append([entry(4)]);
  t.strictSame(
    (await journal.readEntries(1, 1000)).map(({ seq }) => seq),
    [1, 2, 3, 4],
  );
  journal.append([truncate(2), entry(2, 'new')]);
  t.strictSame(await contents(journal), ['1:command 1', '2:new']);
  t.equal(await journal.readEntry(3), undefined);
  t.equal(journal.closedThrough(), 0);
  release();
  await journal.close();
  const again = await open(disk);
  t.strictSame(await contents(again.journal), ['1:command 1', '2:new']);
});

t.test('readEntries returns as many entries as maxBytes allows, but at least one', async (t) => {
  const { disk, hold } = heldDisk();
  const { journal, write } = await open(disk);
  await write(...entries(1, 5, 'x'.repeat(10)));
  await write(...entries(6, 8, 'x'.repeat(10)));
  const release = hold();
  journal.append(entries(9, 10, 'x'.repeat(10)));
  const seqs = async (from: number, maxBytes: number): Promise<number[]> =>
    (await journal.readEntries(from, maxBytes)).map(({ seq }) => seq);
  t.strictSame(await seqs(1, 35), [1, 2, 3]);
  t.strictSame(await seqs(4, 0), [4]);
  t.strictSame(await seqs(4, 40), [4, 5, 6, 7], 'over two batches');
  t.strictSame(await seqs(8, 20), [8, 9], 'over disk and queue');
  t.strictSame(await seqs(8, 1000), [8, 9, 10]);
  t.strictSame(await seqs(0, 10), []);
  t.strictSame(await seqs(11, 10), []);
  release();
});

t.test('a truncation removes entries for good', async (t) => {
  const disk = new MemoryDisk();
  const { journal, write } = await open(disk);
  await write(...entries(1, 5));
  await write(truncate(3), entry(3, 'new', 2));
  t.strictSame(await contents(journal), ['1:command 1', '2:command 2', '3:new']);
  await write(truncate(3));
  await journal.close();
  const again = await open(disk);
  t.equal(again.journal.recovered.last.seq, 2);
  await again.write(truncate(1));
  t.strictSame(await contents(again.journal), []);
  await again.write(entry(1, 'once more'));
  t.strictSame(await contents(again.journal), ['1:once more']);
});

t.test('an entry far ahead restarts the log, as after a snapshot', async (t) => {
  const disk = new MemoryDisk();
  const { journal, write } = await open(disk);
  await write(...entries(1, 3));
  await write(truncate(1), entry(100), entry(101));
  t.equal(journal.firstSeq(), 100);
  t.equal(await journal.readEntry(3), undefined);
  await journal.close();
  const again = await open(disk);
  t.equal(again.journal.recovered.firstSeq, 100);
  t.strictSame(await contents(again.journal), ['100:command 100', '101:command 101']);
});

t.test('an existing entry is not overwritten', async (t) => {
  const { journal } = await open(new MemoryDisk());
  journal.append(entries(1, 2));
  t.throws(() => journal.append([entry(2)]), /entry 2 follows entry 2/);
});

t.test(
  'segments are made ahead with their full size, and filled one after the other',
  async (t) => {
    const disk = new MemoryDisk();
    const { journal, write } = await open(disk);
    for (let seq = 1; seq <= 20; seq++) await write(entry(seq, 'x'.repeat(5 * kib)));
    t.ok(journal.closedSegments().length >= 3);
    await journal.close();
    const files = await Promise.all(disk.paths().map((path) => disk.readFile(path)));
    t.ok(files.length >= 5, 'the closed ones, the one in use and the next');
    t.ok(files.every((bytes) => bytes?.length === 64 * kib));
    const again = await open(disk);
    t.strictSame((await contents(again.journal)).length, 20);
  },
);

t.test('closedThrough is the end of the closed segments', async (t) => {
  const { journal, write } = await open(new MemoryDisk());
  t.equal(journal.closedThrough(), 0);
  for (let seq = 1; seq <= 20; seq++) await write(entry(seq, 'x'.repeat(5 * kib)));
  const last = journal.closedSegments().at(-1);
  t.equal(journal.closedThrough(), last?.lastSeq);
  const [first, second] = journal.closedSegments();
  t.equal(first?.firstSeq, 1);
  t.equal(second?.firstSeq, (first?.lastSeq ?? 0) + 1);
  await write(truncate(2));
  t.equal(journal.closedThrough(), 1);
});

t.test('dropBefore removes closed segments without entries from there on', async (t) => {
  const disk = new MemoryDisk();
  const { journal, write } = await open(disk);
  await write(promise(7, 'catalog-2'));
  for (let seq = 1; seq <= 20; seq++) await write(entry(seq, 'x'.repeat(5 * kib)));
  const [first, second, third] = journal.closedSegments();
  await journal.dropBefore(second?.lastSeq ?? 0);
  t.notOk(disk.paths().includes(first?.path ?? ''));
  t.ok(disk.paths().includes(second?.path ?? ''), 'its last entry is still wanted');
  t.equal(journal.firstSeq(), second?.firstSeq);
  t.equal(await journal.readEntry(1), undefined);
  t.equal((await journal.readEntry(second?.firstSeq ?? 0))?.seq, second?.firstSeq);
  await journal.dropBefore(1000);
  t.notOk(disk.paths().includes(third?.path ?? ''));
  t.equal(journal.lastSeq(), 20);
  await journal.close();
  const again = await open(disk);
  t.strictSame(
    again.journal.recovered.promised,
    { epoch: 7, leader: 'catalog-2' },
    'the promise outlives the segment it was written to',
  );
  t.equal(again.journal.recovered.last.seq, 20);
});

t.test('a journal that keeps all drops nothing', async (t) => {
  const disk = new MemoryDisk();
  const { journal, write } = await open(disk, { ...small, keepAll: true });
  for (let seq = 1; seq <= 20; seq++) await write(entry(seq, 'x'.repeat(5 * kib)));
  await journal.dropBefore(20);
  t.equal((await journal.readEntry(1))?.seq, 1);
});

t.test('a failed write is reported once, and nothing is acknowledged after it', async (t) => {
  const disk = new MemoryDisk();
  const { journal, write, durable, failures } = await open(disk);
  await write(entry(1));
  disk.fault = (step) => (step.kind === 'write' ? 'fail' : 'none');
  journal.append([entry(2)]);
  journal.append([entry(3)]);
  await journal.close();
  t.equal(failures.length, 1);
  t.match(failures[0]?.message, /EIO/);
  t.strictSame(durable, [1]);
});

t.test('a segment that cannot be made is a failure', async (t) => {
  const disk = new MemoryDisk();
  const { journal, write } = await open(disk);
  disk.fault = ({ path }) => (path.includes('00000003') ? 'fail' : 'none');
  const failed = new Promise<Error>((resolve) => journal.onFailure(resolve));
  for (let seq = 1; seq <= 3; seq++) await write(entry(seq, 'x'.repeat(15 * kib)));
  // The fourth goes to the second segment, and the third is begun.
  journal.append([entry(4, 'x'.repeat(15 * kib))]);
  t.match((await failed).message, /EIO/);
  await journal.close();
});

t.test('open rewrites the content of the page cache before use', async (t) => {
  const disk = new MemoryDisk();
  const { journal, write } = await open(disk);
  await write(entry(1));
  disk.fault = (step) => (step.kind === 'write' ? 'fail' : 'none');
  journal.append([entry(2)]);
  await journal.close();
  disk.fault = undefined;
  disk.kill();
  const again = await open(disk);
  const last = again.journal.recovered.last.seq;
  // The machine stops: only what was synced is left.
  disk.crash({
    fraction: () => 0,
    integer: () => 0,
    bytes: () => new Uint8Array(0),
    uuid: () => '',
  });
  const afterwards = await open(disk);
  t.equal(last, 2);
  t.equal(afterwards.journal.recovered.last.seq, last);
  t.equal(textOf(await afterwards.journal.readEntry(2)), 'command 2');
});

t.test('files of an unfinished open are removed', async (t) => {
  const disk = new MemoryDisk();
  const { journal } = await open(disk);
  await journal.close();
  await disk.replace(`${folder}/00000007.seg.12-0-3.tmp`, new Uint8Array(3));
  const again = await open(disk);
  await again.journal.close();
  t.notOk(disk.paths().some((path) => path.endsWith('.tmp')));
});
