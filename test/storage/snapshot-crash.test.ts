// Every step of making, sending and taking a snapshot as the last one (docs/PROTOCOL.md, R11).
import t from 'tap';
import { required } from '../../src/base/assert.js';
import { seededRandom } from '../../src/base/random.js';
import { SnapshotStore } from '../../src/storage/snapshot-store.js';
import { type DiskStep, MemoryDisk } from '../support/memory-disk.js';
import { runs } from '../support/runs.js';
import { brief, folder, labelOf, load, parts, piecesOf, save } from './snapshot-builders.js';

/** What a machine's stop makes of unsynced writes differs by the seed; a killed process loses none. */
const seeds = runs(3, 12);

interface Deed {
  readonly title: string;
  /** Durable when it resolves: from there on the newest one is `after`. */
  run(store: SnapshotStore): Promise<unknown>;
  readonly before: number;
  readonly after: number;
}

async function sentParts(): Promise<Uint8Array[]> {
  const source = new SnapshotStore(new MemoryDisk(), folder);
  await save(source, 3);
  return parts(required(await source.newest(), 'a snapshot'));
}

const making: Deed = {
  title: 'making a snapshot',
  run: (store) => save(store, 3),
  before: 2,
  after: 3,
};
const sending: Deed = {
  title: 'sending a snapshot',
  run: async (store) => parts(required(await store.newest(), 'a snapshot')),
  before: 2,
  after: 2,
};
const taking = (sent: readonly Uint8Array[]): Deed => ({
  title: 'taking a snapshot',
  async run(store) {
    const incoming = store.receive();
    for (const part of sent) await incoming.write(part);
    await incoming.finish();
  },
  before: 2,
  after: 3,
});

async function twoSnapshots(): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const store = new SnapshotStore(disk, folder);
  for (const seq of [1, 2]) await save(store, seq);
  return disk.copy();
}

async function trace(deed: Deed): Promise<DiskStep[]> {
  const disk = await twoSnapshots();
  const steps: DiskStep[] = [];
  disk.fault = (step) => {
    steps.push(step);
    return 'none';
  };
  await deed.run(new SnapshotStore(disk, folder));
  return steps;
}

/** The deed up to `count` steps; then the process is killed, or the machine stops. */
async function cutOff(deed: Deed, count: number, seed: number | 'kill'): Promise<MemoryDisk> {
  const disk = await twoSnapshots();
  let steps = count;
  disk.fault = () => (steps-- > 0 ? 'none' : 'hang');
  let done = false;
  void deed.run(new SnapshotStore(disk, folder)).then(() => {
    done = true;
  });
  while (steps >= 0 && !done) await Promise.resolve();
  disk.fault = undefined;
  if (seed === 'kill') disk.kill();
  else disk.crash(seededRandom(1_000 * count + seed));
  return disk;
}

t.test('a replica that crashes at any step restarts with a whole snapshot', async (t) => {
  for (const deed of [making, sending, taking(await sentParts())]) {
    const steps = await trace(deed);
    const found = new Set<number>();
    for (let count = 0; count <= steps.length; count++) {
      for (const seed of ['kill', ...Array.from({ length: seeds }, (_, at) => at)] as const) {
        const disk = await cutOff(deed, count, seed);
        const store = new SnapshotStore(disk, folder);
        await store.tidy();
        const loaded = await load(store);
        const where = `${deed.title}, step ${count}, ${seed}`;
        const seq = loaded?.seq ?? 0;
        found.add(seq);
        const isRight = seq === deed.before || seq === deed.after;
        if (!isRight || loaded?.passedOver) t.fail(`${where}: ${seq}, ${loaded?.passedOver}`);
        if (count === steps.length) t.equal(seq, deed.after, `${where}: durable when it resolves`);
        if (loaded?.pieces.join() !== brief(piecesOf(seq)).join())
          t.fail(`${where}: the state is another`);
        const litter = disk.paths().filter((path) => !isWhole(disk, path));
        if (litter.length > 0) t.fail(`${where}: ${litter}`);
      }
    }
    t.strictSame([...found].sort(), [...new Set([deed.before, deed.after])], deed.title);
    t.comment(`${deed.title}: ${steps.length} steps`);
  }
});

t.test(
  'after any of these crashes the next snapshot is made and old ones are removed',
  async (t) => {
    const steps = await trace(making);
    for (let count = 0; count <= steps.length; count++) {
      const disk = await cutOff(making, count, count);
      const store = new SnapshotStore(disk, folder);
      await store.tidy();
      await store.save(labelOf(4), piecesOf(4));
      await store.save(labelOf(5), piecesOf(5));
      if (disk.paths().length !== 4) t.fail(`step ${count}: ${disk.paths()}`);
      if ((await load(store))?.seq !== 5) t.fail(`step ${count}`);
    }
    t.pass();
  },
);

/** A manifest with its bulk beside it, or the other way round. */
function isWhole(disk: MemoryDisk, path: string): boolean {
  const stem = path.slice(0, path.indexOf('.'));
  const pair = disk.paths().filter((other) => other.startsWith(`${stem}.`));
  return /\.(json|bulk)$/.test(path) && pair.length === 2;
}
