/** Requests a second: each address its own, all threads together, in memory that does not grow. */
import { Worker } from 'node:worker_threads';
import t from 'tap';
import { networkOf } from '../../src/base/network-of.js';
import { RateLimit, rateLimitMemory } from '../../src/gateway/rate-limit.js';

t.test('an address has its number of requests a second, and no more until the next', async (t) => {
  const limit = new RateLimit(rateLimitMemory(1), 3);
  const slot = limit.slotOf('10.0.0.1');
  t.same(
    [0, 0, 0],
    [1, 2, 3].map(() => limit.take(slot, 5_200)),
  );
  t.equal(limit.take(slot, 5_200), 800, 'until the second is over');
  t.equal(limit.take(slot, 5_999.5), 1);
  t.equal(limit.take(slot, 6_000), 0);
});

t.test('addresses have separate counts', async (t) => {
  const limit = new RateLimit(rateLimitMemory(1), 1);
  const hosts = Array.from({ length: 200 }, (_, index) => `10.0.0.${index}`);
  const taken = hosts.map((host) => limit.take(limit.slotOf(host), 1_000));
  t.ok(taken.filter((waitMs) => waitMs > 0).length <= 2, 'all but addresses with the same hash');
  t.ok(limit.take(limit.slotOf('10.0.0.7'), 1_000) > 0);
});

t.test('two processes map addresses to counts differently', async (t) => {
  const one = new RateLimit(rateLimitMemory(1), 1);
  const other = new RateLimit(rateLimitMemory(2), 1);
  const hosts = Array.from({ length: 50 }, (_, index) => `10.0.0.${index}`);
  const same = hosts.filter((host) => one.slotOf(host) === other.slotOf(host));
  t.ok(same.length < 5);
});

t.test('threads share their counts', async (t) => {
  const buffer = rateLimitMemory(1);
  const module = new URL('../../src/gateway/rate-limit.js', import.meta.url).href;
  const source = `
    const { parentPort, workerData } = require('node:worker_threads');
    import(${JSON.stringify(module)}).then(({ RateLimit }) => {
      const limit = new RateLimit(workerData, 1_000);
      const slot = limit.slotOf('host');
      let passed = 0;
      for (let i = 0; i < 2_000; i++) if (limit.take(slot, 7_000) === 0) passed++;
      parentPort.postMessage(passed);
    });`;
  const count = (): Promise<number> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(source, { eval: true, workerData: buffer });
      worker.once('message', resolve).once('error', reject);
    });
  new RateLimit(buffer, 1_000).take(new RateLimit(buffer, 1_000).slotOf('host'), 7_000);
  const passed = await Promise.all([count(), count()]);
  t.equal(passed[0] + passed[1], 999);
});

t.test('a window may be longer than a second', async (t) => {
  const limit = new RateLimit(rateLimitMemory(1), 1, 10_000);
  const slot = limit.slotOf('10.0.0.1');
  t.equal(limit.take(slot, 21_000), 0);
  t.equal(limit.take(slot, 27_000), 3_000);
  t.equal(limit.take(slot, 30_000), 0);
});

t.test('limits count IPv4 addresses and IPv6 networks, without ports', async (t) => {
  t.equal(networkOf('127.0.0.1:4711'), '127.0.0.1');
  t.equal(networkOf('[::ffff:127.0.0.1]:4711'), '127.0.0.1', 'IPv4 in the form of IPv6');
  t.equal(networkOf('[::1]:4711'), '0:0:0:0::/64');
  t.equal(networkOf('[2001:db8:1:2:3:4:5:6]:1'), '2001:db8:1:2::/64');
  t.equal(networkOf('[2001:db8:1:2::9]:1'), '2001:db8:1:2::/64', 'the same network');
  t.equal(networkOf('[2001:DB8:1:3::9]:1'), '2001:db8:1:3::/64', 'another one');
  t.equal(networkOf('[fe80::1%eth0]:1'), 'fe80:0:0:0::/64');
  t.equal(networkOf('[64:ff9b::1.2.3.4]:1'), '64:ff9b:0:0::/64');
  t.equal(networkOf('unknown'), 'unknown');
});
