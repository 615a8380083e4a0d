// Every step of packing a closed segment, and of dropping one for a snapshot, as the last one.
import t from 'tap';
import { required } from '../../src/base/assert.js';
import { seededRandom } from '../../src/base/random.js';
import { rewriteWithoutPadding } from '../../src/storage/compaction.js';
import { SnapshotStore } from '../../src/storage/snapshot-store.js';
import { MemoryDisk } from '../support/memory-disk.js';
import { runs } from '../support/runs.js';
import { contents, entry, folder, kib, open, truncate } from './builders.js';
import * as snapshots from './snapshot-builders.js';

const sizes = { segmentBytes: 64 * kib, batchBytesMax: 16 * kib };
const seeds = runs(2, 8);
const last = 24;

/** Some closed segments of batches of one entry, with a truncation in one of them. */
async function book(keepAll: boolean): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const { journal, write } = await open(disk, { ...sizes, keepAll });
  for (let seq = 1; seq <= 9; seq++) await write(entry(seq, `order ${seq}`));
  await write(truncate(9));
  for (let seq = 9; seq <= last; seq++) await write(entry(seq, `order ${seq} new`));
  await journal.close();
  return disk.copy();
}

/** Does it on a copy of the disk; dies after `count` steps, or never. */
async function upTo(
  fresh: MemoryDisk,
  deed: (disk: MemoryDisk) => Promise<unknown>,
  count: number,
  seed: number | 'kill',
): Promise<{ disk: MemoryDisk; done: boolean }> {
  const disk = fresh.copy();
  let steps = count;
  disk.fault = () => (steps-- > 0 ? 'none' : 'hang');
  let done = false;
  void deed(disk).then(() => {
    done = true;
  });
  while (steps >= 0 && !done) await Promise.resolve();
  disk.fault = undefined;
  if (seed === 'kill') disk.kill();
  else disk.crash(seededRandom(1_000 * count + seed));
  return { disk, done };
}

async function everyDeath(
  fresh: MemoryDisk,
  deed: (disk: MemoryDisk) => Promise<unknown>,
  look: (disk: MemoryDisk, where: string) => Promise<void>,
): Promise<number> {
  for (let count = 0; ; count++) {
    let done = false;
    for (const seed of ['kill', ...Array.from({ length: seeds }, (_, at) => at)] as const) {
      const after = await upTo(fresh, deed, count, seed);
      done ||= after.done;
      await look(after.disk, `step ${count}, ${seed}`);
    }
    if (done) return count;
  }
}

t.test('an order book reads the same after a crash during compaction', async (t) => {
  const fresh = await book(true);
  const before = await contents((await open(fresh.copy(), { ...sizes, keepAll: true })).journal);
  const pack = async (disk: MemoryDisk): Promise<void> => {
    const { journal } = await open(disk, { ...sizes, keepAll: true });
    const closed = required(journal.closedSegments()[1], 'a closed segment');
    await journal.adoptRewritten(await rewriteWithoutPadding(disk, closed.path));
  };
  const steps = await everyDeath(fresh, pack, async (disk, where) => {
    const { journal, write } = await open(disk, { ...sizes, keepAll: true });
    if (String(await contents(journal)) !== String(before)) t.fail(where);
    for (const { path, layout } of journal.closedSegments()) {
      if (layout === 'padded')
        await journal.adoptRewritten(await rewriteWithoutPadding(disk, path));
    }
    await write(entry(last + 1, 'later'));
    if ((await contents(journal)).length !== last + 1) t.fail(`${where}: it does not go on`);
    await journal.close();
    const litter = disk.paths().filter((path) => path.endsWith('.tmp'));
    if (litter.length > 0) t.fail(`${where}: ${litter}`);
  });
  t.comment(`${steps} steps`);
  t.ok(steps > 10);
});

t.test('a log that crashes while a snapshot replaces it loses nothing', async (t) => {
  const fresh = await book(false);
  await snapshots.save(new SnapshotStore(fresh, snapshots.folder), 4);
  const shorten = async (disk: MemoryDisk): Promise<void> => {
    const { journal } = await open(disk, sizes);
    await snapshots.save(new SnapshotStore(disk, snapshots.folder), journal.closedThrough());
    await journal.dropBefore(journal.closedThrough() + 1);
  };
  const firsts = new Set<number>();
  const steps = await everyDeath(fresh, shorten, async (disk, where) => {
    const store = new SnapshotStore(disk, snapshots.folder);
    await store.tidy();
    const loaded = await snapshots.load(store);
    const { journal } = await open(disk, sizes);
    const [first, end] = [journal.firstSeq(), journal.lastSeq()];
    firsts.add(first);
    const reaches = loaded && !loaded.passedOver && first <= loaded.seq + 1 && end === last;
    if (!reaches) t.fail(`${where}: ${loaded?.seq}, then ${first} to ${end}`);
    if ((await contents(journal)).length !== last - first + 1) t.fail(`${where}: a gap`);
    await journal.close();
    if (disk.paths().some((path) => path.startsWith(folder) && path.endsWith('.tmp')))
      t.fail(where);
  });
  t.ok(firsts.size > 2 && steps > 10, `${steps} steps, from ${[...firsts].join(', ')}`);
});
