/** When an entry is committed, and when it may be seen (docs/PROTOCOL.md, R6 to R8). */
import t from 'tap';
import { logLimits } from '../../src/base/limits.js';
import { Cluster, type ClusterOptions } from './cluster.js';

function elected(options: Partial<ClusterOptions> = {}): Cluster {
  const cluster = new Cluster({ voters: ['a', 'b', 'c'], ...options });
  cluster.nominate('a');
  cluster.run(50);
  return cluster;
}

function commitOf(cluster: Cluster, id = 'a'): number {
  return cluster.member(id).core.state.commit;
}

t.test('a majority that includes the leader commits', async (t) => {
  const cluster = elected();
  cluster.crash('c');
  cluster.propose('a', 'x');
  cluster.settle();
  t.equal(commitOf(cluster), 2);
});

t.test('without the leader’s own disk nothing is committed', async (t) => {
  const cluster = elected();
  cluster.member('a').hung = true;
  cluster.propose('a', 'x');
  cluster.settle();
  t.equal(cluster.member('b').core.state.log.durable, 2);
  t.equal(cluster.member('c').core.state.log.durable, 2);
  t.equal(commitOf(cluster), 1);
});

t.test('more copies may be demanded than a majority, never fewer', async (t) => {
  const all = elected({ minCopies: 3 });
  all.crash('c');
  all.propose('a', 'x');
  all.settle();
  t.equal(commitOf(all), 1, 'two of three are too few');
  all.restart('c');
  all.run(100);
  t.equal(commitOf(all), 2);

  const few = elected({ minCopies: 1 });
  few.crash('b');
  few.crash('c');
  few.propose('a', 'x');
  few.settle();
  t.equal(commitOf(few), 1, 'one copy never is enough');
});

t.test('followers learn at once what is visible, if the leader says so', async (t) => {
  const cluster = elected();
  cluster.propose('a', 'x');
  cluster.settle();
  t.equal(commitOf(cluster), 2);
  t.equal(commitOf(cluster, 'b'), 1, 'otherwise with the next entry or heartbeat');
  cluster.input('a', (core) => core.announceVisible());
  cluster.settle();
  t.equal(commitOf(cluster, 'b'), 2);
  t.equal(commitOf(cluster, 'c'), 2);
});

t.test('a recovery server counts', async (t) => {
  const cluster = elected({ recoveryServers: ['c'] });
  cluster.crash('b');
  cluster.propose('a', 'x');
  cluster.settle();
  t.equal(commitOf(cluster), 2);
});

t.test('the uncommitted tail is bounded', async (t) => {
  const cluster = elected();
  cluster.partition(['a']);
  let taken = 0;
  while (cluster.propose('a', 'x') !== undefined) taken += 1;
  t.equal(taken, logLimits.uncommittedEntriesMax);
  cluster.heal();
  cluster.network = [];
  cluster.run(200);
  t.type(cluster.propose('a', 'y'), 'number', 'and open again once it is committed');
});

t.test('a gated entry is committed, but visible nowhere before its gate is open', async (t) => {
  const cluster = elected({ gated: true });
  cluster.input('a', (core) => core.openGates(1));
  cluster.propose('a', 'x');
  cluster.run(100);
  t.equal(commitOf(cluster), 2);
  t.equal(commitOf(cluster, 'b'), 2, 'the follower knows');
  for (const id of ['a', 'b', 'c']) t.same(cluster.member(id).values, [], id);
  cluster.input('a', (core) => core.openGates(2));
  t.same(cluster.member('a').values, ['x'], 'at once at the leader');
  cluster.run(100);
  t.same(cluster.member('b').values, ['x']);
});

t.test(
  'a restarted follower shows nothing before a leader sends the visible position',
  async (t) => {
    const cluster = elected({ gated: true });
    cluster.input('a', (core) => core.openGates(1));
    cluster.propose('a', 'x');
    cluster.run(100);
    cluster.crash('b');
    cluster.restart('b');
    t.equal(cluster.member('b').core.state.visible, 0);
    cluster.run(100);
    t.equal(cluster.member('b').core.state.visible, 1);
  },
);

t.test('the gates of a new leader are closed, whatever the old one opened', async (t) => {
  const cluster = elected({ gated: true });
  cluster.input('a', (core) => core.openGates(100));
  cluster.propose('a', 'x');
  cluster.settle();
  cluster.crash('a');
  cluster.nominate('b');
  cluster.run(100);
  const { stage, visible } = cluster.member('b').core.state;
  t.equal(stage.kind === 'leader' && stage.serving, false);
  t.ok(visible < 3);
  cluster.input('b', (core) => core.openGates(3));
  t.equal(cluster.member('b').serving, true);
  t.same(cluster.member('b').values, ['x']);
});

t.test('a leader does not serve before its opening entry is decided', async (t) => {
  const cluster = elected({ gated: true });
  cluster.input('a', (core) => core.openGates(1));
  cluster.propose('a', 'x');
  cluster.run(100);
  cluster.crash('a');
  const b = cluster.member('b');
  cluster.nominate('b');
  for (let steps = 0; steps < 100 && !b.leads; steps++) {
    if (!cluster.deliver()) for (const id of ['b', 'c']) cluster.sync(id);
  }
  cluster.hold('b', 'c');
  cluster.settle();
  t.equal(b.core.state.log.last.seq, 3);
  // The entry before the opening one was committed by the old leader.
  cluster.input('b', (core) => core.openGates(3));
  t.same(b.values, ['x']);
  t.equal(b.serving, false, 'only an older entry is decided');
  cluster.release('b', 'c');
  cluster.run(50);
  t.equal(b.serving, true);
});
