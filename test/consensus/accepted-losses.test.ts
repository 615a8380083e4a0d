/**
 * Doubts that a group cannot resolve, and the way out: operators accept that entries are lost which no
 * member has (docs/PROTOCOL.md, R10, A33). What a member has is kept, and forgotten promises too.
 */
import t from 'tap';
import { logLimits } from '../../src/base/limits.js';
import { Cluster } from './cluster.js';

const three = ['a', 'b', 'c'];

/** All members are down. The last batch of each holds `y`, which was acknowledged. */
function stopped(): Cluster {
  const cluster = new Cluster({ voters: three });
  cluster.nominate('a');
  cluster.run(100);
  cluster.propose('a', 'x');
  cluster.run(100);
  cluster.propose('a', 'y');
  cluster.run(100);
  for (const id of three) cluster.crash(id);
  return cluster;
}

/** The operator starts the member with `--repair`. */
function accept(cluster: Cluster, id: string): void {
  cluster.crash(id);
  const member = cluster.member(id);
  if (member.doubt) member.doubt = { ...member.doubt, accepted: true };
  cluster.restart(id);
}

function attempt(cluster: Cluster, id: string): string | undefined {
  cluster.nominate(id);
  cluster.run(1_200);
  return cluster.leader ? undefined : cluster.member(id).core.state.failed?.reason;
}

for (const isExact of [true, false]) {
  const places = isExact ? 'the same last batch' : 'a batch of unknown places';
  t.test(`three voters lose ${places}: accepted losses bring a leader`, async (t) => {
    const cluster = stopped();
    for (const id of three) cluster.damage(id, isExact);
    t.equal(attempt(cluster, 'c'), 'doubtful');
    accept(cluster, 'a');
    t.equal(attempt(cluster, 'c'), 'doubtful', 'b and c are a majority that may have held y');
    accept(cluster, 'b');
    t.equal(attempt(cluster, 'c'), undefined);
    cluster.propose('c', 'z');
    cluster.run(100);
    for (const id of three) {
      t.same(cluster.member(id).values, ['x', 'z']);
      t.notOk(cluster.member(id).learner);
    }
  });
}

t.test('an accepted loss does not give up entries of a member that is down', async (t) => {
  const cluster = stopped();
  for (const id of ['a', 'b']) {
    cluster.damage(id, true);
    accept(cluster, id);
  }
  t.equal(attempt(cluster, 'a'), 'doubtful', 'c may have y');
  cluster.restart('c');
  t.equal(attempt(cluster, 'a'), undefined);
  for (const id of three) t.same(cluster.member(id).values, ['x', 'y']);
});

t.test('a member without a disk has no entries, but must report that', async (t) => {
  const cluster = stopped();
  for (const id of ['a', 'b']) {
    cluster.damage(id, true);
    accept(cluster, id);
  }
  t.equal(attempt(cluster, 'a'), 'doubtful');
  cluster.wipe('c');
  t.equal(attempt(cluster, 'a'), undefined);
  cluster.run(300);
  for (const id of three) t.same(cluster.member(id).values, ['x']);
});

t.test('an accepted loss does not allow a member to forget a promise', async (t) => {
  const cluster = stopped();
  for (const id of three) {
    cluster.damage(id, true);
    accept(cluster, id);
  }
  const before = cluster.member('c').core.state.promised.epoch;
  t.equal(attempt(cluster, 'c'), undefined);
  const { epoch } = cluster.member('c').core.state.promised;
  t.ok(epoch >= before + logLimits.doubtEpochJump, `the epoch is ${epoch}`);
});

t.test('a majority of learners without entries raises no doubt', async (t) => {
  const cluster = stopped();
  cluster.restart('c');
  cluster.wipe('a');
  cluster.wipe('b');
  t.equal(attempt(cluster, 'c'), 'refused');
});
