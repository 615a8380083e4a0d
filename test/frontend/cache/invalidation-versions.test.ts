import t from 'tap';
import {
  InvalidationVersions,
  leaseFromNow,
} from '../../../src/frontend/cache/invalidation-versions.js';
import { ManualClock } from '../../helpers/manual-clock.js';

/** Where nothing else is said, it stands still. */
const clock = new ManualClock();
const lease = { atMs: 1_000, atWallMs: 1_700_000_001_000 };

t.test('nothing may be cached without a session', async (t) => {
  const versions = new InvalidationVersions(undefined, clock);
  const sighting = versions.sight(versions.idBucket(8));
  t.equal(versions.mayFill(sighting, 100, 3), false);
});

t.test(
  'in a session an answer is cached unless its item was invalidated since the question',
  async (t) => {
    const versions = new InvalidationVersions(undefined, clock);
    versions.beginSession(10, 3, lease);
    const bucket = versions.idBucket(8);
    const sighting = versions.sight(bucket);
    t.equal(versions.mayFill(sighting, 10, 3), true);
    versions.invalidate(bucket, 11);
    t.equal(
      versions.mayFill(sighting, 11, 3),
      false,
      'the question was older than the invalidation',
    );
  },
);

t.test('an answer from before the minimum position does not restore an old value', async (t) => {
  const versions = new InvalidationVersions(undefined, clock);
  versions.beginSession(10, 3, lease);
  const bucket = versions.idBucket(8);
  versions.invalidate(bucket, 12);
  const sighting = versions.sight(bucket);
  t.equal(versions.mayFill(sighting, 11, 3), false);
  t.equal(versions.mayFill(sighting, 12, 3), true);
});

t.test('a new session sets every minimum position to the log end', async (t) => {
  const versions = new InvalidationVersions(undefined, clock);
  versions.beginSession(20, 3, lease);
  const sighting = versions.sight(versions.idBucket(5));
  t.equal(versions.mayFill(sighting, 19, 3), false);
  t.equal(versions.mayFill(sighting, 20, 3), true);
});

t.test('a new session invalidates the entries of an earlier one in every thread', async (t) => {
  const versions = new InvalidationVersions(undefined, clock);
  const inThread = new InvalidationVersions(versions.buffer, clock);
  versions.beginSession(1, 3, lease);
  const sighting = inThread.sight(inThread.nameBucket('Tux'));
  t.equal(inThread.isCurrent(sighting), true);
  versions.endSession();
  t.equal(inThread.isCurrent(sighting), false);
  versions.beginSession(1, 3, lease);
  t.equal(inThread.isCurrent(sighting), false);
});

t.test('a bucket without invalidations can be filled after any number of others', async (t) => {
  const versions = new InvalidationVersions(undefined, clock);
  versions.beginSession(1, 3, lease);
  const inThread = new InvalidationVersions(versions.buffer, clock);
  const quiet = inThread.sight(7);
  // The second word counts them; so many would take too long.
  const count = new Int32Array(versions.buffer, 4, 1);
  for (let round = 1; round <= 9; round++) {
    count[0] = (round * 2 ** 30 - 1) | 0;
    const before = inThread.horizon();
    versions.invalidate(9, 1);
    t.equal(inThread.sightedAt(9, before), undefined);
    t.ok(inThread.sightedAt(7, inThread.horizon()), `after ${round} times 2^30`);
    if (round === 1) t.equal(inThread.isCurrent(quiet), false);
  }
});

t.test('ending a session twice does not begin one', async (t) => {
  const versions = new InvalidationVersions(undefined, clock);
  versions.beginSession(1, 3, lease);
  versions.endSession();
  versions.endSession();
  t.equal(versions.inSession, false);
});

t.test('ids and names are hashed to existing buckets', async (t) => {
  const versions = new InvalidationVersions(undefined, clock);
  for (const id of [1, 17, 65_536, 2 ** 31, 2 ** 40]) {
    t.doesNotThrow(() => versions.sight(versions.idBucket(id)));
    t.ok(versions.idBucket(id) >= 0 && versions.idBucket(id) < 65_536);
  }
  t.ok(versions.nameBucket('Étoile 星') < 65_536);
});

