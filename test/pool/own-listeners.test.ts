// Sessions that threads accept by themselves. One thread needs nothing of the kernel; two share a
// port, which only some Nodes can.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Address } from '../../src/base/address.js';
import { reusesPorts } from '../../src/net/reuse-port.js';
import { sessionsPerThread } from '../../src/pool/thread-placement.js';
import { Harness, heldClock } from './harness.js';
import { anyPort, Client, tcp } from './tcp.js';

const alone = { workers: 1 };
const shared = reusesPorts() ? {} : { skip: 'this Node cannot share a port between threads' };

async function freePort(): Promise<Address> {
  const listener = await tcp.listen(anyPort, () => {});
  await listener.close();
  return listener.address;
}

async function openListener(harness: Harness, kind = 'raw'): Promise<Address> {
  const { address } = await harness.pool.listenInThreads(await freePort(), kind);
  return address;
}

function visit(t: Test, address: Address): Client {
  const client = new Client(address);
  t.teardown(() => client.close());
  return client;
}

/** The peer has ended or reset the connection, or refused it. */
async function gone(client: Client): Promise<void> {
  await client.until(({ ended }) => ended).catch(() => {});
}

/** Resolves with a client that was let in; until then nobody listens. */
async function letIn(t: Test, address: Address): Promise<Client> {
  for (;;) {
    const client = visit(t, address);
    client.send('w');
    await client.until(({ ended, receivedBytes }) => ended || receivedBytes > 0).catch(() => {});
    if (client.receivedBytes > 0) return client;
  }
}

t.test('a thread serves what it accepts, and asks the owner', async (t) => {
  const harness = await Harness.start(t, alone);
  const client = visit(t, await openListener(harness));
  t.equal(await client.ask('w', 1), 'w');
  client.send('c');
  await harness.until(() => harness.calls().length === 1);
  harness.calls()[0]?.reply(undefined, 'yes');
  t.equal(await client.take(4), 'yes;');
});

t.test('a session that throws is closed alone', async (t) => {
  const harness = await Harness.start(t, alone);
  const address = await openListener(harness);
  const [failing, other] = [visit(t, address), visit(t, address)];
  t.equal(await other.ask('w', 1), 'w');
  failing.send('x');
  await gone(failing);
  await harness.until(() => harness.logged.length > 0);
  t.match(harness.logged, [{ level: 'error', fields: { err: /a session failed/ } }]);
  t.equal(await other.ask('w', 1), 'w');
});

t.test('a session that cannot be opened is closed alone', async (t) => {
  const harness = await Harness.start(t, alone);
  const refused = visit(t, await openListener(harness, 'refused'));
  const other = visit(t, await openListener(harness));
  await gone(refused);
  t.equal(await other.ask('w', 1), 'w');
});

t.test('a thread that crashed is replaced by one that listens too', async (t) => {
  const harness = await Harness.start(t, alone);
  const address = await openListener(harness);
  const client = visit(t, address);
  client.send('X');
  await gone(client);
  const next = await letIn(t, address);
  t.equal(await next.ask('w', 2), 'ww');
  t.equal(harness.pool.status().threads[0]?.crashes, 1);
});

t.test('a session above the limit is closed at once', async (t) => {
  const harness = await Harness.start(t, { ...alone, limits: { sessionsMax: 1 } });
  const address = await openListener(harness);
  const first = visit(t, address);
  t.equal(await first.ask('w', 1), 'w');
  await gone(visit(t, address));
  t.equal(await first.ask('w', 1), 'w');
  await harness.until(() => harness.pool.status().refused === 1);
  t.match(harness.logged, [{ level: 'warn', fields: { refused: 1, sessions: 1, sessionsMax: 1 } }]);
});

t.test('a port that is taken is refused', async (t) => {
  const harness = await Harness.start(t, alone);
  const taken = await tcp.listen(anyPort, () => {});
  t.teardown(() => taken.close());
  await t.rejects(harness.pool.listenInThreads(taken.address, 'raw'), { code: 'unavailable' });
});

t.test('a closed listener accepts no connection; its sessions stay', async (t) => {
  const harness = await Harness.start(t, alone);
  const listener = await harness.pool.listenInThreads(await freePort(), 'raw');
  const client = visit(t, listener.address);
  t.equal(await client.ask('w', 1), 'w');
  await listener.close();
  await gone(visit(t, listener.address));
  t.equal(await client.ask('w', 1), 'w');
});

t.test('drain waits for the requests under way, then ends the sessions', async (t) => {
  const harness = await Harness.start(t, alone);
  const address = await openListener(harness);
  const asking = visit(t, address);
  asking.send('c');
  await harness.until(() => harness.calls().length === 1);
  const draining = harness.pool.drain();
  await harness.until(() => harness.told('draining').length === 1);
  await gone(visit(t, address));
  harness.calls()[0]?.reply(undefined, 'the answer');
  t.equal(await asking.take(11), 'the answer;');
  await asking.until((client) => client.ended);
  asking.socket.end();
  await draining;
  t.match(harness.pool.status(), { sessions: 0 });
});

