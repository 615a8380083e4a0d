import t from 'tap';
import { seededRandom } from '../../src/base/random.js';
import { JsonFile } from '../../src/storage/json-file.js';
import type { DiskStep } from '../support/memory-disk.js';
import { MemoryDisk } from '../support/memory-disk.js';

interface Counter {
  count: number;
  name: string;
}

const file = '/state/counter.json';
const initial = (): Counter => ({ count: 0, name: 'ä"\n' });

t.test('an update is present when the file is opened again', async (t) => {
  const disk = new MemoryDisk();
  const counter = await JsonFile.open(disk, file, initial());
  t.strictSame(counter.data, initial());
  t.strictSame(disk.paths(), [], 'nothing is written before the first update');
  await counter.update((data) => {
    data.count = 7;
  });
  const again = await JsonFile.open(disk, file, initial());
  t.strictSame(again.data, { count: 7, name: 'ä"\n' });
});

t.test('people can read it, and so can any JSON reader', async (t) => {
  const disk = new MemoryDisk();
  const counter = await JsonFile.open(disk, file, initial());
  await counter.update(() => {});
  const text = new TextDecoder().decode(await disk.readFile(file));
  t.match(JSON.parse(text), { count: 0, name: 'ä"\n', checksum: /^[0-9a-f]{8}$/ });
  t.match(text, /^\{\n {2}"count": 0,\n/);
});

t.test(
  'it is written to a temporary file, synced and renamed, and then its folder is synced',
  async (t) => {
    const disk = new MemoryDisk();
    const counter = await JsonFile.open(disk, file, initial());
    const steps: DiskStep[] = [];
    disk.fault = (step) => {
      steps.push(step);
      return 'none';
    };
    await counter.update(() => {});
    t.strictSame(
      steps.map(({ kind, path }) => `${kind} ${path.replace(/\.\d+\.tmp$/, '.tmp')}`),
      [`write ${file}.tmp`, `sync ${file}.tmp`, `rename ${file}`, 'sync-folder /state'],
    );
  },
);

t.test('concurrent updates are written in order', async (t) => {
  const disk = new MemoryDisk();
  const counter = await JsonFile.open(disk, file, initial());
  const updates = [1, 2, 3, 4].map((count) =>
    counter.update((data) => {
      data.count = count;
    }),
  );
  await Promise.all(updates);
  t.equal((await JsonFile.open(disk, file, initial())).data.count, 4);
});

t.test('an update after one that failed is written', async (t) => {
  const disk = new MemoryDisk();
  const counter = await JsonFile.open(disk, file, initial());
  disk.fault = () => 'fail';
  await t.rejects(
    counter.update(() => {}),
    { code: 'EIO' },
  );
  disk.fault = undefined;
  await counter.update((data) => {
    data.count = 2;
  });
  t.equal((await JsonFile.open(disk, file, initial())).data.count, 2);
});

t.test('a crash at any step leaves the old state or the new one', async (t) => {
  const outcomes = new Set<number>();
  for (let seed = 0; seed < 120; seed++) {
    const disk = new MemoryDisk();
    const counter = await JsonFile.open(disk, file, initial());
    await counter.update((data) => {
      data.count = 1;
    });
    let steps = seed % 5;
    disk.fault = () => (steps-- > 0 ? 'none' : 'hang');
    let written = false;
    void counter
      .update((data) => {
        data.count = 2;
      })
      .then(() => {
        written = true;
      });
    for (let turn = 0; turn < 30; turn++) await Promise.resolve();
    disk.fault = undefined;
    disk.crash(seededRandom(seed));
    const { count } = (await JsonFile.open(disk, file, initial())).data;
    outcomes.add(count);
    if (written) t.equal(count, 2, 'durable when it resolves');
    if (seed % 5 < 2) t.equal(count, 1, 'not before the rename');
  }
  t.strictSame([...outcomes].sort(), [1, 2]);
});

t.test('a changed or truncated file is refused by name', async (t) => {
  const disk = new MemoryDisk();
  await (await JsonFile.open(disk, file, initial())).update(() => {});
  const size = (await disk.readFile(file))?.length ?? 0;
  for (let offset = 0; offset < size; offset++) {
    const flipped = disk.copy();
    flipped.flipBit(file, offset, offset % 8);
    await t.rejects(JsonFile.open(flipped, file, initial()), { code: 'corruption', file });
    const cut = disk.copy();
    cut.cut(file, offset);
    await t.rejects(JsonFile.open(cut, file, initial()), { code: 'corruption', file });
  }
});
