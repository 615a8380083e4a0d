import t from 'tap';
import { BazarError } from '../../../src/base/errors.js';
import { silentLogger } from '../../../src/base/logging.js';
import { CacheSession } from '../../../src/frontend/cache/cache-session.js';
import { InvalidationVersions } from '../../../src/frontend/cache/invalidation-versions.js';
import type { ReplicaClient } from '../../../src/frontend/replica-client.js';
import { ManualClock } from '../../helpers/manual-clock.js';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const leaseMs = 1_000;
const renewEveryMs = 250;

interface Question {
  readonly method: string;
  readonly params: unknown;
  answer(value: unknown): void;
  refuse(error: Error): void;
}

/** A leader whose answers come when the test says so. */
interface FakeClient extends ReplicaClient {
  connected: boolean;
  readonly asked: Question[];
}

function line(name: string): FakeClient {
  const asked: Question[] = [];
  return {
    name,
    group: 'catalog',
    isRecoveryServer: false,
    connected: true,
    asked,
    call: (method, params) =>
      new Promise((answer, refuse) => asked.push({ method, params, answer, refuse })),
  };
}

function build() {
  const clock = new ManualClock();
  const versions = new InvalidationVersions(undefined, clock);
  const pushes: number[] = [];
  const session = new CacheSession({
    ...{ versions, clock, logger: silentLogger },
    frontend: 'frontend-1',
    process: 'p',
    pushed: { pushed: (seq) => pushes.push(seq) },
  });
  session.start();
  return { clock, versions, session, pushes };
}

/** In session with a leader of epoch 3, which was asked at the clock's 0. */
async function begin() {
  const built = build();
  const leader = line('catalog-1');
  built.session.follow(leader, 3);
  leader.asked[0]?.answer([7, 3, 1]);
  await settled();
  return { ...built, leader };
}

t.test(
  'a session begins once with the leader, and its minimum position is the log end',
  async (t) => {
    const { versions, session } = build();
    const leader = line('catalog-1');
    session.follow(leader, 3);
    session.follow(leader, 3);
    t.equal(versions.inSession, false, 'not before the leader has answered');
    t.match(leader.asked, [{ method: 'begin_session', params: ['frontend-1', 'p', 2, 3] }]);
    t.equal(leader.asked.length, 1);
    leader.asked[0]?.answer([7, 3, 1]);
    await settled();
    t.equal(versions.inSession, true);
    t.equal(versions.mayFill(versions.sight(3), 6, 3), false);
    t.equal(versions.mayFill(versions.sight(3), 7, 3), true);
  },
);

t.test('a lease counts from the moment of its request', async (t) => {
  const { clock, versions, session } = build();
  const leader = line('catalog-1');
  session.follow(leader, 3);
  clock.advance(400);
  leader.asked[0]?.answer([7, 3, 1]);
  await settled();
  clock.advance(leaseMs - 400 - 1);
  t.equal(versions.isLeased, true);
  clock.advance(1);
  t.equal(versions.isLeased, false);
});

t.test('a lease counts on the wall clock from the same moment', async (t) => {
  const { clock, versions, session } = build();
  const leader = line('catalog-1');
  session.follow(leader, 3);
  clock.moveWall(leaseMs - 1);
  leader.asked[0]?.answer([7, 3, 1]);
  await settled();
  t.equal(versions.isLeased, true);
  clock.moveWall(1);
  t.equal(versions.isLeased, false, 'the machine was suspended since it asked');
  clock.advance(renewEveryMs);
  leader.asked[1]?.answer(null);
  await settled();
  clock.moveWall(leaseMs - 1);
  t.equal(versions.isLeased, true);
  clock.moveWall(1);
  t.equal(versions.isLeased, false);
});

t.test('a renewed lease counts from the moment of the renewal request', async (t) => {
  const { clock, versions, leader } = await begin();
  clock.advance(renewEveryMs);
  t.match(leader.asked[1], { method: 'renew_lease', params: ['p', 1] });
  clock.advance(renewEveryMs);
  t.equal(leader.asked.length, 2, 'one renewal at a time');
  leader.asked[1]?.answer(null);
  await settled();
  clock.advance(leaseMs - renewEveryMs - 1);
  t.equal(versions.isLeased, true);
  clock.advance(1);
  t.equal(versions.isLeased, false);
});

t.test('after a lease expired at the leader, another session and generation begin', async (t) => {
  const { clock, versions, leader } = await begin();
  const sighting = versions.sight(1);
  clock.advance(renewEveryMs);
  leader.asked[1]?.refuse(new BazarError('conflict', 'run out'));
  await settled();
  t.equal(versions.inSession, false);
  t.match(leader.asked[2], { method: 'begin_session', params: ['frontend-1', 'p', 4, 3] });
  leader.asked[2]?.answer([9, 3, 2]);
  await settled();
  t.equal(versions.inSession, true);
  t.equal(versions.isCurrent(sighting), false, 'nothing of the old one is served');
});

