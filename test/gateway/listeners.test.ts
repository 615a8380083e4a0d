import t from 'tap';
import { threadsListen } from '../../src/gateway/listeners.js';
import { reusesPorts } from '../../src/net/reuse-port.js';

const usual = { workers: 2, reusePort: true };

t.test('a kind of sessions that one thread serves needs no port that threads share', async (t) => {
  t.ok(threadsListen(usual, 'raw', 3));
  t.ok(threadsListen(usual, 'http', 1));
  t.ok(threadsListen({ ...usual, workers: 1 }, 'http', 8));
});

t.test('where several threads serve a kind, the kernel must spread its sessions', async (t) => {
  t.equal(threadsListen(usual, 'raw', 4), reusesPorts());
  t.equal(threadsListen(usual, 'http', 2), reusesPorts());
});

t.test('no thread listens where there is none, or where sessions are to be relayed', async (t) => {
  t.notOk(threadsListen({ ...usual, workers: 0 }, 'raw', 1));
  t.notOk(threadsListen({ ...usual, reusePort: false }, 'raw', 1));
});
