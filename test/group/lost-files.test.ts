/**
 * A member whose disk loses any of its files, or has any one cut short: it comes back as the voter
 * that it was, as a learner, or refuses and names a file. It never votes after it has forgotten a
 * promise or an acknowledged entry (docs/PROTOCOL.md, R10, A8).
 */
import t from 'tap';
import { BazarError } from '../../src/base/errors.js';
import { silentLogger } from '../../src/base/logging.js';
import { seededRandom } from '../../src/base/random.js';
import type { LogRecord } from '../../src/consensus/types.js';
import { doubtOf, type LogFolder, openLog, refuseGap } from '../../src/group/folder.js';
import type { GroupName } from '../../src/group/membership.js';
import { newestMark } from '../../src/group/snapshot-files.js';
import { CorruptionError } from '../../src/storage/corruption.js';
import { DiskError } from '../../src/storage/disk-error.js';
import { formatCluster, openIdentity } from '../../src/storage/identity.js';
import type { SegmentedJournal } from '../../src/storage/journal.js';
import { decodeJson, encodeJson } from '../../src/storage/json-file.js';
import { SnapshotStore } from '../../src/storage/snapshot-store.js';
import { parts, save } from '../storage/snapshot-builders.js';
import { MemoryDisk } from '../support/memory-disk.js';

const kib = 1024;
const sizes = { segmentBytes: 32 * kib, batchBytesMax: 8 * kib };
const members = ['catalog-1', 'order-1', 'order-2', 'order-3'];
const promised = 7;
/** More subsets than these are drawn at random. */
const subsetsMax = 256;

interface Case {
  readonly id: string;
  readonly group: GroupName;
  readonly members: readonly string[];
  readonly fill: (disk: MemoryDisk, folder: LogFolder) => Promise<void>;
}

async function openMember(
  disk: MemoryDisk,
  { id, group, members }: Omit<Case, 'fill'>,
  more: { readonly init?: boolean; readonly repair?: boolean } = {},
) {
  const { init = false, repair = false } = more;
  const home = `/data/${id}`;
  const options = { id, members, init, random: seededRandom(Number(id.at(-1))) };
  const identity = await openIdentity(disk, home, options);
  const common = { log: identity.log(group), keepAll: group === 'order', repair, alone: false };
  const folder = await openLog(home, { ...common, logger: silentLogger, disk, sizes });
  return { identity, folder };
}

async function write(journal: SegmentedJournal, ...records: LogRecord[]): Promise<void> {
  const durable = new Promise((resolve) => journal.onDurable(resolve));
  journal.append(records);
  await durable;
}

function entry(seq: number): LogRecord {
  const command = new Uint8Array(5_000).fill(seq);
  return { kind: 'entry', entry: { seq, epoch: 6, time: seq, command } };
}

/** Several segments, and a promise in the last of them. */
async function grow(journal: SegmentedJournal, from: number, through: number): Promise<void> {
  for (let seq = from; seq <= through; seq++) await write(journal, entry(seq));
  await write(journal, { kind: 'promise', epoch: promised, leader: 'b' });
}

const last = 9;

const cases: Record<string, Case> = {
  'a book of orders': {
    ...{ id: 'order-1', group: 'order', members },
    fill: async (_disk, { journal }) => grow(journal, 1, last),
  },
  'a catalog that has dropped what its snapshots hold': {
    ...{ id: 'catalog-1', group: 'catalog', members: [...members, 'catalog-2', 'catalog-3'] },
    async fill(_disk, { journal, snapshots }) {
      await grow(journal, 1, last);
      await save(snapshots, 4, [3]);
      await save(snapshots, 7, [3]);
      await journal.dropBefore(5);
    },
  },
  'a catalog whose whole log is in its snapshots': {
    ...{ id: 'catalog-1', group: 'catalog', members: [...members, 'catalog-2', 'catalog-3'] },
    async fill(_disk, { journal, snapshots }) {
      await grow(journal, 1, last);
      await save(snapshots, last - 1, [3]);
      await save(snapshots, last, [3]);
      for (let n = 0; n < 6; n++) {
        await write(journal, { kind: 'promise', epoch: promised, leader: 'b'.repeat(6_000) });
      }
      await journal.dropBefore(last + 1);
    },
  },
  'a catalog that has a snapshot of its leader': {
    ...{ id: 'catalog-1', group: 'catalog', members: [...members, 'catalog-2', 'catalog-3'] },
    async fill(_disk, { journal, snapshots, snapshotFolder }) {
      await grow(journal, 1, 3);
      const theirs = new SnapshotStore(new MemoryDisk(), snapshotFolder);
      await save(theirs, last, [3]);
      const image = await theirs.newest();
      if (!image) throw new Error('no snapshot');
      const incoming = snapshots.receive();
      for (const part of await parts(image)) await incoming.write(part);
      await incoming.finish();
    },
  },
};

