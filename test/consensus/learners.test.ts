/** Voters that come back without their disk, or without the end of their journal: how they vote again. */
import t from 'tap';
import type { Message } from '../../src/consensus/messages.js';
import { Cluster } from './cluster.js';

const three = ['a', 'b', 'c'];

function elected(voters: readonly string[], recoveryServers: readonly string[] = []): Cluster {
  const cluster = new Cluster({ voters, recoveryServers });
  cluster.nominate(voters[0] ?? '');
  cluster.run(100);
  return cluster;
}

function isLearner(cluster: Cluster, id: string): boolean {
  return cluster.member(id).core.state.learner;
}

/** What a member says when it hears this. */
function answers(cluster: Cluster, from: string, to: string, message: Message): Message[] {
  const before = cluster.network.length;
  cluster.input(to, (core, nowMs) => core.step(from, message, nowMs));
  cluster.sync(to);
  return cluster.network.slice(before).map((flight) => flight.message);
}

t.test(
  'one of two voters loses its disk while it leads: the other voter admits it again',
  async (t) => {
    const cluster = elected(['a', 'b']);
    cluster.propose('a', 'x');
    cluster.run(100);
    cluster.crash('a');
    cluster.wipe('a');
    cluster.nominate('b');
    cluster.run(300);
    cluster.propose('b', 'y');
    cluster.run(100);
    t.notOk(isLearner(cluster, 'a'));
    t.same(cluster.member('a').values, ['x', 'y']);
  },
);

t.test('a learner that leads may die before it is admitted', async (t) => {
  const cluster = elected(['a', 'v', 'w'], ['v', 'w']);
  cluster.propose('a', 'x');
  cluster.run(100);
  cluster.crash('a');
  cluster.wipe('a');
  cluster.run(300);
  cluster.nominate('a');
  for (let step = 0; step < 100 && !cluster.member('a').leads; step++) {
    if (cluster.deliver() || ['a', 'v', 'w'].some((id) => cluster.sync(id))) continue;
    // It was too low an epoch that it asked for: it had forgotten its own.
    cluster.nowMs += 50;
    cluster.input('a', (core, nowMs) => core.tick(nowMs));
  }
  t.ok(cluster.member('a').leads);
  t.ok(isLearner(cluster, 'a'));
  cluster.crash('a');
  cluster.restart('a');
  cluster.run(300);
  cluster.nominate('a');
  cluster.run(300);
  t.notOk(isLearner(cluster, 'a'));
  t.same(cluster.member('a').values, ['x']);
});

t.test('a learner may lose its disk again, and gets a later stamp', async (t) => {
  const cluster = elected(three);
  cluster.propose('a', 'x');
  cluster.run(100);
  for (const version of [1, 2]) {
    cluster.crash('c');
    cluster.wipe('c');
    cluster.run(200);
    t.notOk(isLearner(cluster, 'c'));
    for (const id of three) {
      t.same(cluster.member(id).core.state.admitted.get('c'), { epoch: 1, version });
    }
  }
  cluster.crash('a');
  cluster.restart('a');
  t.same(cluster.member('a').core.state.admitted.get('c'), { epoch: 1, version: 2 });
});

t.test('two of four voters lose their disks at once: both vote again', async (t) => {
  const cluster = elected(['a', 'b', 'c', 'd']);
  cluster.propose('a', 'x');
  cluster.run(100);
  for (const id of ['c', 'd']) {
    cluster.crash(id);
    cluster.wipe(id);
  }
  cluster.hold('a', 'b');
  cluster.run(200);
  t.ok(isLearner(cluster, 'c'), 'b may count on an old promise, and has not heard of its loss');
  cluster.release('a', 'b');
  cluster.run(300);
  t.notOk(isLearner(cluster, 'c'));
  t.notOk(isLearner(cluster, 'd'));
  t.same(cluster.member('d').values, ['x']);
});

