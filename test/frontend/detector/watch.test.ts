import t from 'tap';
import { silentLogger } from '../../../src/base/logging.js';
import type { Health } from '../../../src/frontend/detector/elector.js';
import { type ElectedLeader, Watch } from '../../../src/frontend/detector/watch.js';
import type { ReplicaClient } from '../../../src/frontend/replica-client.js';
import type { Leaders } from '../../../src/frontend/requests/backends.js';
import type { GroupName } from '../../../src/group/membership.js';
import type { HealthCheckParams } from '../../../src/wire/internal.js';
import { ManualClock } from '../../helpers/manual-clock.js';

interface FakeReplica extends ReplicaClient {
  connected: boolean;
  health: Partial<Health>;
  readonly nominated: string[];
  checks: number;
  /** What the last check said of the answers before. */
  answered: boolean | undefined;
}

function replica(name: string, group: GroupName, isRecoveryServer = false): FakeReplica {
  return {
    name,
    group,
    isRecoveryServer,
    connected: true,
    health: {},
    nominated: [],
    checks: 0,
    answered: undefined,
    async call(method, params) {
      if (method === 'update_leader') {
        this.nominated.push((params as { leader_id: string }).leader_id);
        return null;
      }
      this.checks++;
      this.answered = (params as HealthCheckParams).answered;
      return {
        id: name,
        role: 'follower',
        serving: false,
        epoch: 1,
        logEnd: { epoch: 1, seq: 5 },
        oldestUncommittedMs: 0,
        diskSilentMs: 0,
        ...this.health,
      };
    },
  };
}

const leads: Partial<Health> = { role: 'leader', serving: true };
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function build(replicas: FakeReplica[], logger = silentLogger) {
  const clock = new ManualClock();
  const seen: Leaders[] = [];
  let electedLeader: ElectedLeader | undefined;
  const logTimes: number[] = [];
  const currencies: string[] = [];
  const watch = new Watch({
    replicas,
    clock,
    logger,
    currency: (currency) => currencies.push(currency),
    logTime: (logTime) => logTimes.push(logTime),
    seen: (leaders, catalogLead) => {
      seen.push(leaders);
      electedLeader = catalogLead;
    },
  });
  const reported = { logTimes, currencies };
  return { watch, clock, latest: () => seen.at(-1), leads: () => electedLeader, ...reported };
}

t.test('the serving leaders of both groups are reported', async (t) => {
  const catalog = replica('catalog-1', 'catalog');
  const order = replica('order-2', 'order');
  catalog.health = leads;
  order.health = leads;
  const { watch, latest } = build([catalog, order]);
  watch.start();
  await settled();
  t.match(latest(), { catalog: 'catalog-1', order: 'order-2' });
  t.same(catalog.nominated, []);
});

t.test('the readers are reported: the leader and its healthy followers', async (t) => {
  const replicas = ['catalog-1', 'catalog-2', 'catalog-3'].map((name) => replica(name, 'catalog'));
  const [leader, follower, learner] = replicas as [FakeReplica, FakeReplica, FakeReplica];
  leader.health = { ...leads, commit: 5, applied: 5 };
  follower.health = { commit: 5, applied: 4 };
  learner.health = { role: 'learner', commit: 5, applied: 5 };
  const { watch, latest } = build(replicas);
  watch.start();
  await settled();
  t.same(latest()?.readers, { catalog: ['catalog-1', 'catalog-2'], order: [] });
});

t.test('without a leader the best replica is nominated, and the others are informed', async (t) => {
  const orders = ['order-1', 'order-2', 'order-3'].map((name) => replica(name, 'order'));
  const { watch, clock } = build(orders);
  watch.start();
  await settled();
  clock.advance(1_000);
  await settled();
  for (const order of orders) t.ok(order.nominated.includes('order-3'), order.name);
});

t.test('a recovery server is watched, but never nominated', async (t) => {
  const recoveryServer = replica('recovery-1', 'catalog', true);
  recoveryServer.health = { logEnd: { epoch: 9, seq: 99 } };
  const { watch, clock } = build([recoveryServer]);
  watch.start();
  await settled();
  clock.advance(1_000);
  await settled();
  t.same(recoveryServer.nominated, []);
  t.equal(watch.health(recoveryServer)?.logEnd.seq, 99);
});

