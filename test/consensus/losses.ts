/**
 * Short histories of voters that lose their disks, or the end of their journals: what each rule of
 * docs/PROTOCOL.md, A31 to A33 prevents. Each answers what goes wrong; undefined where nothing does.
 */
import type { Rules } from '../../src/consensus/rules.js';
import { Cluster } from './cluster.js';

type History = (rules: Rules) => string | undefined;

const three = ['a', 'b', 'c'];
const four = ['a', 'b', 'c', 'd'];
const five = ['a', 'b', 'c', 'd', 'e'];

function elected(rules: Rules, voters: readonly string[], recoveryServers: readonly string[] = []) {
  const cluster = new Cluster({ voters, recoveryServers, rules });
  cluster.nominate(voters[0] ?? '');
  cluster.run(50);
  return cluster;
}

/** Time passes at once for all, as after a pause of the leader. */
function wait(cluster: Cluster, ms: number): void {
  cluster.nowMs += ms;
  for (const id of cluster.members.keys()) {
    cluster.input(id, (core, nowMs) => core.tick(nowMs));
  }
}

function holdAll(cluster: Cluster, from: string): void {
  for (const to of cluster.members.keys()) if (to !== from) cluster.hold(from, to);
}

/**
 * Of five voters, c has the promise of b and waits for that of d. b loses its disk, which c does not
 * see, and the leader a takes b back and commits with it. `slow` hear of b's return too late.
 */
function forgottenPromise(rules: Rules, slow: readonly string[]): string | undefined {
  const cluster = elected(rules, five);
  cluster.propose('a', 'before');
  cluster.run(100);
  holdAll(cluster, 'a');
  wait(cluster, 300);
  for (const to of ['a', 'd', 'e']) cluster.hold('c', to);
  cluster.nominate('c');
  cluster.release('c', 'd');
  cluster.deliver(cluster.network.findIndex(({ from, to }) => from === 'c' && to === 'd'));
  cluster.hold('c', 'd');
  cluster.settle();
  // c has prepared, and b has promised to it.
  cluster.crash('b', ['c']);
  cluster.hold('b', 'c');
  cluster.hold('c', 'b');
  cluster.wipe('b');
  for (const id of ['b', 'd', 'e']) if (!slow.includes(id)) cluster.release('a', id);
  // Less than a candidacy lasts.
  cluster.run(300);
  // The prepare reaches d. What a says to d waits from now on, and d says nothing to a.
  cluster.hold('a', 'd');
  cluster.hold('d', 'a');
  cluster.release('c', 'd');
  cluster.run(50);
  cluster.propose('a', 'acknowledged');
  cluster.run(50);
  if (!cluster.member('a').values.includes('acknowledged')) return undefined;
  cluster.heal();
  cluster.run(400);
  for (let turn = 0; turn < 10 && !cluster.leader; turn++) {
    cluster.nominate('c');
    cluster.run(300);
  }
  const isKept = cluster.leader?.values.includes('acknowledged') ?? false;
  return isKept ? undefined : 'an acknowledged entry is lost';
}

