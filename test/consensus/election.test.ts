/** From a nomination to the lead (docs/PROTOCOL.md, R1 to R4), and its end (R6). */
import t from 'tap';
import { protocolTimes } from '../../src/base/limits.js';
import { Core } from '../../src/consensus/core.js';
import { Cluster } from './cluster.js';

const three = { voters: ['a', 'b', 'c'] };

function elected(options = three): Cluster {
  const cluster = new Cluster(options);
  cluster.nominate('a');
  cluster.run(50);
  return cluster;
}

t.test(
  'voters replace a leader at once when its connection closes, and after STICK when it is silent',
  async (t) => {
    const crashed = elected();
    crashed.crash('a');
    crashed.nominate('b');
    crashed.settle();
    t.equal(crashed.member('b').leads, true);

    const silent = elected();
    silent.partition(['a']);
    silent.nominate('b');
    silent.settle();
    t.equal(silent.member('b').leads, false);
    silent.run(protocolTimes.stickMs + 100);
    t.equal(silent.member('b').leads, true);
  },
);

t.test('a nomination may arrive before the connection to the leader closes', async (t) => {
  const cluster = elected();
  cluster.partition(['a']);
  cluster.nominate('b');
  cluster.settle();
  t.equal(cluster.member('b').leads, false, 'the leader may be alive');
  const closed = (id: string): void =>
    cluster.input(id, (core, nowMs) => core.peerClosed('a', nowMs));
  closed('b');
  cluster.settle();
  t.equal(cluster.member('b').leads, false, 'the other voter may hear it still');
  closed('c');
  cluster.settle();
  t.equal(cluster.member('b').leads, true, 'no time has passed and nobody was nominated again');
});

t.test('a voter whose connection to the leader has closed agrees at once', async (t) => {
  const cluster = elected();
  cluster.partition(['a']);
  cluster.input('c', (core, nowMs) => core.peerClosed('a', nowMs));
  cluster.nominate('b');
  cluster.settle();
  t.equal(cluster.member('b').leads, false, 'its own word is still the other way');
  cluster.input('b', (core, nowMs) => core.peerClosed('a', nowMs));
  cluster.settle();
  t.equal(cluster.member('b').leads, true);
});

t.test(
  'a nominee that is cut off gives up soon, reports the reason and promises nothing',
  async (t) => {
    const cluster = elected();
    const { state } = cluster.member('c').core;
    cluster.partition(['c']);
    cluster.run(300);
    cluster.nominate('c');
    cluster.run(100);
    t.equal(state.stage.kind, 'candidate');
    cluster.run(100);
    t.equal(state.stage.kind, 'follower');
    t.equal(state.failed?.reason, 'unreachable');
    t.equal(state.promised.epoch, 1);
    cluster.heal();
    cluster.run(100);
    t.equal(cluster.member('a').leads, true, 'its return causes no election');
    t.equal(state.failed, undefined, 'it hears a leader');
  },
);

t.test(
  'a nominee whose voters have a live leader asks until after STICK, then gives up',
  async (t) => {
    const cluster = elected({ voters: ['a', 'b', 'c', 'd', 'e'] });
    const { state } = cluster.member('e').core;
    cluster.lose((from, to) => from === 'a' && to === 'e');
    cluster.nominate('e');
    cluster.run(350);
    t.equal(state.stage.kind, 'candidate');
    cluster.run(100);
    t.equal(state.failed?.reason, 'refused');
    t.equal(cluster.member('a').leads, true);
  },
);

t.test('a nominee that receives no promise gives up after a second', async (t) => {
  const cluster = new Cluster(three);
  cluster.lose((_from, _to, { kind }) => kind === 'promised');
  cluster.nominate('a');
  cluster.run(950);
  t.equal(cluster.member('a').core.state.stage.kind, 'candidate');
  cluster.run(100);
  t.equal(cluster.member('a').core.state.failed?.reason, 'unpromised');
});

t.test('a nominee chooses an epoch above all it has seen', async (t) => {
  const cluster = elected();
  cluster.crash('a');
  for (const id of ['b', 'c']) {
    cluster.input(id, (core, nowMs) =>
      core.step('a', { kind: 'stale', epoch: 1, promised: 40 }, nowMs),
    );
  }
  cluster.nominate('b');
  cluster.settle();
  t.equal(cluster.member('b').core.state.promised.epoch, 41);
});

