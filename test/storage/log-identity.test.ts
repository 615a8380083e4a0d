// What `identity.json` says of a member's logs: marks, doubts and losses (docs/PROTOCOL.md, R10).
import t from 'tap';
import { seededRandom } from '../../src/base/random.js';
import { formatCluster, type Identity, openIdentity } from '../../src/storage/identity.js';
import { MemoryDisk } from '../support/memory-disk.js';

const members = ['catalog-1', 'order-1', 'order-2', 'recovery-1'];
const mark = { id: 7, firstSegment: 1, lastSegment: 2, droppedThrough: 0 };

async function founded(): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  await formatCluster(disk, '/data', { members, random: seededRandom(1) });
  return disk;
}

function openAs(disk: MemoryDisk, id: string): Promise<Identity> {
  return openIdentity(disk, `/data/${id}`, { id, members, init: false, random: seededRandom(2) });
}

t.test('marks, snapshots and doubts are durable', async (t) => {
  const disk = await founded();
  const log = (await openAs(disk, 'order-1')).log('order');
  t.strictSame(
    [log.mark, log.snapshotSeq, log.doubt, log.learner],
    [undefined, 0, undefined, false],
  );
  await log.set(mark);
  await log.setSnapshot(40);
  await log.setSnapshot(30);
  await log.addDoubt({ afterSeq: 5, throughSeq: 8 });
  disk.crash(seededRandom(3));
  const again = (await openAs(disk, 'order-1')).log('order');
  t.strictSame([again.mark, again.snapshotSeq], [mark, 40]);
  t.strictSame([again.doubt, again.learner], [{ afterSeq: 5, throughSeq: 8 }, true]);
});

t.test('two doubts merge into one that covers both', async (t) => {
  const log = (await openAs(await founded(), 'order-1')).log('order');
  await log.addDoubt({ afterSeq: 5, throughSeq: 8, promised: 3 });
  await log.addDoubt({ afterSeq: 7, throughSeq: 9, promised: 4 });
  t.strictSame(log.doubt, { afterSeq: 5, throughSeq: 9, promised: 3 });
  await log.addDoubt({ afterSeq: 3, throughSeq: undefined });
  t.strictSame(log.doubt, { afterSeq: 3, throughSeq: undefined, promised: 3 });
});

t.test('an accepted loss is durable, and new damage is not accepted', async (t) => {
  const disk = await founded();
  const log = (await openAs(disk, 'order-1')).log('order');
  await log.acceptLoss();
  t.strictSame([log.learner, log.doubt], [false, undefined], 'there is nothing to accept');
  await log.addDoubt({ afterSeq: 5, throughSeq: 8, promised: 3 });
  await log.acceptLoss();
  const again = (await openAs(disk, 'order-1')).log('order');
  const accepted = { afterSeq: 5, throughSeq: 8, promised: 3, accepted: true };
  t.strictSame([again.learner, again.doubt], [true, accepted]);
  await again.addDoubt({ afterSeq: 4, throughSeq: 5, promised: 3 });
  t.strictSame(again.doubt, { afterSeq: 4, throughSeq: 8, promised: 3 });
});

t.test('a doubt does not reduce the loss of a learner that has lost everything', async (t) => {
  const log = (await openAs(await founded(), 'order-1')).log('order');
  await log.addDoubt({ afterSeq: 5, throughSeq: 8 });
  await log.lose();
  await log.addDoubt({ afterSeq: 5, throughSeq: 8 });
  t.strictSame([log.learner, log.doubt], [true, undefined]);
});

t.test('an admission ends doubts and losses', async (t) => {
  const disk = await founded();
  const identity = await openAs(disk, 'order-1');
  await identity.log('order').addDoubt({ afterSeq: 5, throughSeq: 8 });
  await identity.admit();
  t.strictSame([identity.learner, identity.log('order').doubt], [false, undefined]);
  // A loss after it is a whole one, for which the former doubt does not count.
  await identity.log('order').lose();
  t.equal((await openAs(disk, 'order-1')).log('order').doubt, undefined);
});

t.test('the other log of a recovery server is known to be intact', async (t) => {
  const disk = await founded();
  const identity = await openAs(disk, 'recovery-1');
  const [catalog, order] = [identity.log('catalog'), identity.log('order')];
  await catalog.set(mark);
  await order.set({ ...mark, id: 8 });
  await catalog.addDoubt({ afterSeq: 5, throughSeq: 8 });
  t.equal(identity.learner, true);
  t.equal(order.doubt, 'intact');
  await order.addDoubt({ afterSeq: 2, throughSeq: 3 });
  t.strictSame(order.doubt, { afterSeq: 2, throughSeq: 3 });
  await order.lose();
  t.strictSame([order.doubt, catalog.doubt], [undefined, { afterSeq: 5, throughSeq: 8 }]);
});

t.test('a group admits a recovery server before its other group does', async (t) => {
  const disk = await founded();
  const catalog = (await openAs(disk, 'recovery-1')).log('catalog');
  await catalog.addDoubt({ afterSeq: 7, throughSeq: 9, promised: 3 });
  await catalog.admitted();
  const again = await openAs(disk, 'recovery-1');
  t.same([again.learner, again.log('catalog').doubt], [true, 'intact']);
  // It has acknowledged entries since: only the new damage is in doubt.
  const doubt = { afterSeq: 98, throughSeq: 100, promised: 5 };
  await again.log('catalog').addDoubt(doubt);
  t.strictSame(again.log('catalog').doubt, doubt);
});
