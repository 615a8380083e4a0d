/** When a snapshot is sent, asked for, taken, and begun again (docs/PROTOCOL.md, R11). */
import t from 'tap';
import { logLimits } from '../../src/base/limits.js';
import { Cluster } from './cluster.js';

/** a leads and has a snapshot of what it leads. */
function led(recoveryServers: readonly string[] = []): Cluster {
  const cluster = new Cluster({ voters: ['a', 'b', 'c'], recoveryServers });
  cluster.nominate('a');
  cluster.run(50);
  for (const value of ['x', 'y', 'z']) cluster.propose('a', value);
  cluster.run(50);
  cluster.compact('a');
  return cluster;
}

function request(cluster: Cluster): void {
  cluster.input('c', (core) => core.requestSnapshot());
}

/** Time passes; pieces of a snapshot get lost, and are counted. */
function pass(cluster: Cluster, ms: number): number {
  let lost = 0;
  for (let passed = 0; passed < ms; passed += 25) {
    cluster.nowMs += 25;
    for (const id of cluster.members.keys()) {
      cluster.input(id, (core, nowMs) => core.tick(nowMs));
    }
    for (let moved = true; moved; ) {
      const others = cluster.network.filter(({ message }) => message.kind !== 'chunk');
      lost += cluster.network.length - others.length;
      cluster.network = others;
      moved = cluster.deliver();
      if (!moved) for (const id of cluster.members.keys()) moved = cluster.sync(id) || moved;
    }
  }
  return lost;
}

/** c tells a that a piece arrived. */
function gotOn(cluster: Cluster): void {
  const { epoch } = cluster.member('a').core.state.promised;
  const answer = { kind: 'chunked', epoch, seq: 4, offset: 1 } as const;
  cluster.input('a', (core, nowMs) => core.step('c', answer, nowMs));
}

t.test('a snapshot starts again only after silence, however long all of it takes', async (t) => {
  const cluster = led();
  cluster.crash('c');
  // Memory holds the log still; a new leader's begins behind the snapshot.
  cluster.crash('a');
  cluster.restart('a');
  cluster.nominate('a');
  cluster.run(100);
  cluster.wipe('c');
  t.equal(pass(cluster, 1_000), 1, 'begun');
  for (let second = 0; second < 7; second++) {
    gotOn(cluster);
    t.equal(pass(cluster, 1_000), 0, `second ${second}`);
  }
  t.equal(pass(cluster, 5_500), 1, 'it has been silent');
});

t.test('a recovery server takes a snapshot whose log it has, but not twice', async (t) => {
  const cluster = led(['c']);
  const recoveryServer = cluster.member('c');
  request(cluster);
  cluster.settle();
  t.equal(recoveryServer.snapshot.mark.seq, 4);
  const held = recoveryServer.snapshot;
  cluster.run(6_000);
  request(cluster);
  cluster.settle();
  t.equal(recoveryServer.snapshot, held, 'left alone');
  cluster.propose('a', 'later');
  cluster.run(6_000);
  cluster.compact('a');
  request(cluster);
  cluster.settle();
  t.equal(recoveryServer.snapshot.mark.seq, 5, 'a newer one');
});

t.test(
  'a recovery server names the snapshot it has, so that the leader does not send it again',
  async (t) => {
    const cluster = led(['c']);
    const told = (): unknown[] => {
      const before = cluster.network.length;
      request(cluster);
      return cluster.network.slice(before).map(({ message }) => message);
    };
    t.same(told(), [{ kind: 'snapshot-request', after: 0 }]);
    cluster.settle();
    cluster.run(6_000);
    t.same(told(), [{ kind: 'snapshot-request', after: 4 }]);
    let wanted: unknown;
    cluster.input('a', (core, nowMs) => {
      core.step('c', { kind: 'snapshot-request', after: 4 }, nowMs);
      [wanted] = core.state.out.snapshotsWanted;
    });
    t.match(wanted, { to: 'c', after: 4 });
  },
);

t.test('a recovery server knows after a restart which snapshot it has', async (t) => {
  const cluster = led(['c']);
  request(cluster);
  cluster.settle();
  const recoveryServer = cluster.member('c');
  const { mark } = recoveryServer.snapshot;
  cluster.crash('c');
  cluster.restart('c');
  t.equal(recoveryServer.core.wantsSnapshot(mark), false);
  t.equal(recoveryServer.core.wantsSnapshot({ ...mark, seq: mark.seq + 1 }), true);
});

t.test('a recovery server does not request a snapshot that is under way', async (t) => {
  const cluster = led(['c']);
  const asked = (): boolean => {
    const before = cluster.network.length;
    request(cluster);
    return cluster.network.slice(before).some(({ from }) => from === 'c');
  };
  request(cluster);
  cluster.settle();
  cluster.run(4_000);
  t.equal(asked(), false);
  cluster.run(1_000);
  t.equal(asked(), true, 'nothing more came');
});

t.test('a leader does not start a snapshot again for a repeated request', async (t) => {
  const cluster = led(['c']);
  const begun = (): number => {
    request(cluster);
    return pass(cluster, 25);
  };
  t.equal(begun(), 1);
  for (let i = 0; i < 3; i++) {
    pass(cluster, 4_000);
    gotOn(cluster);
    t.equal(begun(), 0);
  }
  pass(cluster, 5_000);
  t.equal(begun(), 1, 'it has been silent');
});

t.test('a replica refuses a snapshot that its log has overtaken', async (t) => {
  const cluster = led();
  const { core } = cluster.member('b');
  const { commit } = core.state;
  t.equal(core.wantsSnapshot({ seq: commit, epoch: 1, time: 0 }), false);
  t.equal(core.wantsSnapshot({ seq: commit + 1, epoch: 1, time: 0 }), true);
});

t.test('a member whose snapshot arrives before its entries gets no older entries', async (t) => {
  const cluster = led(['c']);
  const sent: number[] = [];
  cluster.lose((_from, to, message) => {
    if (to !== 'c' || message.kind !== 'append' || message.entries.length === 0) return false;
    sent.push(...message.entries.map(({ seq }) => seq));
    return true;
  });
  // So large that the window of c is full before all of them are sent to it.
  const large = 'x'.repeat(logLimits.appendBytesMax);
  const windows = logLimits.windowBytesMax / logLimits.appendBytesMax;
  for (let count = 0; count < windows + 2; count++) {
    cluster.propose('a', large);
    cluster.settle();
  }
  cluster.compact('a');
  const { seq } = cluster.member('a').snapshot.mark;
  t.ok(Math.max(...sent) < seq, 'some are not sent yet');
  sent.length = 0;
  request(cluster);
  cluster.settle();
  t.equal(cluster.member('c').snapshot.mark.seq, seq);
  cluster.propose('a', 'later');
  cluster.settle();
  t.same(sent, [seq + 1]);
});