t.test('a promise that was lost is given again', async (t) => {
  const cluster = new Cluster(three);
  cluster.nominate('a');
  const isPromise = (): boolean => cluster.network[0]?.message.kind === 'promised';
  for (let i = 0; i < 40 && !isPromise(); i++) {
    if (!cluster.deliver()) for (const id of three.voters) cluster.sync(id);
  }
  cluster.network = [];
  cluster.run(100);
  t.equal(cluster.member('a').leads, true);
  t.equal(cluster.member('b').core.state.promised.epoch, 1, 'in the same epoch');
});

t.test('a promise does not count after its connection has closed', async (t) => {
  const cluster = new Cluster(three);
  cluster.crash('c');
  cluster.member('a').hung = true;
  cluster.nominate('a');
  cluster.settle();
  // a's own promise is not durable yet, so it has asked nobody.
  cluster.input('a', (core, nowMs) => {
    const last = { epoch: 0, seq: 0 };
    core.step('b', { kind: 'promised', epoch: 1, agreed: true, promised: 1, last }, nowMs);
    core.peerClosed('b', nowMs);
  });
  cluster.member('a').hung = false;
  cluster.crash('b');
  cluster.settle();
  t.equal(cluster.member('a').leads, false);
});

t.test(
  'a leader without a majority for a second steps down, and may be nominated again',
  async (t) => {
    const cluster = elected();
    cluster.crash('b');
    cluster.crash('c');
    cluster.run(protocolTimes.stepDownMs - 100);
    t.equal(cluster.member('a').leads, true);
    cluster.run(200);
    t.equal(cluster.member('a').leads, false);
    t.equal(cluster.member('a').core.state.failed?.reason, 'unacknowledged');
    cluster.restart('b');
    cluster.nominate('a');
    cluster.run(100);
    t.equal(cluster.member('a').leads, true);
  },
);

/** A frontend's checks of a, and nominations of c, each every so often; ends when a leads no more. */
function besiege(cluster: Cluster, forMs: number, checksA: boolean, nominates: boolean): number {
  for (let ms = 0; ms < forMs; ms += 100) {
    if (checksA) cluster.input('a', (core, nowMs) => core.attended(nowMs));
    if (nominates && ms % 300 === 0) cluster.nominate('c');
    cluster.run(100);
    if (!cluster.member('a').leads) return ms;
  }
  return forMs;
}

t.test('a leader that no frontend checks yields to a nomination', async (t) => {
  const cluster = elected();
  cluster.propose('a', 'x');
  t.equal(besiege(cluster, 5_000, false, false), 5_000, 'without a nomination it leads on');
  t.equal(besiege(cluster, 5_000, true, true), 5_000, 'and so it does where a frontend checks it');
  cluster.input('a', (core, nowMs) => core.attended(nowMs));
  const yieldedMs = besiege(cluster, 5_000, false, true);
  t.ok(yieldedMs >= protocolTimes.unattendedMs - 100, 'not before its time is over');
  t.ok(yieldedMs <= protocolTimes.unattendedMs + 100, 'and then at once');
  t.equal(cluster.member('a').core.state.failed?.reason, 'unattended');
  cluster.nominate('c');
  cluster.run(protocolTimes.stickMs + 50);
  t.equal(cluster.leader?.id, 'c');
  t.same(cluster.member('c').values, ['x']);
});

t.test('a frontend that starts or has stalled gets time to check the leader', async (t) => {
  const cluster = elected();
  cluster.run(3_000);
  // It hears the followers first.
  cluster.nominate('c');
  cluster.run(protocolTimes.soughtMs - 50);
  t.equal(cluster.member('a').leads, true, 'a nomination alone ends no lead');
  cluster.input('a', (core, nowMs) => core.attended(nowMs));
  cluster.run(3_000);
  t.equal(cluster.member('a').leads, true, 'the nomination before the check counts no more');
});

t.test('a forged epoch does not make a leader yield', async (t) => {
  const cluster = elected();
  cluster.run(3_000);
  const forged = { kind: 'prevote', epoch: Number.MAX_SAFE_INTEGER } as const;
  cluster.input('a', (core, nowMs) => core.step('c', forged, nowMs));
  cluster.input('a', (core, nowMs) => core.step('c', { kind: 'prevote', epoch: 1 }, nowMs));
  cluster.run(3_000);
  t.equal(cluster.member('a').leads, true);
});