t.test('drain does not wait for ever', async (t) => {
  const clock = heldClock();
  const harness = await Harness.start(t, { ...alone, clock });
  const asking = visit(t, await openListener(harness));
  asking.send('c');
  await harness.until(() => harness.calls().length === 1);
  const draining = harness.pool.drain();
  await harness.until(() => harness.told('draining').length === 1);
  clock.release();
  await draining;
  await gone(asking);
});

/** Lets so many in, and tells by how many threads they are served. */
async function threadsOf(t: Test, harness: Harness, address: Address, count: number) {
  const before = harness.told('letter').length;
  const clients = Array.from({ length: count }, () => visit(t, address));
  for (const client of clients) t.equal(await client.ask('w', 1), 'w');
  for (const client of clients) client.send('#');
  await harness.until(() => harness.told('letter').length === before + count);
  return new Set(harness.told('letter')).size;
}

t.test('the kernel spreads sessions over the threads', shared, async (t) => {
  const harness = await Harness.start(t);
  const address = await openListener(harness);
  t.equal(await threadsOf(t, harness, address, 64), 2, 'both threads have some');
});

t.test('sessions fill one thread before another listens beside it', shared, async (t) => {
  const harness = await Harness.start(t, { cores: 3 });
  const address = await openListener(harness);
  t.equal(await threadsOf(t, harness, address, sessionsPerThread), 1);
  // The other listens as soon as the owner has heard of one more; half of those that follow are its.
  let threads = 1;
  for (let more = 0; threads === 1 && more < 200; more++) {
    threads = await threadsOf(t, harness, address, 1);
  }
  t.equal(threads, 2);
});

t.test('where threads cannot share a port one has all sessions', async (t) => {
  const more = 8;
  const limits = { sessionsMax: sessionsPerThread + more };
  const harness = await Harness.start(t, { cores: 3, sharesPorts: false, limits });
  const address = await openListener(harness);
  t.equal(await threadsOf(t, harness, address, sessionsPerThread), 1);
  // One by one, so that the owner hears of them before the last.
  for (let n = 0; n < more; n++) t.equal(await threadsOf(t, harness, address, 1), 1);
  t.same(harness.logged, [], 'the other was not told to listen');
  await gone(visit(t, address));
});

t.test('sessions that threads accepted count where the owner accepts', async (t) => {
  const harness = await Harness.start(t, {
    cores: 3,
    sharesPorts: false,
    limits: { sessionsMax: 1 },
  });
  const client = visit(t, await openListener(harness));
  t.equal(await client.ask('w', 1), 'w');
  const relayed = await harness.pool.listen(tcp, anyPort, 'http');
  await gone(visit(t, relayed.address));
  t.equal(await client.ask('w', 1), 'w');
});

t.test('a relayed session goes to the thread with fewer sessions, its own too', async (t) => {
  const harness = await Harness.start(t, { sharesPorts: false });
  const own = visit(t, await openListener(harness));
  own.send('#');
  await harness.until(() => harness.told('letter').length === 1);
  const relayed = await harness.pool.listen(tcp, anyPort, 'http', 'spread');
  visit(t, relayed.address).send('#');
  await harness.until(() => harness.told('letter').length === 2);
  t.equal(new Set(harness.told('letter')).size, 2);
});

t.test('where the thread that listens ends, another one does so at once', async (t) => {
  const clock = heldClock();
  const harness = await Harness.start(t, { cores: 3, clock });
  const address = await openListener(harness);
  for (let crash = 0; crash < 3; crash++) {
    const client = await letIn(t, address);
    client.send('X');
    await gone(client);
  }
  t.equal(await (await letIn(t, address)).ask('w', 2), 'ww');
});

t.test('a thread that crashed may hold a port that cannot be shared for a moment', async (t) => {
  const harness = await Harness.start(t, { cores: 3, sharesPorts: false });
  const address = await openListener(harness);
  for (const crash of ['A', 'T', 'R', 'A', 'T', 'R']) {
    const client = await letIn(t, address);
    client.send(crash);
    await gone(client);
  }
  t.equal(await (await letIn(t, address)).ask('w', 2), 'ww');
});

t.test('a thread that cannot listen is told to again, each time a little later', async (t) => {
  const clock = heldClock();
  const refusing = join(t.testdir(), 'refusing');
  const harness = await Harness.start(t, { cores: 3, clock, data: { refusing } });
  const address = await openListener(harness);
  const client = await letIn(t, address);
  writeFileSync(refusing, '');
  client.send('X');
  await gone(client);
  const failures = () =>
    harness.logged.filter(({ message }) => message === 'a thread does not listen').length;
  await harness.until(() => failures() === 2);
  t.match(clock.waits().slice(-2), [10, 20]);
  clock.release();
  await harness.until(() => failures() === 4);
  t.match(clock.waits().slice(-2), [40, 80]);
  rmSync(refusing);
  clock.release();
  t.equal(await (await letIn(t, address)).ask('w', 2), 'ww');
});

t.test('Nodes that can share a port are known by their version', async (t) => {
  for (const version of ['22.12.0', '22.20.1', '23.1.0', '24.0.0', '26.10.0']) {
    t.ok(reusesPorts(version, 'linux'), version);
    t.notOk(reusesPorts(version, 'darwin'), version);
  }
  for (const version of ['20.20.2', '21.7.3', '22.11.0', '23.0.0', '18.20.0']) {
    t.notOk(reusesPorts(version, 'linux'), version);
  }
});
