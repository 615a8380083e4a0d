/**
 * A disk that cannot read some sectors at start (EIO): the member refuses with the file, the place and
 * the way out, and `--repair` makes it a learner with all that stands before (docs/PROTOCOL.md, R10).
 */
import t from 'tap';
import { silentLogger } from '../../src/base/logging.js';
import { seededRandom } from '../../src/base/random.js';
import { openLog } from '../../src/group/folder.js';
import { newestMark } from '../../src/group/snapshot-files.js';
import type { CorruptionError } from '../../src/storage/corruption.js';
import { formatCluster, openIdentity } from '../../src/storage/identity.js';
import type { SegmentedJournal } from '../../src/storage/journal.js';
import { save } from '../storage/snapshot-builders.js';
import { type DiskStep, MemoryDisk } from '../support/memory-disk.js';

const members = ['catalog-1', 'order-1', 'order-2', 'order-3'];
const home = '/data/order-1';
const block = 4_096;
const sizes = { segmentBytes: 8 * block, batchBytesMax: 8 * 1_024 };
/** Of three in a segment. */
const entries = 6;

async function start(disk: MemoryDisk, { repair = false, alone = false } = {}) {
  const options = { id: 'order-1', members, init: false, random: seededRandom(2) };
  const identity = await openIdentity(disk, home, options);
  const log = identity.log('order');
  const common = { log, keepAll: true, repair, alone, logger: silentLogger, disk, sizes };
  return { identity, folder: await openLog(home, common) };
}

async function fill(journal: SegmentedJournal): Promise<void> {
  for (let seq = 1; seq <= entries; seq++) {
    const durable = new Promise((resolve) => journal.onDurable(resolve));
    const entry = { seq, epoch: 1, time: seq, command: Buffer.from(`command ${seq}`) };
    journal.append([{ kind: 'entry', entry }]);
    await durable;
  }
}

async function filled(): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  await formatCluster(disk, '/data', { members, random: seededRandom(1) });
  const { folder } = await start(disk);
  await fill(folder.journal);
  await folder.journal.close();
  return disk;
}

/** Reads of this block of the file fail, until the file is written again or removed. */
function spoil(disk: MemoryDisk, file: string, at: number): void {
  const spoiled = disk.peek(file);
  disk.fault = ({ kind, path, offset = 0, bytes }: DiskStep) => {
    if (kind !== 'read' || path !== file || disk.peek(file) !== spoiled) return 'none';
    return offset < (at + 1) * block && offset + bytes > at * block ? 'fail' : 'none';
  };
}

t.test('any block of the journal is unreadable', async (t) => {
  const whole = await filled();
  const segments = whole.paths().filter((path) => path.endsWith('.seg'));
  t.equal(segments.length, 3, 'two with entries, and a spare one');
  for (const [number, file] of segments.entries()) {
    for (let at = 0; at < sizes.segmentBytes / block; at++) {
      const disk = whole.copy();
      spoil(disk, file, at);
      const title = `block ${at} of segment ${number + 1}`;
      const error = await start(disk).then(
        () => undefined,
        (thrown: CorruptionError) => thrown,
      );
      t.match(error, { code: 'corruption', reason: 'unreadable', file }, title);
      t.ok(error && error.offset <= at * block, title);
      t.match(error?.message, /cannot read it \(EIO\); start once with --repair/, title);
      const { identity, folder } = await start(disk, { repair: true });
      t.equal(identity.learner, true, title);
      const before = Math.min(entries, 3 * number + Math.max(0, Math.floor((at - 1) / 2)));
      t.equal(folder.journal.lastSeq(), before, title);
      await folder.journal.close();
      const again = await start(disk);
      t.equal(again.identity.learner, true, title);
      t.equal(again.folder.journal.lastSeq(), before, title);
    }
  }
});

t.test('a member without others says where a copy is needed', async (t) => {
  const disk = await filled();
  spoil(disk, `${home}/journal/00000001.seg`, 3);
  const refusal = { reason: 'unreadable', message: /no other member holds this log/ };
  await t.rejects(start(disk, { alone: true }), refusal);
  const { identity, folder } = await start(disk, { alone: true, repair: true });
  t.equal(identity.learner, false);
  t.equal(folder.journal.lastSeq(), 1);
});

t.test('the older snapshot is used if the newest cannot be read', async (t) => {
  const disk = await filled();
  const { folder } = await start(disk);
  await save(folder.snapshots, 2, [3]);
  await save(folder.snapshots, 4, [3]);
  const manifest = disk.paths().findLast((path) => /snapshot-.*\.json$/.test(path)) ?? '';
  disk.fault = ({ kind, path }) => (kind === 'read' && path === manifest ? 'fail' : 'none');
  t.equal((await newestMark(folder.snapshots)).seq, 2);
  const bulk = disk.paths().findLast((path) => path.endsWith('.bulk')) ?? '';
  disk.fault = ({ kind, path }) => (kind === 'read' && path === bulk ? 'fail' : 'none');
  const loaded = await folder.snapshots.load(() => () => {});
  t.match(loaded, { seq: 2, passedOver: { reason: 'unreadable', file: bulk } });
});

t.test('an identity file that cannot be read is named', async (t) => {
  const disk = await filled();
  const file = `${home}/identity.json`;
  disk.fault = ({ kind, path }) => (kind === 'read' && path === file ? 'fail' : 'none');
  await t.rejects(start(disk), { code: 'corruption', reason: 'unreadable', file });
});
