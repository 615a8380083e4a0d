/**
 * Electors over the cores of a group: while a majority of voters is connected to each other and a
 * frontend reaches it, a leader serves again within two seconds (docs/PROTOCOL.md, section 3, I12).
 * The clock is simulated; frontends look as often as the watch does.
 */
import t from 'tap';
import { protocolTimes } from '../../src/base/limits.js';
import { Elector, type ElectorOptions } from '../../src/frontend/detector/elector.js';
import { statusOf } from '../../src/group/status.js';
import { Cluster } from '../consensus/cluster.js';

const withinMs = 2_000;
/** Check interval of the watch without a leader. */
const lookAgainMs = 20;
const stepMs = 5;

interface Frontend {
  readonly elector: Elector;
  readonly reaches: ReadonlySet<string>;
  nextMs: number;
}

/** Whether a message from the first to the second is lost. */
type Cut = (from: string, to: string) => boolean;

class Store {
  readonly cluster: Cluster;
  readonly #frontends: Frontend[] = [];
  readonly #replicas: readonly string[];

  constructor(voters: readonly string[], recoveryServers: readonly string[] = []) {
    this.cluster = new Cluster({ voters, recoveryServers });
    this.#replicas = voters.filter((id) => !recoveryServers.includes(id));
  }

  frontend(reaches: readonly string[], options?: ElectorOptions): void {
    const elector = new Elector(this.#replicas, options);
    this.#frontends.push({ elector, reaches: new Set(reaches), nextMs: 0 });
  }

  /** Until a replica of `wanted` serves and a frontend knows it; undefined where that takes longer. */
  servesAgain(wanted: readonly string[], maxMs: number): number | undefined {
    const { cluster } = this;
    const begunMs = cluster.nowMs;
    while (cluster.nowMs - begunMs <= maxMs) {
      for (const frontend of this.#frontends) {
        const leader = frontend.elector.leader(cluster.nowMs)?.id;
        if (leader && wanted.includes(leader) && cluster.member(leader).serving) {
          return cluster.nowMs - begunMs;
        }
        this.#look(frontend);
      }
      cluster.nowMs += stepMs;
      if (cluster.nowMs % 25 === 0) {
        for (const id of cluster.members.keys()) cluster.input(id, (core, ms) => core.tick(ms));
      }
      cluster.settle();
    }
    return undefined;
  }

  #look(frontend: Frontend): void {
    const { elector, reaches } = frontend;
    const { nowMs } = this.cluster;
    if (nowMs < frontend.nextMs) return;
    for (const id of this.#replicas) {
      const { core, up } = this.cluster.member(id);
      if (!up || !reaches.has(id)) {
        elector.lost(id);
        continue;
      }
      const disk = { diskSilentMs: 0, incarnation: id };
      const status = statusOf(core.state, core.state.applied, nowMs, disk);
      elector.answered(id, { ...status, pid: 1 }, nowMs);
    }
    const isLed = elector.leader(nowMs) !== undefined;
    frontend.nextMs = nowMs + (isLed ? protocolTimes.healthCheckEveryMs : lookAgainMs);
    const nomination = elector.nominate(nowMs);
    if (nomination) this.cluster.nominate(nomination.leader);
  }
}

const groups: readonly { voters: readonly string[]; recoveryServers?: readonly string[] }[] = [
  { voters: ids(3) },
  { voters: [...ids(2), 'w-1'], recoveryServers: ['w-1'] },
  { voters: ids(5) },
  { voters: ids(9) },
];

function ids(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `order-${i + 1}`);
}

const ways: Readonly<Record<string, (alone: ReadonlySet<string>) => Cut>> = {
  full: (alone) => (from, to) => alone.has(from) || alone.has(to),
  'nothing gets out': (alone) => (from) => alone.has(from),
  'nothing gets in': (alone) => (_from, to) => alone.has(to),
};

/** Further frontends, beside one that reaches all replicas. */
const others = {
  'one frontend': () => undefined,
  'two frontends': (all: readonly string[]) => all,
  'a second one that reaches only the cut-off': (_: readonly string[], alone: readonly string[]) =>
    alone,
} as const;

/** The leader and, of larger groups, as many of the best candidates as a majority can miss. */
function parted({ voters, recoveryServers = [] }: (typeof groups)[number]): string[] {
  const most = Math.floor((voters.length - 1) / 2);
  return voters.filter((id) => !recoveryServers.includes(id)).slice(-most);
}

for (const group of groups) {
  const { voters, recoveryServers = [] } = group;
  for (const [way, cutOf] of Object.entries(ways)) {
    for (const [who, second] of Object.entries(others)) {
      t.test(`${voters.join(' ')}, ${way}, ${who}`, async (t) => {
        for (const isBusy of [false, true]) {
          for (const count of new Set([1, parted(group).length])) {
            const alone = parted(group).slice(-count);
            const leader = alone.at(-1) ?? '';
            const store = new Store(voters, recoveryServers);
            const { cluster } = store;
            cluster.nominate(leader);
            cluster.run(100);
            cluster.lose(cutOf(new Set(alone)));
            // Only the leader has it, so that its log is the longest.
            if (isBusy) cluster.propose(leader, 'in flight');
            store.frontend(voters);
            const more = second(voters, alone);
            if (more) store.frontend(more);
            const wanted = voters.filter((id) => !alone.includes(id));
            const tookMs = store.servesAgain(wanted, withinMs);
            t.ok(tookMs !== undefined, `${alone} cut off${isBusy ? ', busy' : ''}: ${tookMs} ms`);
          }
        }
      });
    }
  }
}

t.test('two frontends may nominate different replicas at the same time', async (t) => {
  for (const count of [3, 5, 9]) {
    const all = ids(count);
    const store = new Store(all);
    for (let at = 1; at <= Math.min(3, count); at++) store.frontend([`order-${at}`]);
    const tookMs = store.servesAgain(all, withinMs);
    t.ok(tookMs !== undefined, `${count} replicas: ${tookMs} ms`);
  }
});

t.test(
  'a frontend that reaches only a cut-off replica nominates it and disturbs no other',
  async (t) => {
    const all = ids(3);
    const store = new Store(all);
    const { cluster } = store;
    cluster.nominate('order-3');
    cluster.run(100);
    cluster.lose((from) => from === 'order-3');
    store.frontend(['order-3']);
    store.frontend(['order-1', 'order-2']);
    t.ok(store.servesAgain(['order-1', 'order-2'], 2 * withinMs));
    const { epoch } = cluster.member('order-2').core.state.promised;
    store.servesAgain([], 5_000);
    t.equal(cluster.member('order-2').core.state.promised.epoch, epoch);
    t.equal(cluster.member('order-2').serving, true);
  },
);

t.test('without the memory of failures no leader is elected while the cut lasts', async (t) => {
  const all = ids(3);
  const store = new Store(all);
  const { cluster } = store;
  cluster.nominate('order-3');
  cluster.run(100);
  cluster.lose((from, to) => from === 'order-3' || to === 'order-3');
  cluster.propose('order-3', 'in flight');
  store.frontend(all, { remembersFailures: false });
  t.equal(store.servesAgain(['order-1', 'order-2'], 10_000), undefined);
});
