/** Read positions: what a read must see, and who may vouch for it (docs/PROTOCOL.md, R9). */
import t from 'tap';
import { withLimits } from '../../sim/replaced-limits.js';
import { Cluster } from './cluster.js';

function elected(): Cluster {
  const cluster = new Cluster({ voters: ['a', 'b', 'c'] });
  cluster.nominate('a');
  cluster.run(50);
  return cluster;
}

t.test(
  'the leader answers a read after a majority has acknowledged a round begun after it',
  async (t) => {
    const cluster = elected();
    cluster.propose('a', 'x');
    cluster.settle();
    cluster.read('a', 7);
    t.equal(cluster.member('a').reads.has(7), false);
    cluster.deliver();
    cluster.deliver();
    cluster.deliver();
    t.equal(cluster.member('a').reads.get(7), 2);
  },
);

t.test('reads of one turn share a round', async (t) => {
  const cluster = elected();
  cluster.input('a', (core, nowMs) => {
    for (const id of [1, 2, 3]) core.read(id, nowMs);
  });
  t.equal(cluster.network.length, 2, 'one message to each other member');
  cluster.settle();
  t.equal(cluster.member('a').readsDone.length, 3);
});

t.test('a follower receives the position, and may apply up to it', async (t) => {
  const cluster = elected();
  cluster.propose('a', 'x');
  cluster.settle();
  t.equal(cluster.member('b').core.state.applied, 1);
  cluster.read('b', 1);
  cluster.settle();
  t.equal(cluster.member('b').reads.get(1), 2);
  t.equal(cluster.member('b').core.state.applied, 2);
});

t.test('reads wait until the opening entry is applied', async (t) => {
  const cluster = elected();
  cluster.crash('a');
  cluster.member('b').hung = true;
  cluster.nominate('c');
  cluster.settle();
  t.equal(cluster.member('c').leads, false);
  cluster.member('b').hung = false;
  while (!cluster.member('c').leads)
    if (!cluster.deliver()) for (const id of ['b', 'c']) cluster.sync(id);
  cluster.read('c', 1);
  t.equal(cluster.member('c').reads.has(1), false);
  cluster.settle();
  t.equal(cluster.member('c').reads.get(1), 2);
});

t.test('a leader that steps down refuses waiting reads, local and remote', async (t) => {
  const cluster = elected();
  cluster.partition(['a']);
  cluster.read('a', 1);
  cluster.read('b', 2);
  cluster.run(1_100);
  t.equal(cluster.member('a').reads.has(1), true);
  t.equal(cluster.member('a').reads.get(1), undefined);
  cluster.run(2_000);
  t.equal(cluster.member('b').reads.has(2), true, 'an answer that never comes is not awaited');
  t.equal(cluster.member('b').reads.get(2), undefined);
});

t.test('the end of the connection to the leader ends the wait', async (t) => {
  const cluster = elected();
  cluster.read('b', 1);
  cluster.crash('a');
  t.equal(cluster.member('b').reads.has(1), true);
  t.equal(cluster.member('b').reads.get(1), undefined);
});

t.test('a member without a leader refuses reads at once', async (t) => {
  const cluster = new Cluster({ voters: ['a', 'b', 'c'] });
  cluster.read('a', 1);
  t.equal(cluster.member('a').reads.has(1), true);
  t.equal(cluster.member('a').reads.get(1), undefined);
});

t.test('a round begun after the request confirms a leader, serving or not', async (t) => {
  const cluster = elected();
  cluster.input('a', (core, nowMs) => core.confirm(7, nowMs));
  t.equal(cluster.member('a').reads.has(7), false);
  cluster.settle();
  t.equal(cluster.member('a').reads.get(7), 0);
  cluster.partition(['a']);
  cluster.input('a', (core, nowMs) => core.confirm(8, nowMs));
  cluster.settle();
  t.equal(cluster.member('a').reads.has(8), false, 'alone it does not know');
  cluster.run(1_500);
  t.equal(cluster.member('a').reads.has(8), true);
  t.equal(cluster.member('a').reads.get(8), undefined, 'and it leads no more');
});

t.test('a member that does not lead confirms nothing', async (t) => {
  const cluster = elected();
  cluster.input('b', (core, nowMs) => core.confirm(7, nowMs));
  t.equal(cluster.member('b').reads.has(7), true);
  t.equal(cluster.member('b').reads.get(7), undefined);
});

t.test('a member refuses reads beyond its limit, and takes them again after answers', async (t) => {
  await withLimits({ log: { readsMax: 3 } }, async () => {
    for (const id of ['a', 'b']) {
      const cluster = elected();
      cluster.propose('a', 'x');
      cluster.settle();
      cluster.input(id, (core, nowMs) => {
        for (const read of [1, 2, 3, 4]) core.read(read, nowMs);
      });
      const { reads } = cluster.member(id);
      t.strictSame([...reads], [[4, undefined]], `${id} refuses the last one alone`);
      cluster.settle();
      t.equal(reads.get(1), 2);
      cluster.read(id, 5);
      cluster.settle();
      t.equal(reads.get(5), 2);
    }
  });
});