t.test('a leader whose connection closes no longer counts as leader', async (t) => {
  const [leader, other] = [replica('order-1', 'order'), replica('order-2', 'order')];
  leader.health = leads;
  const { watch, latest } = build([leader, other]);
  watch.start();
  await settled();
  t.equal(latest()?.order, 'order-1');
  leader.connected = false;
  watch.closed('order-1', 'order');
  t.equal(latest()?.order, undefined);
  t.same(other.nominated, ['order-2']);
});

t.test(
  'a group without a leader is logged as a warning, one with a new leader is not',
  async (t) => {
    const leader = replica('order-1', 'order');
    leader.health = leads;
    const said: string[] = [];
    const { watch } = build([leader], {
      ...silentLogger,
      info: (_fields, message) => said.push(`info ${message}`),
      warn: (_fields, message) => said.push(`warn ${message}`),
    });
    watch.start();
    await settled();
    leader.connected = false;
    watch.closed('order-1', 'order');
    t.same(said.slice(0, 2), [
      'info order-1 leads the order group',
      'warn the order group has no leader',
    ]);
  },
);

t.test('at most one health check of a replica is in progress', async (t) => {
  const slow = replica('order-1', 'order');
  let asked = 0;
  slow.call = () => {
    asked++;
    return new Promise(() => {});
  };
  const { watch, clock } = build([slow]);
  watch.start();
  clock.advance(10_000);
  t.equal(asked, 1);
});

t.test('a leader that does not serve yet is reported separately, and not replaced', async (t) => {
  const [leader, other] = [replica('catalog-1', 'catalog'), replica('catalog-2', 'catalog')];
  leader.health = { role: 'leader', serving: false, epoch: 4 };
  const { watch, clock, latest, leads: told } = build([leader, other]);
  watch.start();
  await settled();
  t.equal(latest()?.catalog, undefined);
  t.match(told(), { replica: leader, epoch: 4 });
  clock.advance(1_000);
  await settled();
  t.same(other.nominated, []);
});

t.test('without a serving leader the next check comes soon', async (t) => {
  const catalog = replica('catalog-1', 'catalog');
  const order = replica('order-1', 'order');
  order.health = leads;
  const { watch, clock } = build([catalog, order]);
  watch.start();
  await settled();
  const before = { catalog: catalog.checks, order: order.checks };
  clock.advance(20);
  t.equal(catalog.checks, before.catalog + 1);
  t.equal(order.checks, before.order, 'where it matters');
});

t.test(
  'a leader learns at once that its answers arrive, a follower at the next check',
  async (t) => {
    const [leader, other] = [replica('order-1', 'order'), replica('order-2', 'order')];
    leader.health = leads;
    const { watch, clock } = build([leader, other]);
    watch.start();
    await settled();
    t.strictSame([leader.checks, leader.answered], [2, true]);
    t.strictSame([other.checks, other.answered], [1, false]);
    clock.advance(100);
    await settled();
    t.strictSame([leader.checks, leader.answered], [3, true]);
    t.strictSame([other.checks, other.answered], [2, true]);
  },
);

t.test('a leader whose answers do not arrive is informed', async (t) => {
  const leader = replica('order-1', 'order');
  leader.health = leads;
  const { watch, clock } = build([leader]);
  watch.start();
  await settled();
  const { call } = leader;
  leader.call = async (...params) => {
    await call.apply(leader, params);
    throw new Error('no answer in time');
  };
  clock.advance(100);
  await settled();
  t.equal(leader.answered, true, 'the answer before had arrived');
  clock.advance(100);
  await settled();
  t.equal(leader.answered, false);
});

t.test('the log time of the catalog is taken from any member that reports it', async (t) => {
  const catalog = replica('catalog-1', 'catalog');
  const order = replica('order-2', 'order');
  const before = replica('catalog-2', 'catalog');
  catalog.health = { ...leads, logTime: 700 };
  order.health = { ...leads, logTime: 600 };
  const { watch, logTimes } = build([catalog, order, before]);
  watch.start();
  await settled();
  t.same([...new Set(logTimes)], [700, 600]);
});

t.test('the currency is taken from any member that reports it', async (t) => {
  const catalog = replica('catalog-1', 'catalog');
  catalog.health = { ...leads, currency: 'CHF' };
  const { watch, currencies } = build([catalog, replica('order-1', 'order')]);
  watch.round();
  await settled();
  t.same([...new Set(currencies)], ['CHF']);
  t.same(
    watch.replicas.map(({ name }) => name),
    ['catalog-1', 'order-1'],
  );
});
