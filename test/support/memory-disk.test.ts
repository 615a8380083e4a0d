import t from 'tap';
import type { Clock } from '../../src/base/clock.js';
import { seededRandom } from '../../src/base/random.js';
import { MemoryDisk } from './memory-disk.js';

const path = '/folder/file';

/** The bytes that a crash leaves of a write that was never durable. */
async function afterCrash(seed: number): Promise<Uint8Array> {
  const disk = new MemoryDisk();
  const file = await disk.preallocate(path, 8192);
  disk.fault = () => 'hang';
  void file.writeDurably(0, new Uint8Array(8192).fill(1));
  disk.fault = undefined;
  disk.crash(seededRandom(seed));
  return (await disk.readFile(path)) ?? new Uint8Array(0);
}

t.test('a crash keeps, loses or tears what was not synced, by the seed', async (t) => {
  const kinds = new Set<string>();
  for (let seed = 0; seed < 40; seed++) {
    const bytes = await afterCrash(seed);
    const ones = bytes.reduce((sum, byte) => sum + byte, 0);
    t.equal(ones % 512, 0, 'sectors are whole');
    kinds.add(ones === 0 ? 'lost' : ones === 8192 ? 'kept' : 'torn');
    t.ok(Buffer.from(bytes).equals(await afterCrash(seed)), 'the same seed, the same crash');
  }
  t.strictSame([...kinds].sort(), ['kept', 'lost', 'torn']);
});

t.test('a crash loses nothing that was durable', async (t) => {
  for (let seed = 0; seed < 20; seed++) {
    const disk = new MemoryDisk();
    const file = await disk.preallocate(path, 1024);
    await file.writeDurably(10, Uint8Array.of(1, 2, 3));
    await disk.replace('/folder/other', Uint8Array.of(4));
    disk.crash(seededRandom(seed));
    t.strictSame((await disk.readFile(path))?.slice(10, 13), Uint8Array.of(1, 2, 3));
    t.strictSame(await disk.readFile('/folder/other'), Uint8Array.of(4));
  }
});

t.test('a name may be lost until its folder is synced', async (t) => {
  const found = new Set<boolean>();
  for (let seed = 0; seed < 40; seed++) {
    const disk = new MemoryDisk();
    disk.fault = ({ kind }) => (kind === 'sync-folder' ? 'hang' : 'none');
    void disk.replace(path, Uint8Array.of(1));
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    disk.fault = undefined;
    t.ok(disk.paths().includes(path), 'the page cache has it');
    disk.crash(seededRandom(seed));
    found.add(disk.paths().includes(path));
  }
  t.equal(found.size, 2);
});

t.test('a failed write can be read until the machine stops', async (t) => {
  const disk = new MemoryDisk();
  const file = await disk.preallocate(path, 512);
  disk.fault = ({ kind }) => (kind === 'write' ? 'fail' : 'none');
  await t.rejects(file.writeDurably(0, Uint8Array.of(9)), { code: 'EIO' });
  t.strictSame(await file.read(0, 1), Uint8Array.of(9));
  disk.fault = undefined;
  const left = new Set<number | undefined>();
  for (let seed = 0; seed < 20; seed++) {
    const again = new MemoryDisk();
    const failing = await again.preallocate(path, 512);
    again.fault = ({ kind }) => (kind === 'write' ? 'fail' : 'none');
    await failing.writeDurably(0, Uint8Array.of(9)).catch(() => {});
    again.fault = undefined;
    again.crash(seededRandom(seed));
    left.add((await again.readFile(path))?.[0]);
  }
  t.strictSame([...left].sort(), [0, 9]);
});

t.test('a process that is gone writes no more', async (t) => {
  const disk = new MemoryDisk();
  const file = await disk.preallocate(path, 512);
  disk.kill();
  let ended = false;
  void file.writeDurably(0, Uint8Array.of(9)).finally(() => {
    ended = true;
  });
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  t.equal(ended, false);
  t.strictSame((await disk.readFile(path))?.[0], 0);
});

t.test('with a clock, steps take the time that they are given', async (t) => {
  const waits: { ms: number; callback: () => void }[] = [];
  const clock: Clock = {
    nowMs: () => 0,
    wallMs: () => 0,
    after: (ms, callback) => {
      waits.push({ ms, callback });
      return { cancel: () => {} };
    },
    afterTurn: () => {},
  };
  const disk = new MemoryDisk({ clock, latencyMs: ({ kind }) => (kind === 'write' ? 5 : 0) });
  let done = false;
  const writing = disk.replace(path, Uint8Array.of(1)).then(() => {
    done = true;
  });
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  t.strictSame(
    waits.map(({ ms }) => ms),
    [5],
  );
  t.equal(done, false);
  waits[0]?.callback();
  await writing;
  t.equal(done, true);
});
