import t from 'tap';
import { isServedByOne, sessionsPerThread, threadsFor } from '../../src/pool/thread-placement.js';

t.test('few sessions with small requests use half as many threads as cores', async (t) => {
  t.equal(threadsFor('packed', 1, 8), 4);
  t.equal(threadsFor('packed', sessionsPerThread, 2), 1);
  t.equal(threadsFor('packed', 1, 1), 1, 'one at least');
});

t.test('requests with much work leave one core to the owners', async (t) => {
  t.equal(threadsFor('spread', 1, 8), 7);
  t.equal(threadsFor('spread', sessionsPerThread, 2), 1);
  t.equal(threadsFor('spread', 1, 1), 1);
});

t.test('many sessions use more threads, for any number of cores', async (t) => {
  for (const placement of ['packed', 'spread'] as const) {
    t.equal(threadsFor(placement, 2 * sessionsPerThread + 1, 2), 3, placement);
  }
});

t.test('one thread serves all sessions if one is enough, or if there is no other', async (t) => {
  t.ok(isServedByOne('packed', 10, 3));
  t.notOk(isServedByOne('packed', 10, 4));
  t.ok(isServedByOne('spread', 10, 2));
  t.notOk(isServedByOne('spread', 10, 3));
  t.ok(isServedByOne('spread', 1, 8));
  t.notOk(isServedByOne('packed', 0, 1), 'without threads the owner serves');
});