t.test(
  'a leader that is deposed in the middle of an admission leaves it to the next',
  async (t) => {
    const cluster = elected(['a', 'b', 'c', 'd', 'e']);
    cluster.crash('e');
    cluster.wipe('e');
    // Of the table, only b hears.
    for (const to of ['c', 'd']) cluster.hold('a', to);
    cluster.run(100);
    t.ok(isLearner(cluster, 'e'));
    cluster.crash('a');
    cluster.nominate('c');
    cluster.run(300);
    t.notOk(isLearner(cluster, 'e'));
    const stamp = cluster.member('e').core.state.admitted.get('e');
    t.equal(stamp?.epoch, cluster.member('c').core.state.promised.epoch);
  },
);

t.test('a table contains only voters', async (t) => {
  const cluster = elected(three);
  const admitted = new Map([
    ['stranger', { epoch: 1, version: 1 }],
    ['b', { epoch: 1, version: 1 }],
  ]);
  answers(cluster, 'a', 'c', { kind: 'prepare', epoch: 2, admitted });
  t.same([...cluster.member('c').core.state.admitted.keys()], ['b']);
});

t.test('messages of older builds are accepted', async (t) => {
  const cluster = elected(three);
  cluster.crash('c');
  cluster.hold('a', 'c');
  cluster.wipe('c');
  t.same(answers(cluster, 'b', 'c', { kind: 'prepare', epoch: 9 }), [], 'which count any promise');
  const [prevoted] = answers(cluster, 'b', 'c', { kind: 'prevote', epoch: 9 });
  t.match(prevoted, { kind: 'prevoted', agreed: false });
  answers(cluster, 'b', 'c', {
    ...{ kind: 'append', epoch: 9, prev: { epoch: 0, seq: 0 }, entries: [], commit: 0, visible: 0 },
    ...{ round: 0, live: true },
  });
  answers(cluster, 'b', 'c', { kind: 'admit', epoch: 9, position: 0 });
  t.ok(isLearner(cluster, 'c'), 'a leader that makes no stamps admits nobody');
  const learner = { kind: 'appended', epoch: 1, ok: true, match: 1, matchEpoch: 1, prevSeq: 1 };
  answers(cluster, 'c', 'a', { ...learner, round: 0, live: true, learner: true } as Message);
  t.equal(cluster.member('a').core.state.admitted.size, 0, 'nor is a learner that knows no stamp');
});

t.test('three doubtful members that lost different entries elect a leader', async (t) => {
  const cluster = elected(three);
  cluster.propose('a', 'x');
  cluster.run(100);
  cluster.hold('a', 'c');
  cluster.propose('a', 'acknowledged');
  cluster.settle();
  t.ok(cluster.member('a').values.includes('acknowledged'));
  cluster.hold('a', 'b');
  cluster.propose('a', 'not acknowledged');
  cluster.settle();
  for (const id of three) cluster.crash(id);
  for (const id of three) cluster.damage(id, true);
  cluster.heal();
  cluster.nominate('c');
  cluster.run(300);
  t.ok(cluster.member('c').serving);
  for (const id of three) {
    t.notOk(isLearner(cluster, id));
    t.same(cluster.member(id).values, ['x', 'acknowledged']);
  }
});

t.test('an intact copy is enough if all members take part', async (t) => {
  const cluster = elected(three);
  cluster.propose('a', 'x');
  cluster.run(100);
  for (const id of three) cluster.crash(id);
  cluster.restart('a');
  cluster.damage('b', false);
  cluster.nominate('a');
  cluster.run(300);
  t.notOk(cluster.member('a').leads, 'c may have held more');
  cluster.damage('c', true);
  cluster.nominate('a');
  cluster.run(300);
  t.ok(cluster.member('a').serving);
  for (const id of three) {
    t.notOk(isLearner(cluster, id));
    t.same(cluster.member(id).values, ['x']);
  }
});
