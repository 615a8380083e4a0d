import t from 'tap';
import { silentLogger } from '../../../src/base/logging.js';
import { seededRandom } from '../../../src/base/random.js';
import { CatalogMachine } from '../../../src/catalog/machine/catalog-machine.js';
import { restoreCatalog } from '../../../src/catalog/service/restore.js';
import { dueSnapshot, keepSnapshots } from '../../../src/catalog/service/snapshots.js';
import { type LogFolder, openLog } from '../../../src/group/folder.js';
import { JobsPool } from '../../../src/pool/jobs-pool.js';
import { openIdentity } from '../../../src/storage/identity.js';
import { ManualClock } from '../../helpers/manual-clock.js';
import { MemoryDisk } from '../../support/memory-disk.js';
import { byClient, type CatalogLog, toyLog } from '../log-builder.js';

t.test('a snapshot runs slowly unless the journal outgrows it', async (t) => {
  t.equal(dueSnapshot(3, 4), undefined);
  t.same(dueSnapshot(4, 4), { isHurried: false });
  t.same(dueSnapshot(7, 4), { isHurried: false });
  t.same(dueSnapshot(8, 4), { isHurried: true });
});

const home = '/data/catalog-1';
const sizes = { segmentBytes: 65_536, batchBytesMax: 32_768 };
const zeros = { seq: 0, epoch: 0, time: 0 };

async function open(disk: MemoryDisk, init: boolean): Promise<LogFolder> {
  const options = { id: 'catalog-1', members: ['catalog-1'], init, random: seededRandom(1) };
  const identity = await openIdentity(disk, home, options);
  const log = identity.log('catalog');
  const common = { log, keepAll: false, repair: false, alone: true, logger: silentLogger };
  return openLog(home, { ...common, disk, sizes });
}

/** Sells to the journal, one purchase an entry, until this many segments are closed. */
async function fill(folder: LogFolder, log: CatalogLog, segments: number): Promise<void> {
  const { journal } = folder;
  for (let n = 0; journal.closedSegments().length < segments; n++) {
    log.sell(byClient(`${log.entries.length} ${n}`, [[1, 1]]));
    const durable = new Promise((resolve) => journal.onDurable(resolve));
    const entries = log.entries.filter(({ seq }) => seq > journal.lastSeq());
    journal.append(entries.map((entry) => ({ kind: 'entry', entry })));
    await durable;
  }
}

async function stop(folder: LogFolder, machine: CatalogMachine, clock = new ManualClock()) {
  const kept = keepSnapshots({
    folder,
    store: { machine, status: () => t.fail('the group has stopped') as never },
    jobs: new JobsPool({ clock, logger: silentLogger }),
    clock,
    logger: silentLogger,
    base: zeros,
    everyBytes: 2 ** 40,
  });
  await kept.saveAtStop();
  await folder.journal.close();
}

t.test('a graceful stop saves the state, and the next start replays none of it', async (t) => {
  const disk = new MemoryDisk();
  const log = toyLog(new CatalogMachine());
  const folder = await open(disk, true);
  await fill(folder, log, 2);
  await stop(folder, log.machine);
  const again = await open(disk, false);
  const restored = new CatalogMachine();
  const base = await restoreCatalog(again.snapshots, restored);
  t.equal(base.seq, again.journal.lastSeq());
  t.equal(restored.hash(), log.machine.hash());
  t.equal(again.journal.firstSeq(), 1, 'the journal stays as long as an older snapshot needs it');
});

t.test('a stop that would save less than a segment of replay saves nothing', async (t) => {
  const disk = new MemoryDisk();
  const log = toyLog(new CatalogMachine());
  const folder = await open(disk, true);
  await fill(folder, log, 0);
  await stop(folder, log.machine);
  const again = await open(disk, false);
  t.same(await restoreCatalog(again.snapshots, new CatalogMachine()), zeros);
});

t.test('a snapshot that takes too long is given up, and nothing of it stays', async (t) => {
  const disk = new MemoryDisk();
  const log = toyLog(new CatalogMachine());
  const folder = await open(disk, true);
  await fill(folder, log, 2);
  const clock = new ManualClock();
  let nowMs = 0;
  clock.nowMs = () => {
    nowMs += 3_000;
    return nowMs;
  };
  await stop(folder, log.machine, clock);
  const again = await open(disk, false);
  t.same(await restoreCatalog(again.snapshots, new CatalogMachine()), zeros);
  t.same(await disk.list(`${home}/snapshots`), []);
  t.equal(again.journal.firstSeq(), 1);
});