/** What a start comes to; a sentence that begins with `!` is a fault. */
async function outcome(disk: MemoryDisk, of: Case, init: boolean): Promise<string> {
  const cluster = await disk.readFile('/data/cluster.json');
  try {
    const { identity, folder } = await openMember(disk, of, { init });
    const base = await newestMark(folder.snapshots);
    refuseGap(folder, base);
    const { journal } = folder;
    if (identity.learner) return doubtOf(folder, base) ? 'a doubtful member' : 'a learner';
    if (cluster === undefined && init) return 'a voter of another cluster';
    const held = Math.max(base.seq, journal.lastSeq());
    const { epoch } = journal.recovered.promised;
    if (held >= last && epoch === promised) return 'the voter that it was';
    return `! it votes with ${held} entries and a promise of ${epoch}`;
  } catch (error) {
    const named = error instanceof Error && error.message.includes('/data/');
    const isKnown = error instanceof CorruptionError || error instanceof DiskError;
    if (named && (isKnown || error instanceof BazarError)) return 'a refusal';
    return `! ${error}`;
  }
}

async function filled(of: Case): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  await formatCluster(disk, '/data', { members: of.members, random: seededRandom(1) });
  const { folder } = await openMember(disk, of);
  await of.fill(disk, folder);
  await folder.journal.close();
  return disk.copy();
}

function* subsets(count: number): Generator<boolean[]> {
  const random = seededRandom(count);
  const all = 2 ** count;
  for (let n = 1; n < Math.min(all, subsetsMax); n++) {
    const bit = (at: number) => (all <= subsetsMax ? (n >> at) & 1 : random.integer(2));
    yield Array.from({ length: count }, (_, at) => bit(at) === 1);
  }
  // Each alone, and all but each.
  for (let n = 0; n < count; n++) {
    yield Array.from({ length: count }, (_, at) => at === n);
    yield Array.from({ length: count }, (_, at) => at !== n);
  }
}

for (const [title, of] of Object.entries(cases)) {
  const own = (path: string) => path.startsWith(`/data/${of.id}/`) || !path.slice(6).includes('/');

  t.test(`${title}: any files are lost`, async (t) => {
    const disk = await filled(of);
    const paths = disk.paths().filter(own);
    const seen = new Set([await outcome(disk.copy(), of, false)]);
    t.strictSame([...seen], ['the voter that it was']);
    for (const lost of subsets(paths.length)) {
      const damaged = disk.copy();
      for (const [at, path] of paths.entries()) if (lost[at]) await damaged.remove(path);
      for (const init of [false, true]) {
        const found = await outcome(damaged.copy(), of, init);
        seen.add(found);
        const names = paths.filter((_, at) => lost[at]);
        if (found.startsWith('!')) t.fail(`without ${names}${init ? ', --init' : ''}: ${found}`);
      }
    }
    t.ok(seen.has('a learner') && seen.has('a refusal'), [...seen].join(', '));
  });

  t.test(`${title}: any file is cut short`, async (t) => {
    const disk = await filled(of);
    for (const path of disk.paths().filter(own)) {
      const size = (await disk.readFile(path))?.length ?? 0;
      for (let length = 0; length < size; length += Math.ceil(size / 9)) {
        const damaged = disk.copy();
        damaged.cut(path, length);
        const found = await outcome(damaged, of, false);
        if (found.startsWith('!')) t.fail(`${path} cut to ${length}: ${found}`);
      }
    }
    t.pass();
  });
}

const book = cases['a book of orders'] as Case;

t.test('a lost journal makes a learner without entries', async (t) => {
  const disk = await filled(book);
  disk.erase('/data/order-1/journal');
  const { identity, folder } = await openMember(disk, book);
  t.equal(identity.learner, true);
  t.equal(folder.journal.lastSeq(), 0);
  await folder.journal.close();
  const again = await openMember(disk, book);
  t.equal(again.identity.learner, true, 'and stays one');
});

