// Crashes at any step, with unsynced writes lost, kept or torn by sectors or blocks: the journal opens
// by itself, with all that was acknowledged (docs/PROTOCOL.md, R10).
import t from 'tap';
import { type Random, seededRandom } from '../../src/base/random.js';
import type { LogRecord } from '../../src/consensus/types.js';
import { formatCluster, openIdentity } from '../../src/storage/identity.js';
import { MemoryDisk } from '../support/memory-disk.js';
import { runs } from '../support/runs.js';
import { contents, entry, folder, kib, open, truncate, type Watched } from './builders.js';

const options = { segmentBytes: 64 * kib, batchBytesMax: 16 * kib };

const members = ['catalog-1', 'order-1', 'order-2'];
const identity = { id: 'order-1', members, init: false };

/** With its mark beside it, as a member has it. */
async function openMarked(disk: MemoryDisk): Promise<Watched> {
  const random = seededRandom(7);
  const marks = (await openIdentity(disk, '/order-1', { ...identity, random })).log('order');
  return open(disk, { ...options, marks });
}

/** What the process had begun hangs before the power goes, so that nothing of it reaches the next. */
async function cutPower(disk: MemoryDisk, random: Random): Promise<void> {
  disk.fault = () => 'hang';
  await new Promise((resolve) => setImmediate(resolve));
  disk.crash(random, random.integer(2) === 0 ? 512 : 4 * kib);
  disk.fault = undefined;
}

/** The log after each record, as a list of `seq:command`. */
class Model {
  readonly states: string[][] = [[]];

  add(record: LogRecord): void {
    const before = this.states.at(-1) ?? [];
    if (record.kind === 'truncate') this.states.push(before.slice(0, record.from - 1));
    if (record.kind === 'entry') {
      const text = new TextDecoder().decode(record.entry.command);
      this.states.push([...before, `${record.entry.seq}:${text}`]);
    }
  }
}

t.test('after a crash the log is in its last durable state, or a later one', async (t) => {
  for (let seed = 1; seed <= runs(30, 100); seed++) {
    const random = seededRandom(seed);
    const disk = new MemoryDisk();
    await formatCluster(disk, '/', { members, random });
    let seen: string[] = [];
    for (let life = 1; life <= 4; life++) {
      const model = new Model();
      model.states[0] = seen;
      const { journal, durable } = await openMarked(disk);
      t.strictSame(await contents(journal), seen, `seed ${seed}, life ${life}`);
      let steps = random.integer(40);
      disk.fault = () => (steps-- > 0 ? 'none' : 'hang');
      for (let round = 0; round < 12; round++) {
        for (let count = random.integer(4); count >= 0; count--) {
          const last = journal.lastSeq();
          const record: LogRecord =
            last > 1 && random.integer(8) === 0
              ? truncate(1 + random.integer(last))
              : entry(
                  last + 1,
                  `${seed}.${life}.${random.integer(1000)}`.padEnd(random.integer(9_000)),
                );
          journal.append([record]);
          model.add(record);
        }
        for (let turns = random.integer(9); turns > 0; turns--) await Promise.resolve();
      }
      await cutPower(disk, random);
      const acknowledged = durable.at(-1) ?? 0;
      const copy = await openMarked(disk.copy());
      seen = await contents(copy.journal);
      const found = JSON.stringify(seen);
      const allowed = model.states.slice(acknowledged).some((one) => JSON.stringify(one) === found);
      if (!allowed) t.fail(`seed ${seed}, life ${life}: ${acknowledged} acknowledged, ${found}`);
    }
  }
});

t.test('after a crash during open the journal can be opened again', async (t) => {
  for (let seed = 1; seed <= runs(20, 60); seed++) {
    const random = seededRandom(seed);
    const disk = new MemoryDisk();
    await formatCluster(disk, '/', { members, random });
    const { journal, write } = await openMarked(disk);
    const size = 1 + random.integer(14);
    for (let seq = 1; seq <= size; seq++)
      await write(entry(seq, 'x'.repeat(random.integer(9_000))));
    // The last write is torn, so that the opening has something to do.
    disk.fault = ({ kind, path }) =>
      kind === 'write' && path.startsWith(folder) ? 'hang' : 'none';
    journal.append([entry(size + 1, 'y'.repeat(random.integer(9_000)))]);
    await cutPower(disk, random);
    for (let attempt = 0; attempt < 3; attempt++) {
      let steps = random.integer(20);
      disk.fault = () => (steps-- > 0 ? 'none' : 'hang');
      void openMarked(disk).catch(() => {});
      for (let turn = 0; turn < 200; turn++) await Promise.resolve();
      await cutPower(disk, random);
    }
    const again = await openMarked(disk);
    const found = await contents(again.journal);
    t.ok(found.length === size || found.length === size + 1, `seed ${seed}: ${found.length}`);
    await again.journal.close();
  }
});