t.test('each check compares the lease with the clock, in every thread', async (t) => {
  const clock = new ManualClock();
  const versions = new InvalidationVersions(undefined, clock);
  const inThread = new InvalidationVersions(versions.buffer, clock);
  clock.advance(5_000);
  versions.beginSession(1, 3, leaseFromNow(clock, 1_000));
  const sighting = inThread.sight(7);
  t.equal(inThread.isCurrent(sighting), true);
  clock.advance(999);
  t.equal(inThread.isCurrent(sighting), true);
  clock.advance(1);
  t.equal(inThread.isCurrent(sighting), false, 'without a message');
  t.equal(inThread.mayFill(sighting, 1, 3), false);
  versions.renew(leaseFromNow(clock, 1_000));
  t.equal(inThread.isCurrent(sighting), true, 'renewed by a leader that had not given it up');
});

t.test('a lease ends at its time for any value of the clock', async (t) => {
  for (const startMs of [2 ** 31 - 500, 2 ** 32 - 500, 2 ** 32 - 1_500, 2 ** 40 + 0.5]) {
    const clock = new ManualClock();
    clock.advance(startMs);
    const versions = new InvalidationVersions(undefined, clock);
    versions.beginSession(1, 3, leaseFromNow(clock, 1_000));
    clock.advance(998);
    t.equal(versions.isLeased, true, `${startMs}`);
    clock.advance(2);
    t.equal(versions.isLeased, false, `${startMs}`);
  }
});

t.test('the reported log time is visible in every thread and never decreases', async (t) => {
  const versions = new InvalidationVersions(undefined, clock);
  const inThread = new InvalidationVersions(versions.buffer, clock);
  t.equal(inThread.logTime, undefined);
  for (const [told, known] of [
    [0, 0],
    [90_000, 90_000],
    [60_000, 90_000],
  ] as const) {
    versions.heardLogTime(told);
    t.equal(inThread.logTime, known);
  }
});

t.test('the reported currency is visible in every thread', async (t) => {
  const owner = new InvalidationVersions(undefined, clock);
  const thread = new InvalidationVersions(owner.buffer, clock);
  t.equal(thread.currency, 'EUR', 'until a catalog reports one');
  owner.heardCurrency('CHF');
  t.equal(thread.currency, 'CHF');
});

t.test('a lease ends by the wall clock if the monotonic clock has stopped', async (t) => {
  const dayMs = 86_400_000;
  for (const suspendedMs of [1_000, dayMs, 25 * dayMs, 2 ** 32, 2 ** 32 + 500, 400 * dayMs]) {
    const clock = new ManualClock();
    const versions = new InvalidationVersions(undefined, clock);
    versions.beginSession(1, 3, leaseFromNow(clock, 1_000));
    const sighting = versions.sight(7);
    clock.moveWall(999);
    t.equal(versions.isCurrent(sighting), true);
    clock.moveWall(suspendedMs - 999);
    t.equal(versions.isCurrent(sighting), false, `suspended for ${suspendedMs} ms`);
    t.equal(versions.mayFill(sighting, 1, 3), false);
  }
});

t.test('setting the wall clock back extends no lease', async (t) => {
  const clock = new ManualClock();
  const versions = new InvalidationVersions(undefined, clock);
  versions.beginSession(1, 3, leaseFromNow(clock, 1_000));
  clock.moveWall(-3_600_000);
  clock.advance(999);
  t.equal(versions.isLeased, true);
  clock.advance(1);
  t.equal(versions.isLeased, false);
});

t.test(
  'one clock reading covers the input that arrived before it, and nothing later',
  async (t) => {
    const clock = new ManualClock();
    const versions = new InvalidationVersions(undefined, clock);
    versions.beginSession(1, 3, leaseFromNow(clock, 1_000));
    const sighting = versions.sight(7);
    versions.inputBegins();
    t.equal(versions.isCurrent(sighting), true);
    clock.moveWall(1_000);
    t.equal(versions.isCurrent(sighting), true, 'what arrived before the machine was suspended');
    versions.invalidate(7, 2);
    t.equal(versions.isCurrent(sighting), false, 'an invalidation is seen at once');
    versions.inputEnds();
    t.equal(versions.isCurrent(versions.sight(7)), false);
    versions.inputBegins();
    t.equal(versions.isCurrent(versions.sight(7)), false, 'each input has a look of its own');
    versions.inputEnds();
    versions.renew(leaseFromNow(clock, 1_000));
    t.equal(versions.isCurrent(versions.sight(7)), true);
  },
);