t.test('the journal of another member is refused with a message', async (t) => {
  const disk = await filled(book);
  const other = await filled({ ...book, id: 'order-2' });
  for (const path of other.paths().filter((one) => one.includes('/journal/'))) {
    const bytes = (await other.readFile(path)) ?? new Uint8Array(0);
    await disk.replace(path.replace('order-2', 'order-1'), bytes);
  }
  await t.rejects(openMember(disk, book), { code: 'corruption', message: /another member/ });
});

/** As the build before wrote it: it names no logs. */
async function makeOlder(disk: MemoryDisk, id: string): Promise<void> {
  const file = `/data/${id}/identity.json`;
  const data = decodeJson(file, (await disk.readFile(file)) ?? new Uint8Array(0)) as object;
  await disk.replace(file, encodeJson({ ...data, logs: undefined }, 2));
}

t.test('a journal of the previous build gets its mark at the first start', async (t) => {
  const disk = await filled(book);
  await makeOlder(disk, 'order-1');
  const { identity, folder } = await openMember(disk, book);
  t.equal(identity.learner, false);
  t.equal(folder.journal.lastSeq(), last);
  await folder.journal.close();
  t.ok(identity.log('order').mark);
  disk.erase('/data/order-1/journal');
  t.equal((await openMember(disk, book)).identity.learner, true);
});

t.test('a folder of the previous build without its journal makes a learner', async (t) => {
  const disk = await filled(book);
  await makeOlder(disk, 'order-1');
  disk.erase('/data/order-1/journal');
  const { identity, folder } = await openMember(disk, book);
  t.equal(identity.learner, true);
  await folder.journal.close();
  t.equal((await openMember(disk, book)).identity.learner, true, 'and stays one');
});

t.test(
  'the first start after the founding makes a voter, with any number of crashes',
  async (t) => {
    const disk = new MemoryDisk();
    await formatCluster(disk, '/data', { members, random: seededRandom(1) });
    for (const steps of [0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 1_000]) {
      let left = steps;
      disk.fault = () => (left-- > 0 ? 'none' : 'hang');
      void openMember(disk, book);
      await new Promise(setImmediate);
      disk.kill();
      disk.fault = undefined;
      t.equal(
        (await openMember(disk.copy(), book)).identity.learner,
        false,
        `after ${steps} steps`,
      );
    }
  },
);

t.test('either journal missing from an earlier recovery server’s folder is noticed', async (t) => {
  const withRecovery = [...members, 'recovery-1'];
  for (const lost of ['catalog', 'order'] as const) {
    for (const crashesAfterOne of [false, true]) {
      const disk = new MemoryDisk();
      await formatCluster(disk, '/data', { members: withRecovery, random: seededRandom(1) });
      const open = async (groups: readonly GroupName[]) => {
        const home = '/data/recovery-1';
        const options = { id: 'recovery-1', members: withRecovery, init: false };
        const identity = await openIdentity(disk, home, { ...options, random: seededRandom(1) });
        for (const group of groups) {
          const common = { keepAll: true, repair: false, alone: false, logger: silentLogger };
          const log = identity.log(group);
          const { journal } = await openLog(`${home}/${group}`, { ...common, log, disk, sizes });
          await write(journal, { kind: 'promise', epoch: promised, leader: 'b' });
          await journal.close();
        }
        return identity.learner;
      };
      t.equal(await open(['catalog', 'order']), false, 'the founding makes a voter');
      await makeOlder(disk, 'recovery-1');
      disk.erase(`/data/recovery-1/${lost}/journal`);
      if (crashesAfterOne) await open(['catalog']);
      t.equal(await open(['catalog', 'order']), true, `${lost} is missed`);
    }
  }
});

t.test('a repair with a lost segment makes a learner', async (t) => {
  const disk = await filled(book);
  await disk.remove('/data/order-1/journal/00000002.seg');
  const missing = { code: 'corruption', message: /00000002\.seg.*segment is missing; start once/ };
  await t.rejects(openMember(disk, book), missing);
  const { identity, folder } = await openMember(disk, book, { repair: true });
  t.equal(identity.learner, true);
  t.ok(folder.journal.lastSeq() < last);
  await folder.journal.close();
  const again = await openMember(disk, book);
  t.equal(again.identity.learner, true);
});