t.test('a session whose answer takes longer than a lease begins with a renewal', async (t) => {
  const { clock, versions, session } = build();
  const leader = line('catalog-1');
  session.follow(leader, 3);
  clock.advance(leaseMs + 1);
  leader.asked[0]?.answer([7, 3, 1]);
  await settled();
  t.equal(versions.isLeased, false);
  t.equal(leader.asked[1]?.method, 'renew_lease');
});

t.test('before a session is requested, nothing of the last one is served', async (t) => {
  const { versions, session } = await begin();
  const next = line('catalog-2');
  let served = true;
  next.call = (...question) => {
    served = versions.inSession;
    return line('').call(...question);
  };
  session.follow(next, 4);
  t.equal(served, false);
});

t.test('an invalidation is in the shared versions when the call returns', async (t) => {
  const { versions, session } = await begin();
  const sighting = versions.sight(versions.idBucket(8));
  session.invalidate('catalog-2', [8, [8], [], []]);
  t.equal(versions.isCurrent(sighting), true, 'of the leader alone');
  session.invalidate('catalog-1', [8, [8], [], []]);
  t.equal(versions.isCurrent(sighting), false);
});

t.test('pushed records count only in a session with the leader that pushed them', async (t) => {
  const { session, pushes } = await begin();
  session.records('catalog-1', [8, []]);
  session.records('catalog-2', [9, []]);
  session.lost('catalog-1');
  session.records('catalog-1', [10, []]);
  t.same(pushes, [8]);
});

t.test(
  'a closed connection ends the session, and the next one has another generation',
  async (t) => {
    const { versions, session, leader } = await begin();
    const sighting = versions.sight(1);
    session.lost('catalog-1');
    t.equal(versions.inSession, false);
    leader.connected = false;
    session.follow(leader, 3);
    t.equal(leader.asked.length, 1, 'not without a connection');
    leader.connected = true;
    session.follow(leader, 3);
    leader.asked[1]?.answer([7, 3, 2]);
    await settled();
    t.equal(versions.inSession, true);
    t.equal(versions.isCurrent(sighting), false);
  },
);

t.test('without a known leader a session continues until its lease expires', async (t) => {
  const { versions, session } = await begin();
  session.follow(undefined, 0);
  t.equal(versions.inSession, true);
});

t.test(
  'another leader is another session, and late answers of the old one are ignored',
  async (t) => {
    const { versions, session } = build();
    const [old, next] = [line('catalog-1'), line('catalog-2')];
    session.follow(old, 3);
    session.follow(next, 4);
    old.asked[0]?.answer([1, 3, 1]);
    await settled();
    t.equal(versions.inSession, false);
    session.follow(old, 3);
    t.equal(old.asked.length, 1, 'a leader of a lower epoch is followed no more');
    next.asked[0]?.answer([1, 4, 1]);
    await settled();
    t.equal(versions.inSession, true);
  },
);

t.test('a leader of a new epoch is another leader, even with the same name', async (t) => {
  const { versions, session, leader } = await begin();
  session.follow(leader, 5);
  t.equal(versions.inSession, false);
  t.match(leader.asked[1], { params: ['frontend-1', 'p', 4, 5] });
});

t.test('a renewal answer of an earlier session renews nothing', async (t) => {
  const { clock, versions, session, leader } = await begin();
  clock.advance(renewEveryMs);
  session.lost('catalog-1');
  session.follow(leader, 3);
  leader.asked[2]?.answer([7, 3, 2]);
  await settled();
  clock.advance(leaseMs);
  leader.asked[1]?.answer(null);
  await settled();
  t.equal(versions.isLeased, false);
});

t.test('a refused session is requested again at the next round', async (t) => {
  const { versions, session } = build();
  const leader = line('catalog-1');
  session.follow(leader, 3);
  leader.asked[0]?.refuse(new Error('not yet'));
  await settled();
  session.follow(leader, 3);
  leader.asked[1]?.answer([1, 3, 1]);
  await settled();
  t.equal(versions.inSession, true);
});

t.test('a frontend that stops says so when nothing is served any more', async (t) => {
  const { versions, session, leader } = await begin();
  const stopping = session.stop();
  t.equal(versions.inSession, false);
  t.match(leader.asked[1], { method: 'end_session', params: ['p', 4] });
  leader.asked[1]?.answer(null);
  await stopping;
  session.follow(leader, 3);
  t.equal(leader.asked.length, 2, 'and begins no more');
});
