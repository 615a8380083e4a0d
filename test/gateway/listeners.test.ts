import t from 'tap';
import { threadsListen } from '../../src/gateway/listeners.js';
import { reusesPorts } from '../../src/net/reuse-port.js';

const usual = { workers: 2, reusePort: true };

t.test('a kind of sessions with one thread needs no shared port', async (t) => {
  t.ok(threadsListen(usual, 'raw', 3));
  t.ok(threadsListen(usual, 'http', 2));
  t.ok(threadsListen({ ...usual, workers: 1 }, 'http', 8));
});

t.test('a kind with several threads needs the kernel to distribute its sessions', async (t) => {
  t.equal(threadsListen(usual, 'raw', 4), reusesPorts());
  t.equal(threadsListen(usual, 'http', 3), reusesPorts());
});

t.test('no thread listens if there is none, or if sessions are to be relayed', async (t) => {
  t.notOk(threadsListen({ ...usual, workers: 0 }, 'raw', 1));
  t.notOk(threadsListen({ ...usual, reusePort: false }, 'raw', 1));
});
