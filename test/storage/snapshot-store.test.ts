import t from 'tap';
import { seededRandom } from '../../src/base/random.js';
import { MemoryDisk } from '../../src/storage/memory-disk.js';
import type { Snapshot } from '../../src/storage/snapshot-store.js';
import { SnapshotStore } from '../../src/storage/snapshot-store.js';

const folder = '/snapshots';
const pathOf = (seq: number): string => `${folder}/snapshot-${String(seq).padStart(16, '0')}.json`;

function snapshotOf(seq: number): Snapshot {
  const state = { products: [{ id: seq, name: 'Tux' }], keys: ['ä', null] };
  return { seq, epoch: 2, time: seq * 10, hash: `hash ${seq}`, state };
}

t.test('the newest snapshot is loaded, as it was saved', async (t) => {
  const store = new SnapshotStore(new MemoryDisk(), folder);
  t.equal(await store.load(), undefined);
  await store.save(snapshotOf(9));
  await store.save(snapshotOf(10));
  t.strictSame(await store.load(), snapshotOf(10));
  t.strictSame(await store.load(9), snapshotOf(9));
  t.equal(await store.load(8), undefined);
});

t.test('the last two are kept', async (t) => {
  const disk = new MemoryDisk();
  const store = new SnapshotStore(disk, folder);
  for (const seq of [5, 6, 70, 100]) await store.save(snapshotOf(seq));
  t.strictSame(disk.paths(), [pathOf(70), pathOf(100)]);
});

t.test('a damaged snapshot is passed over for the one before', async (t) => {
  const disk = new MemoryDisk();
  const store = new SnapshotStore(disk, folder);
  await store.save(snapshotOf(1));
  await store.save(snapshotOf(2));
  disk.flipBit(pathOf(2), 40, 3);
  t.strictSame(await store.load(), snapshotOf(1));
  disk.flipBit(pathOf(1), 40, 3);
  await t.rejects(store.load(), { code: 'corruption', file: pathOf(2) });
});

t.test('a snapshot travels as bytes, and damage on the way is refused', async (t) => {
  const source = new SnapshotStore(new MemoryDisk(), folder);
  t.equal(await source.loadBytes(), undefined);
  await source.save(snapshotOf(4));
  const found = await source.loadBytes();
  t.strictSame(found?.snapshot, snapshotOf(4));
  const bytes = found?.bytes ?? new Uint8Array(0);
  const target = new SnapshotStore(new MemoryDisk(), folder);
  t.strictSame(await target.saveBytes(bytes), snapshotOf(4));
  t.strictSame(await target.load(), snapshotOf(4));
  const damaged = bytes.slice();
  damaged[20] = (damaged[20] ?? 0) ^ 1;
  const empty = new SnapshotStore(new MemoryDisk(), folder);
  await t.rejects(empty.saveBytes(damaged), { code: 'corruption' });
  t.equal(await empty.load(), undefined);
});

t.test('older ones are removed only when the new one is durable', async (t) => {
  const disk = new MemoryDisk();
  const store = new SnapshotStore(disk, folder);
  for (const seq of [1, 2]) await store.save(snapshotOf(seq));
  const steps: string[] = [];
  disk.fault = ({ kind, path }) => {
    steps.push(`${kind} ${path.replace(/\.\d+\.tmp$/, '.tmp')}`);
    return 'none';
  };
  await store.save(snapshotOf(3));
  const [synced, removed] = [
    steps.indexOf(`sync-folder ${folder}`),
    steps.indexOf(`remove ${pathOf(1)}`),
  ];
  t.ok(synced >= 0 && removed > synced, steps.join(', '));
});

t.test('a crash at any step of a save leaves the old newest or the new one', async (t) => {
  const outcomes = new Set<number>();
  for (let seed = 0; seed < 160; seed++) {
    const disk = new MemoryDisk();
    const store = new SnapshotStore(disk, folder);
    for (const seq of [1, 2]) await store.save(snapshotOf(seq));
    let steps = seed % 8;
    disk.fault = () => (steps-- > 0 ? 'none' : 'hang');
    let saved = false;
    void store.save(snapshotOf(3)).then(() => {
      saved = true;
    });
    for (let turn = 0; turn < 60; turn++) await Promise.resolve();
    disk.fault = undefined;
    disk.crash(seededRandom(seed));
    const again = new SnapshotStore(disk, folder);
    const { seq } = (await again.load()) ?? snapshotOf(0);
    outcomes.add(seq);
    if (saved) t.equal(seq, 3, 'durable when it resolves');
    await again.save(snapshotOf(4));
    t.equal(disk.paths().length, 2, 'what the crash left over is cleared away');
  }
  t.strictSame([...outcomes].sort(), [2, 3]);
});
