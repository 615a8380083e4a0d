import t from 'tap';
import { required } from '../../src/base/assert.js';
import { SnapshotStore } from '../../src/storage/snapshot-store.js';
import { MemoryDisk } from '../support/memory-disk.js';
import { brief, folder, labelOf, load, parts, piecesOf, save } from './snapshot-builders.js';

const manifest = (seq: number): string =>
  `${folder}/snapshot-${String(seq).padStart(16, '0')}.json`;

function bulk(disk: MemoryDisk, seq: number): string {
  const stem = `${folder}/snapshot-${String(seq).padStart(16, '0')}.`;
  const found = disk.paths().find((path) => path.startsWith(stem) && path.endsWith('.bulk'));
  return required(found, `the bulk of ${seq}`);
}

t.test('the newest snapshot is loaded unchanged', async (t) => {
  const store = new SnapshotStore(new MemoryDisk(), folder);
  t.equal(await load(store), undefined);
  await save(store, 9);
  await save(store, 10);
  t.strictSame(await load(store), { seq: 10, pieces: brief(piecesOf(10)), passedOver: undefined });
  t.equal((await load(store, 9))?.seq, 9);
  t.equal(await load(store, 8), undefined);
});

t.test('pieces are restored however they lie in the chunks', async (t) => {
  const chunk = 256 * 1024;
  for (const lengths of [
    [],
    [0],
    [chunk - 4],
    [chunk - 6, 5],
    [3 * chunk, 1],
    [1, 2 * chunk - 5],
  ]) {
    const store = new SnapshotStore(new MemoryDisk(), folder);
    const bytes = await save(store, 1, lengths);
    t.equal(
      bytes,
      lengths.reduce((sum, length) => sum + 4 + length, 0),
    );
    t.strictSame((await load(store))?.pieces, brief(piecesOf(1, lengths)), lengths.join(', '));
  }
});

t.test('its position in the log is read without the state', async (t) => {
  const disk = new MemoryDisk();
  const store = new SnapshotStore(disk, folder);
  t.equal(await store.newest(), undefined);
  await save(store, 4);
  const read: string[] = [];
  disk.fault = ({ kind, path }) => {
    if (kind === 'read') read.push(path);
    return 'none';
  };
  const newest = required(await store.newest(), 'a snapshot');
  t.strictSame(newest.mark, labelOf(4));
  await newest.close();
  t.strictSame(read, [manifest(4)]);
});

t.test('the last two are kept, each a manifest and its bulk', async (t) => {
  const disk = new MemoryDisk();
  const store = new SnapshotStore(disk, folder);
  for (const seq of [5, 6, 70, 100]) await save(store, seq);
  const expected = [manifest(70), bulk(disk, 70), manifest(100), bulk(disk, 100)];
  t.strictSame(disk.paths(), expected.sort());
});

t.test('a snapshot of the same entry with other content replaces the first', async (t) => {
  const store = new SnapshotStore(new MemoryDisk(), folder);
  await save(store, 5);
  await save(store, 5, [7, 7]);
  t.strictSame((await load(store))?.pieces, brief(piecesOf(5, [7, 7])));
});

t.test('a damaged snapshot is skipped for the one before, and reported', async (t) => {
  const disk = new MemoryDisk();
  const store = new SnapshotStore(disk, folder);
  await save(store, 1);
  await save(store, 2);
  const damages: ((disk: MemoryDisk) => [file: string])[] = [
    (disk) => [flip(disk, bulk(disk, 2), 300_100)],
    (disk) => [flip(disk, manifest(2), 40)],
    (disk) => {
      const file = bulk(disk, 2);
      disk.cut(file, 600_000);
      return [file];
    },
    (disk) => {
      const file = bulk(disk, 2);
      void disk.remove(file);
      return [file];
    },
  ];
  for (const damage of damages) {
    const damaged = disk.copy();
    const [file] = damage(damaged);
    const store = new SnapshotStore(damaged, folder);
    t.match(await load(store), { seq: 1, passedOver: file });
    flip(damaged, bulk(damaged, 1), 5);
    await t.rejects(load(new SnapshotStore(damaged, folder)), { code: 'corruption', file });
  }
});

function flip(disk: MemoryDisk, file: string, offset: number): string {
  disk.flipBit(file, offset, 3);
  return file;
}

