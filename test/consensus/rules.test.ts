/**
 * Each rule, and the failure that it prevents: a short history in which all is well with the rule
 * and not without it. So a check that is lost from the code is noticed here, by its name.
 */
import t from 'tap';
import { logLimits } from '../../src/base/limits.js';
import { allRules, type Rules } from '../../src/consensus/rules.js';
import { Cluster } from './cluster.js';
import { losses } from './losses.js';

const three = ['a', 'b', 'c'];

/** What goes wrong in this history; undefined where nothing does. */
type History = (rules: Rules) => string | undefined;

function elected(rules: Rules, voters = three, id = 'a'): Cluster {
  const cluster = new Cluster({ voters, rules });
  cluster.nominate(id);
  cluster.run(50);
  return cluster;
}

function caught(action: () => string | undefined): string | undefined {
  try {
    return action();
  } catch (error) {
    return String(error);
  }
}

/** Whether this comes true within so many steps; time passes when nothing is under way. */
function within(cluster: Cluster, steps: number, isDone: () => boolean): boolean {
  for (let i = 0; i < steps && !isDone(); i++) {
    if (cluster.deliver() || three.some((id) => cluster.sync(id))) continue;
    cluster.nowMs += 25;
    for (const id of three) cluster.input(id, (core, nowMs) => core.tick(nowMs));
  }
  return isDone();
}

/** Members of a partition hear only each other; the others hear only themselves. */
function only(cluster: Cluster, ids: readonly string[]): void {
  cluster.heal();
  cluster.partition(ids);
}