export const losses = {
  promisesBoundToIncarnation: (rules) => forgottenPromise(rules, []),

  stampsAreEchoed: (rules) => forgottenPromise(rules, ['d']),

  epochsSharedOut(rules) {
    const cluster = new Cluster({ voters: four, rules });
    for (const [from, to] of ['ab', 'ad', 'ba', 'bc']) cluster.hold(from ?? '', to ?? '');
    for (const [from, to] of ['ca', 'cb', 'da', 'db']) cluster.release(from ?? '', to ?? '');
    // Each has the promise of one of the others before it loses its disk, and then of the other one.
    for (const [id, voters] of [
      ['a', ['b', 'c']],
      ['b', ['a', 'd']],
    ] as const) {
      const last = { epoch: 0, seq: 0 };
      const standing = { learner: false, doubt: undefined, last };
      cluster.nominate(id);
      for (const voter of voters) {
        const agreed = { kind: 'prevoted', epoch: 1, agreed: true, promised: 0, standing } as const;
        cluster.input(id, (core, nowMs) => core.step(voter, agreed, nowMs));
      }
    }
    cluster.settle();
    cluster.crash('c', ['a']);
    cluster.crash('d', ['b']);
    cluster.hold('c', 'a');
    cluster.hold('d', 'b');
    cluster.wipe('c');
    cluster.wipe('d');
    cluster.release('a', 'd');
    cluster.release('b', 'c');
    cluster.run(75);
    const [a, b] = [cluster.member('a'), cluster.member('b')];
    const epochs = [a, b].map(({ core }) => core.state.promised.epoch);
    return a.leads && b.leads && epochs[0] === epochs[1] ? 'two lead one epoch' : undefined;
  },

  learnersPromise(rules) {
    const cluster = elected(rules, ['a', 'b']);
    cluster.propose('a', 'x');
    cluster.run(100);
    cluster.crash('a');
    cluster.crash('b');
    cluster.restart('a');
    cluster.wipe('b');
    cluster.nominate('a');
    cluster.run(400);
    cluster.propose('a', 'y');
    cluster.run(100);
    const values = cluster.member('b').values.join();
    return values === 'x,y' ? undefined : `b has ${values}`;
  },

  learnersMayStand(rules) {
    const cluster = elected(rules, ['a', 'v', 'w'], ['v', 'w']);
    cluster.crash('w');
    cluster.propose('a', 'x');
    cluster.run(100);
    cluster.crash('a');
    cluster.restart('w');
    cluster.wipe('a');
    cluster.run(400);
    cluster.nominate('a');
    cluster.run(400);
    cluster.propose('a', 'y');
    cluster.run(100);
    const { values, learner } = cluster.member('a');
    return values.join() === 'x,y' && !learner ? undefined : `a has ${values.join()}`;
  },

  doubtCounts(rules) {
    const cluster = elected(rules, three);
    cluster.partition(['c']);
    cluster.propose('a', 'x');
    cluster.settle();
    // x is acknowledged, and lies in the last batch of a and b.
    cluster.crash('a');
    cluster.crash('b');
    cluster.damage('a', true);
    cluster.damage('b', true);
    cluster.heal();
    cluster.nominate('c');
    cluster.run(400);
    return cluster.member('c').leads ? 'c leads without x' : undefined;
  },

  doubtJumps(rules) {
    const cluster = elected(rules, three);
    cluster.run(100);
    holdAll(cluster, 'a');
    wait(cluster, 300);
    cluster.crash('a');
    cluster.restart('a');
    cluster.hold('b', 'c');
    cluster.hold('c', 'b');
    cluster.release('a', 'c');
    // a promises to c; the answer is still on its way when a loses the end of its journal.
    cluster.nominate('c');
    while (!cluster.network.some(({ message }) => message.kind === 'promised')) {
      if (!cluster.deliver()) three.some((id) => cluster.sync(id));
    }
    cluster.hold('a', 'c');
    cluster.crash('a', ['c']);
    cluster.damage('a', true);
    cluster.release('a', 'b');
    cluster.nominate('b');
    cluster.run(50);
    cluster.release('a', 'c');
    cluster.settle();
    const [b, c] = [cluster.member('b'), cluster.member('c')];
    const epochs = [b, c].map(({ core }) => core.state.promised.epoch);
    return b.leads && c.leads && epochs[0] === epochs[1] ? 'two lead one epoch' : undefined;
  },

  jumpsAreKeptTwice(rules) {
    const cluster = elected(rules, three);
    cluster.propose('a', 'w');
    cluster.run(100);
    cluster.crash('a');
    cluster.restart('a');
    cluster.run(400);
    // The last batch of b is a promise to itself, and b loses it.
    cluster.lose((_from, _to, { kind }) => kind === 'prepare');
    cluster.nominate('b');
    cluster.settle();
    cluster.crash('b');
    cluster.damage('b', true);
    cluster.run(400);
    // a leads with the doubtful b, in an epoch far above; then b loses this promise as well.
    cluster.lose((from, to, { kind }) => from === 'c' || to === 'c' || kind === 'append');
    cluster.nominate('a');
    cluster.settle();
    cluster.propose('a', 'x');
    cluster.settle();
    cluster.crash('b');
    cluster.damage('b', true);
    cluster.lose((from, to) => from === 'a' || to === 'a');
    cluster.run(300);
    cluster.nominate('c');
    cluster.run(200);
    const [a, c] = [cluster.member('a'), cluster.member('c')];
    const epochs = [a, c].map(({ core }) => core.state.promised.epoch);
    return a.leads && c.leads && epochs[0] === epochs[1] ? 'two lead one epoch' : undefined;
  },
} satisfies Partial<Record<keyof Rules, History>>;