t.test('a snapshot is sent part by part and arrives unchanged', async (t) => {
  const source = new SnapshotStore(new MemoryDisk(), folder);
  await save(source, 4);
  const sent = await parts(required(await source.newest(), 'a snapshot'));
  t.ok(sent.length > 2);
  const disk = new MemoryDisk();
  const target = new SnapshotStore(disk, folder);
  const incoming = target.receive();
  for (const part of sent) await incoming.write(part);
  t.equal(await load(target), undefined, 'it is not there before it is whole');
  await incoming.finish();
  t.strictSame(await load(target), { seq: 4, pieces: brief(piecesOf(4)), passedOver: undefined });
  t.equal(disk.paths().length, 2);
  const again = await parts(required(await target.newest(), 'a snapshot'));
  t.strictSame(brief(again), brief(sent), 'and goes on');
});

t.test('damage, a missing part and a misplaced part are refused', async (t) => {
  const source = new SnapshotStore(new MemoryDisk(), folder);
  await save(source, 4);
  const sent = await parts(required(await source.newest(), 'a snapshot'));
  const flipped = (at: number): Uint8Array[] =>
    sent.map((part, place) => {
      const copy = part.slice();
      if (place === at) copy[20] = (copy[20] ?? 0) ^ 1;
      return copy;
    });
  const wrong = [
    flipped(0),
    flipped(2),
    sent.slice(0, -1),
    sent.slice(1),
    [...sent.slice(0, 1), ...sent.slice(2)],
  ];
  for (const given of wrong) {
    const disk = new MemoryDisk();
    const store = new SnapshotStore(disk, folder);
    const incoming = store.receive();
    const take = async (): Promise<void> => {
      for (const part of given) await incoming.write(part);
      await incoming.finish();
    };
    await t.rejects(take(), { code: 'corruption' });
    await incoming.discard();
    t.strictSame(disk.paths(), [], 'nothing of it is left');
  }
});

t.test('a snapshot found damaged while it was sent is not sent again', async (t) => {
  const disk = new MemoryDisk();
  const store = new SnapshotStore(disk, folder);
  await save(store, 1);
  await save(store, 2);
  flip(disk, bulk(disk, 2), 400_000);
  const newest = required(await store.newest(), 'a snapshot');
  t.equal(newest.mark.seq, 2);
  await t.rejects(parts(newest), { code: 'corruption', file: bulk(disk, 2) });
  t.equal((await store.newest())?.mark.seq, 1);
});

t.test('a snapshot that is being sent stays readable when newer ones replace it', async (t) => {
  const disk = new MemoryDisk();
  const store = new SnapshotStore(disk, folder);
  await save(store, 1);
  const sending = required(await store.newest(), 'a snapshot');
  const before = brief(await parts(sending));
  for (const seq of [2, 3]) await save(store, seq);
  t.strictSame(brief(await parts(sending)), before);
});

t.test('a save removes only older snapshots than it keeps', async (t) => {
  const disk = new MemoryDisk();
  const store = new SnapshotStore(disk, folder);
  for (const seq of [1, 2]) await save(store, seq);
  const steps: string[] = [];
  const firstBulk = bulk(disk, 1);
  disk.fault = ({ kind, path }) => {
    steps.push(`${kind} ${path}`);
    return 'none';
  };
  await save(store, 3);
  const named = steps.indexOf(`rename ${manifest(3)}`);
  const written = steps.indexOf(`rename ${bulk(disk, 3)}`);
  const synced = steps.indexOf(`sync-folder ${folder}`, named);
  const removed = steps.indexOf(`remove ${manifest(1)}`);
  const bulkRemoved = steps.indexOf(`remove ${firstBulk}`);
  const order = [written, named, synced, removed, bulkRemoved];
  t.ok(written >= 0, steps.join(', '));
  t.strictSame(
    order,
    [...order].sort((a, b) => a - b),
    steps.join(', '),
  );
});

t.test('a disk refusal leaves no partial files and the newest snapshot unchanged', async (t) => {
  const disk = new MemoryDisk();
  const store = new SnapshotStore(disk, folder);
  await save(store, 1);
  let writes = 0;
  disk.fault = ({ kind }) => (kind === 'write' && ++writes === 2 ? 'fail' : 'none');
  await t.rejects(save(store, 2), { code: 'EIO' });
  disk.fault = undefined;
  t.equal(disk.paths().length, 2);
  t.equal((await load(store))?.seq, 1);
});