const histories: Record<keyof Rules, History> = {
  ...losses,

  onePromisePerEpoch(rules) {
    const cluster = new Cluster({ voters: three, rules });
    cluster.nominate('a');
    cluster.nominate('b');
    // Both prepare epoch 1 before either hears of the other.
    const led = new Set<string>();
    for (let i = 0; i < 100; i++) {
      if (!cluster.deliver()) three.some((id) => cluster.sync(id));
      for (const id of three) if (cluster.member(id).leads) led.add(id);
    }
    return led.size > 1 ? `${[...led]} led epoch 1` : undefined;
  },

  promiseIsDurable(rules) {
    const cluster = elected(rules);
    cluster.member('b').hung = true;
    cluster.propose('a', 'x');
    cluster.settle();
    const before = cluster.network.length;
    cluster.input('b', (core, nowMs) => core.step('c', { kind: 'prepare', epoch: 2 }, nowMs));
    const answer = cluster.network.slice(before).find(({ from }) => from === 'b');
    return answer ? 'the promise overtook the journal' : undefined;
  },

  openingEntry(rules) {
    const cluster = elected(rules);
    cluster.propose('a', 'x');
    cluster.settle();
    cluster.crash('a');
    cluster.nominate('b');
    cluster.settle();
    // a acknowledged x; the new leader has it, but does not know that it is committed.
    cluster.read('b', 1);
    cluster.settle();
    const position = cluster.member('b').reads.get(1) ?? 2;
    return position < 2 ? `a read at ${position} misses x` : undefined;
  },

  matchIsPrefix(rules) {
    const cluster = elected(rules);
    cluster.partition(['a']);
    cluster.propose('a', 'lost');
    cluster.settle();
    cluster.crash('a');
    cluster.nominate('b');
    cluster.settle();
    cluster.restart('a');
    const before = cluster.network.length;
    // Nothing of the new leader's epoch yet: only the place before it agrees.
    const { prev, commit, visible } = { prev: { epoch: 1, seq: 1 }, commit: 1, visible: 1 };
    const append = { kind: 'append', epoch: 2, prev, entries: [], commit, visible } as const;
    cluster.input('a', (core, nowMs) => core.step('b', { ...append, round: 0, live: true }, nowMs));
    cluster.sync('a');
    const answer = cluster.network.slice(before).find(({ message }) => message.kind === 'appended');
    const match = answer?.message.kind === 'appended' ? answer.message.match : 0;
    return match > 1 ? `the divergent entry ${match} counts as match` : undefined;
  },

  previousEpochChecked(rules) {
    return caught(() => {
      const cluster = elected(rules);
      cluster.partition(['a']);
      cluster.propose('a', 'lost');
      cluster.propose('a', 'too');
      cluster.settle();
      cluster.crash('a');
      cluster.heal();
      cluster.nominate('b');
      cluster.settle();
      cluster.propose('b', 'x');
      cluster.settle();
      cluster.restart('a');
      cluster.run(100);
      cluster.propose('b', 'y');
      cluster.run(100);
      const [a, b] = [cluster.member('a').values.join(), cluster.member('b').values.join()];
      return a === b ? undefined : `${a} is not ${b}`;
    });
  },

  preVote(rules) {
    const cluster = elected(rules);
    cluster.nominate('c');
    cluster.run(100);
    return cluster.member('a').leads ? undefined : 'a live leader was deposed';
  },

  matchIsDurable(rules) {
    const cluster = elected(rules);
    for (const id of ['b', 'c']) cluster.member(id).hung = true;
    cluster.propose('a', 'x');
    cluster.settle();
    return cluster.member('a').values.length > 0 ? 'x is on one disk alone' : undefined;
  },

  heartbeatBehindJournal(rules) {
    const cluster = elected(rules);
    cluster.member('a').hung = true;
    cluster.propose('a', 'x');
    cluster.run(300);
    cluster.nominate('c');
    cluster.run(100);
    return cluster.member('c').leads ? undefined : 'the hung leader looks alive';
  },

  learnersDoNotVote(rules) {
    const cluster = elected(rules);
    cluster.partition(['a', 'b']);
    cluster.propose('a', 'x');
    cluster.settle();
    // a and b have x. b loses its disk; with c it is a majority that has never heard of x.
    cluster.crash('a');
    cluster.crash('b');
    cluster.wipe('b');
    cluster.heal();
    cluster.nominate('c');
    cluster.run(400);
    return cluster.member('c').leads ? 'c leads without x' : undefined;
  },

  nomineeCatchesUp(rules) {
    const cluster = elected(rules);
    only(cluster, ['a', 'b']);
    cluster.propose('a', 'x');
    cluster.settle();
    cluster.crash('a');
    cluster.heal();
    cluster.nominate('c');
    return caught(() => {
      cluster.run(100);
      return cluster.member('c').values.join() === 'x' ? undefined : 'x was overwritten';
    });
  },

  catchUpAdvances(rules) {
    const cluster = elected(rules);
    // The restarted nominee knows no commit, and more than one page lies before the conflict.
    for (let i = 0; i < logLimits.appendEntriesMax + 100; i++) cluster.propose('a', `v${i}`);
    cluster.run(100);
    cluster.partition(['a']);
    cluster.propose('a', 'only-a');
    cluster.settle();
    cluster.crash('a');
    cluster.heal();
    cluster.nominate('b');
    cluster.run(100);
    cluster.crash('b');
    cluster.restart('a');
    cluster.nominate('a');
    const serves = within(cluster, 2_000, () => cluster.member('a').serving);
    return serves ? undefined : 'the same page is fetched for ever';
  },

  probesBelowBase(rules) {
    const cluster = elected(rules);
    cluster.partition(['a']);
    for (let i = 0; i < 20; i++) cluster.propose('a', `only-a-${i}`);
    cluster.settle();
    cluster.crash('a');
    cluster.heal();
    cluster.nominate('b');
    cluster.run(100);
    for (let i = 0; i < 40; i++) cluster.propose('b', `v${i}`);
    cluster.run(100);
    // The journal of b goes back further than the snapshot that it restarts from.
    const b = cluster.member('b');
    const { disk } = b;
    cluster.compact('b');
    b.disk = disk;
    cluster.crash('b');
    cluster.restart('b');
    cluster.restart('a');
    cluster.nominate('b');
    const epochOf = (id: string): number => cluster.member(id).core.state.log.last.epoch;
    const isRepaired = within(cluster, 2_000, () => epochOf('a') === epochOf('b'));
    return isRepaired ? undefined : 'the divergent follower is never repaired';
  },

  majorityOfAll(rules) {
    const cluster = elected(rules);
    cluster.crash('b');
    cluster.crash('c');
    cluster.propose('a', 'x');
    cluster.settle();
    return cluster.member('a').values.length > 0 ? 'acknowledged by the survivor alone' : undefined;
  },

  commitOwnEpoch(rules) {
    const cluster = elected(rules);
    // x is on the disks of a and b, and a dies before it knows.
    cluster.partition(['a', 'b']);
    cluster.propose('a', 'x');
    cluster.member('a').hung = true;
    cluster.settle();
    cluster.crash('a');
    cluster.heal();
    cluster.nominate('b');
    // b leads; c gets x and the opening entry, and acknowledges x alone.
    while (
      !cluster.member('b').leads &&
      (cluster.deliver() || three.some((id) => cluster.sync(id)))
    );
    cluster.sync('b');
    cluster.network = [];
    const answer = { epoch: 2, ok: true, match: 2, matchEpoch: 1, prevSeq: 2, round: 0 };
    cluster.input('b', (core, nowMs) =>
      core.step('c', { kind: 'appended', ...answer, live: false, learner: false }, nowMs),
    );
    const { commit } = cluster.member('b').core.state;
    return commit >= 2 ? 'an entry of an older epoch was committed by counting' : undefined;
  },

  epochJumpBounded(rules) {
    const cluster = elected(rules);
    const forged = { kind: 'prepare', epoch: Number.MAX_SAFE_INTEGER - 1 } as const;
    cluster.input('c', (core, nowMs) => core.step('b', forged, nowMs));
    cluster.run(100);
    cluster.propose('a', 'x');
    cluster.run(100);
    return cluster.member('c').values.length > 0 ? undefined : 'the group is bricked';
  },

  unattendedYields(rules) {
    const cluster = elected(rules);
    // No frontend reaches a, and one that reaches b and c goes on nominating them.
    for (let ms = 0; ms < 1_500; ms += 300) {
      cluster.nominate(ms % 600 === 0 ? 'c' : 'b');
      cluster.run(300);
    }
    return cluster.member('a').leads ? 'a leader that no frontend reaches leads on' : undefined;
  },

  readRounds(rules) {
    const cluster = elected(rules);
    cluster.partition(['a']);
    cluster.run(300);
    cluster.nominate('b');
    cluster.run(100);
    cluster.propose('b', 'x');
    cluster.settle();
    cluster.read('a', 1);
    cluster.settle();
    const position = cluster.member('a').reads.get(1);
    return position === undefined ? undefined : `the deposed leader reads at ${position}`;
  },

  followersWaitForGates(rules) {
    const cluster = new Cluster({ voters: three, rules, gated: true });
    cluster.nominate('a');
    cluster.run(50);
    cluster.input('a', (core) => core.openGates(1));
    cluster.propose('a', 'x');
    cluster.run(100);
    const shown = cluster.member('b').values;
    return shown.length > 0 ? 'a follower shows what the leader does not' : undefined;
  },
};

for (const rule of Object.keys(allRules) as (keyof Rules)[]) {
  t.test(`without ${rule} the group fails, with it it does not`, async (t) => {
    t.equal(histories[rule](allRules), undefined);
    const broken = caught(() => histories[rule]({ ...allRules, [rule]: false }));
    t.type(broken, 'string');
  });
}