t.test('a leader that stalled reads the waiting answers before it steps down', async (t) => {
  const cluster = elected();
  cluster.nowMs += 5_000;
  cluster.input('a', (core, nowMs) => core.tick(nowMs));
  t.equal(cluster.member('a').leads, true);
  cluster.run(2_000);
  t.equal(cluster.member('a').leads, true);
});

t.test('the leader of a group of one does not step down', async (t) => {
  const cluster = new Cluster({ voters: ['a'] });
  cluster.nominate('a');
  cluster.run(5_000);
  t.equal(cluster.member('a').serving, true);
});

t.test('a recovery server is never nominated and promises to no recovery server', async (t) => {
  const cluster = new Cluster({ ...three, recoveryServers: ['c'] });
  cluster.nominate('c');
  cluster.run(100);
  t.equal(cluster.member('c').core.state.stage.kind, 'follower');
  cluster.input('a', (core, nowMs) => core.step('c', { kind: 'prepare', epoch: 1 }, nowMs));
  t.equal(cluster.member('a').core.state.promised.epoch, 0);
});

t.test('a message from a stranger is ignored', async (t) => {
  const cluster = new Cluster(three);
  cluster.input('a', (core, nowMs) => core.step('x', { kind: 'prepare', epoch: 1 }, nowMs));
  t.equal(cluster.member('a').core.state.promised.epoch, 0);
});

t.test('a member stops when it sees two leaders in one epoch', async (t) => {
  const cluster = elected();
  const place = { prev: { epoch: 0, seq: 0 }, entries: [], commit: 0, visible: 0 };
  t.throws(
    () =>
      cluster.input('b', (core, nowMs) =>
        core.step('c', { kind: 'append', epoch: 1, ...place, round: 0, live: true }, nowMs),
      ),
    /two leaders in epoch 1/,
  );
});

t.test(
  'a member with a snapshot has promised its epoch, whatever its journal contains',
  async (t) => {
    const base = { seq: 7, epoch: 5, time: 70 };
    const promised = { epoch: 2, leader: 'a' };
    const options = { id: 'b', ...three, recoveryServers: [], learner: false, gated: false };
    const core = new Core({ ...options, base, promised });
    core.step('a', { kind: 'prepare', epoch: 5 }, 1_000);
    core.step('c', { kind: 'prepare', epoch: 4 }, 1_000);
    const { messages, records } = core.take();
    t.match(messages, [
      { to: 'a', message: { kind: 'promised', agreed: false, promised: 5 } },
      { to: 'c', message: { kind: 'promised', agreed: false, promised: 5 } },
    ]);
    t.same(records, []);
    core.step('c', { kind: 'prepare', epoch: 6 }, 1_000);
    t.match(core.take().messages, [{ to: 'c', message: { kind: 'promised', agreed: true } }]);
  },
);

t.test('after a split vote the nominees ask again one after the other', async (t) => {
  const cluster = new Cluster(three);
  cluster.partition(['a']);
  cluster.nominate('b');
  cluster.nominate('c');
  cluster.settle();
  t.equal(cluster.member('b').core.state.promised.leader, 'b');
  t.equal(cluster.member('c').core.state.promised.leader, 'c');
  cluster.run(2 * protocolTimes.heartbeatMs);
  t.equal(cluster.member('c').leads, true, 'and nobody was nominated again');
});

t.test('a candidate that hears from its live leader ends the candidacy', async (t) => {
  const cluster = elected();
  const candidate = cluster.member('b').core.state;
  cluster.nominate('b');
  t.equal(candidate.stage.kind, 'candidate');
  cluster.propose('a', 'x');
  cluster.settle();
  t.equal(candidate.stage.kind, 'follower');
  t.equal(candidate.leader, 'a');
  cluster.run(1_000);
  t.equal(candidate.failed, undefined, 'no candidacy was left to fail');
});

t.test('a nomination changes nothing for a member that leads or stands already', async (t) => {
  const cluster = elected();
  const { state } = cluster.member('a').core;
  cluster.nominate('a');
  t.equal(cluster.member('a').serving, true);
  t.same(cluster.network, [], 'and asks no other member');
  cluster.run(1_000);
  t.equal(state.promised.epoch, 1);

  cluster.crash('a');
  cluster.nominate('b');
  const candidate = cluster.member('b').core.state.stage;
  t.equal(candidate.kind, 'candidate');
  cluster.nominate('b');
  t.equal(cluster.member('b').core.state.stage, candidate, 'the candidacy goes on');
});
