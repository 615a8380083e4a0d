// Crashes at any step, with unsynced writes lost, kept or torn (docs/PROTOCOL.md, R10).
import t from 'tap';
import { seededRandom } from '../../src/base/random.js';
import type { LogRecord } from '../../src/consensus/types.js';
import { CorruptionError } from '../../src/storage/corruption.js';
import { MemoryDisk } from '../../src/storage/memory-disk.js';
import { contents, entry, kib, open, truncate } from './builders.js';

const options = { segmentBytes: 64 * kib, batchBytesMax: 16 * kib };

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

t.test('after a crash the log is one that was durable, or a later one', async (t) => {
  let refusals = 0;
  for (let seed = 1; seed <= 100; seed++) {
    const random = seededRandom(seed);
    const disk = new MemoryDisk();
    let seen: string[] = [];
    for (let life = 1; life <= 4; life++) {
      const model = new Model();
      model.states[0] = seen;
      let opened: Awaited<ReturnType<typeof open>>;
      try {
        opened = await open(disk, options);
      } catch (error) {
        if (!(error instanceof CorruptionError)) throw error;
        // The trailer of the last batch got through and its records did not: refused, not lost.
        refusals++;
        break;
      }
      const { journal, durable } = opened;
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
                  `${seed}.${life}.${random.integer(1000)}`.padEnd(random.integer(3000)),
                );
          journal.append([record]);
          model.add(record);
        }
        for (let turns = random.integer(6); turns > 0; turns--) await Promise.resolve();
      }
      disk.fault = undefined;
      disk.crash(random);
      const acknowledged = durable.at(-1) ?? 0;
      const copy = await open(disk.copy(), options).catch((error: unknown) => {
        if (error instanceof CorruptionError) return undefined;
        throw error;
      });
      if (!copy) {
        refusals++;
        break;
      }
      seen = await contents(copy.journal);
      const found = JSON.stringify(seen);
      const allowed = model.states.slice(acknowledged).some((one) => JSON.stringify(one) === found);
      if (!allowed) t.fail(`seed ${seed}, life ${life}: ${acknowledged} acknowledged, ${found}`);
    }
  }
  t.ok(refusals < 50, `${refusals} refusals`);
});
