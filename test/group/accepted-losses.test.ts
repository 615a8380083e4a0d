/**
 * A start with `--repair` of a member whose last batch is in doubt: it accepts the loss, says which
 * entries, and stays a learner. Nothing else accepts one (docs/PROTOCOL.md, R10, A33).
 */
import t from 'tap';
import { silentLogger } from '../../src/base/logging.js';
import { seededRandom } from '../../src/base/random.js';
import { openLog } from '../../src/group/folder.js';
import { formatCluster, openIdentity } from '../../src/storage/identity.js';
import { MemoryDisk } from '../support/memory-disk.js';

const members = ['catalog-1', 'order-1', 'order-2', 'order-3'];
const home = '/data/order-1';
const block = 4_096;
const sizes = { segmentBytes: 12 * block, batchBytesMax: 8 * 1_024 };

/** What a start comes to, and what it warns of. */
async function start(disk: MemoryDisk, repair: boolean, write = 0) {
  const warnings: string[] = [];
  const logger = {
    ...silentLogger,
    warn: (_fields: object, message: string) => warnings.push(message),
  };
  const options = { id: 'order-1', members, init: false, random: seededRandom(2) };
  const identity = await openIdentity(disk, home, options);
  const log = identity.log('order');
  const common = { log, keepAll: true, repair, alone: false, logger, disk, sizes };
  const { journal } = await openLog(home, common);
  for (let seq = 1; seq <= write; seq++) {
    const durable = new Promise((resolve) => journal.onDurable(resolve));
    const entry = { seq, epoch: 1, time: seq, command: Buffer.from(`command ${seq}`) };
    journal.append([{ kind: 'entry', entry }]);
    await durable;
  }
  await journal.close();
  const { learner } = identity;
  return { learner, doubt: log.doubt, warnings, last: journal.lastSeq() };
}

/** Three entries, each in a batch of two blocks; the last batch can be read no more. */
async function damaged(): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  await formatCluster(disk, '/data', { members, random: seededRandom(1) });
  await start(disk, false, 3);
  disk.flipBit(`${home}/journal/00000001.seg`, 5 * block + 60);
  return disk;
}

t.test('a doubtful member accepts the loss at a start with --repair', async (t) => {
  const disk = await damaged();
  const doubt = { afterSeq: 2, throughSeq: 3, promised: 0 };
  t.match(await start(disk, false), { learner: true, doubt, warnings: [/damaged and is cut off/] });
  const plain = await start(disk, false);
  t.strictSame(plain.doubt, doubt, 'a plain start accepts nothing');
  t.same(plain.warnings, []);
  const repaired = await start(disk, true);
  t.match(repaired, { learner: true, last: 2 });
  t.strictSame(repaired.doubt, { ...doubt, accepted: true });
  t.match(repaired.warnings, [/may lose entries 3 through 3/]);
  t.same((await start(disk, true)).warnings, [], 'once is enough');
  t.strictSame((await start(disk, false)).doubt, { ...doubt, accepted: true });
});

t.test('the start that finds the damage accepts no loss', async (t) => {
  const disk = await damaged();
  const { learner, doubt } = await start(disk, true);
  t.equal(learner, true);
  t.strictSame(doubt, { afterSeq: 2, throughSeq: 3, promised: 0 });
});

t.test('--repair on an intact journal keeps the vote', async (t) => {
  const disk = new MemoryDisk();
  await formatCluster(disk, '/data', { members, random: seededRandom(1) });
  await start(disk, false, 3);
  t.match(await start(disk, true), { learner: false, doubt: undefined, warnings: [], last: 3 });
});

t.test('a member that lost at most a promise has no loss to accept', async (t) => {
  const disk = new MemoryDisk();
  await formatCluster(disk, '/data', { members, random: seededRandom(1) });
  await start(disk, false, 3);
  const options = { id: 'order-1', members, init: false, random: seededRandom(2) };
  const doubt = { afterSeq: 3, throughSeq: 3, promised: 1 };
  await (await openIdentity(disk, home, options)).log('order').addDoubt(doubt);
  const repaired = await start(disk, true);
  t.strictSame(repaired.doubt, doubt);
  t.same(repaired.warnings, []);
});
