import t from 'tap';
import { Harness, heldClock } from './harness.js';

for (const workers of [0, 2]) {
  t.test(`drain waits for the requests in progress, ${workers} threads`, async (t) => {
    const harness = await Harness.start(t, { workers });
    const [asking, idle] = await harness.connect(2);
    asking?.send('c');
    await harness.until(() => harness.calls().length === 1);
    let drained = false;
    const draining = harness.pool.drain().then(() => {
      drained = true;
    });
    await harness.until(() => harness.told('draining').length === Math.max(1, workers));
    t.notOk(drained);
    harness.calls()[0]?.reply(undefined, 'the answer');
    t.equal(await asking?.take(11), 'the answer;');
    await asking?.until((client) => client.ended);
    await idle?.until((client) => client.ended);
    for (const client of harness.clients) client.socket.end();
    await draining;
    t.match(harness.pool.status(), { sessions: 0 });
    for (const thread of harness.pool.status().threads) t.equal(thread.state, 'stopped');
  });

  t.test(`drain accepts no more sessions, ${workers} threads`, async (t) => {
    const harness = await Harness.start(t, { workers });
    const peers = await harness.fakes();
    const asking = peers.open();
    asking.give('c');
    await harness.until(() => harness.calls().length === 1);
    const draining = harness.pool.drain();
    t.ok(peers.open().closed);
    t.notOk(asking.closed);
    await harness.until(() => harness.told('draining').length > 0);
    harness.calls()[0]?.reply(undefined, 'ok');
    await draining;
    t.equal(asking.text, 'ok;');
  });

  t.test(`drain has a time limit, ${workers} threads`, async (t) => {
    const clock = heldClock();
    const harness = await Harness.start(t, { workers, clock });
    const peers = await harness.fakes();
    const asking = peers.open();
    asking.give('c');
    await harness.until(() => harness.calls().length === 1);
    const draining = harness.pool.drain();
    await harness.until(() => harness.told('draining').length === Math.max(1, workers));
    t.equal(clock.waits().length, 1);
    clock.release();
    await draining;
    t.ok(asking.ended);
    t.equal(harness.pool.status().sessions, 0);
  });

  t.test(`close ends sessions and threads at once, ${workers} threads`, async (t) => {
    const harness = await Harness.start(t, { workers });
    const peers = await harness.fakes();
    const peer = peers.open();
    peer.give('c');
    await harness.until(() => harness.calls().length === 1);
    await Promise.all([harness.pool.close(), harness.pool.close(), harness.pool.drain()]);
    t.ok(peer.closed);
    t.same(harness.told('draining'), []);
    harness.calls()[0]?.reply(undefined, 'too late');
  });
}

t.test('a thread that hangs cannot keep the pool from closing', async (t) => {
  const clock = heldClock();
  const harness = await Harness.start(t, { workers: 2, clock });
  const peers = await harness.fakes();
  const peer = peers.open();
  peer.give('#L');
  // The hung thread never sees its session close; the socket is closed all the same.
  const closing = harness.pool.close();
  await peer.until((socket) => socket.closed);
  while (clock.waits().length === 0) await new Promise(setImmediate);
  clock.release();
  await closing;
  t.same(
    harness.pool.status().threads.map((thread) => thread.state),
    ['stopped', 'stopped'],
  );
});

t.test('a crash during a drain does not delay it', async (t) => {
  const clock = heldClock();
  const harness = await Harness.start(t, { workers: 1, clock });
  const peers = await harness.fakes();
  const peer = peers.open();
  peer.give('c');
  await harness.until(() => harness.calls().length === 1);
  const draining = harness.pool.drain();
  await harness.until(() => harness.told('draining').length === 1);
  peer.give('X');
  await peer.until((socket) => socket.closed);
  await draining;
  t.equal(harness.told('made').length, 1, 'and is not made good');
});
