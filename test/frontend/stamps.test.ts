import t from 'tap';
import { Stamps } from '../../src/frontend/stamps.js';

t.test('nothing may be cached without a session', async (t) => {
  const stamps = new Stamps();
  const sighting = stamps.sight(stamps.idBucket(8));
  t.equal(stamps.mayFill(sighting, 100, 3), false);
});

t.test(
  'in a session an answer fills unless its item was invalidated since the question',
  async (t) => {
    const stamps = new Stamps();
    stamps.beginSession(10, 3);
    const bucket = stamps.idBucket(8);
    const sighting = stamps.sight(bucket);
    t.equal(stamps.mayFill(sighting, 10, 3), true);
    stamps.invalidate(bucket, 11);
    t.equal(stamps.mayFill(sighting, 11, 3), false, 'the question was older than the invalidation');
  },
);

t.test('an answer from before the floor does not refill an old value', async (t) => {
  const stamps = new Stamps();
  stamps.beginSession(10, 3);
  const bucket = stamps.idBucket(8);
  stamps.invalidate(bucket, 12);
  const sighting = stamps.sight(bucket);
  t.equal(stamps.mayFill(sighting, 11, 3), false);
  t.equal(stamps.mayFill(sighting, 12, 3), true);
});

t.test('a new session sets every floor to the log end', async (t) => {
  const stamps = new Stamps();
  stamps.beginSession(20, 3);
  const sighting = stamps.sight(stamps.idBucket(5));
  t.equal(stamps.mayFill(sighting, 19, 3), false);
  t.equal(stamps.mayFill(sighting, 20, 3), true);
});

t.test('what was cached in an earlier session is void, in every thread', async (t) => {
  const stamps = new Stamps();
  const inThread = new Stamps(stamps.buffer);
  stamps.beginSession(1, 3);
  const sighting = inThread.sight(inThread.nameBucket('Tux'));
  t.equal(inThread.isCurrent(sighting), true);
  stamps.endSession();
  t.equal(inThread.isCurrent(sighting), false);
  stamps.beginSession(1, 3);
  t.equal(inThread.isCurrent(sighting), false);
});

t.test('ending a session twice does not begin one', async (t) => {
  const stamps = new Stamps();
  stamps.beginSession(1, 3);
  stamps.endSession();
  stamps.endSession();
  t.equal(stamps.inSession, false);
});

t.test('ids and names fall into buckets that exist', async (t) => {
  const stamps = new Stamps();
  for (const id of [1, 17, 65_536, 2 ** 31, 2 ** 40]) {
    t.doesNotThrow(() => stamps.sight(stamps.idBucket(id)));
    t.ok(stamps.idBucket(id) >= 0 && stamps.idBucket(id) < 65_536);
  }
  t.ok(stamps.nameBucket('Étoile 星') < 65_536);
});
