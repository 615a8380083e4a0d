import t from 'tap';
import { BazarError } from '../../src/base/errors.js';
import { Harness } from './harness.js';

for (const workers of [0, 1]) {
  t.test(`the calls of all sessions in one turn arrive together, ${workers}`, async (t) => {
    const harness = await Harness.start(t, { workers });
    const peers = await harness.fakes();
    const [first, second] = [peers.open(), peers.open()];
    first.give('cc#');
    second.give('#ccc');
    await harness.until(() => harness.batches.length > 0);
    t.equal(harness.batches.length, 1);
    t.equal(harness.calls().length, 5);
    t.equal(harness.told('letter').length, 2, 'tells travel with them');
    t.equal(harness.pool.status().threads[0]?.callsOutstanding, 5);
    // Answered in turns, so that the sessions' bytes alternate in the batch.
    for (const index of [0, 2, 1, 3, 4]) harness.calls()[index]?.reply(undefined, index);
    await first.until((socket) => socket.text === '0;1;');
    await second.until((socket) => socket.text === '2;3;4;');
    t.equal(first.written.length, 1, 'one write a socket');
    t.equal(second.written.length, 1, 'one write a socket');
    t.equal(harness.pool.status().threads[0]?.callsOutstanding, 0);
  });

  t.test(`arguments, results and errors cross, ${workers} threads`, async (t) => {
    const harness = await Harness.start(t, { workers });
    const peers = await harness.fakes();
    const peer = peers.open();
    peer.give('cccc');
    await harness.until(() => harness.calls().length === 4);
    const calls = harness.calls();
    t.match(calls[0], { operation: 'ask', args: { bytes: new Uint8Array([1, 2]) } });
    calls[0]?.reply(new BazarError('conflict', 'no'));
    calls[1]?.reply(new Error('a bug'));
    calls[2]?.reply(undefined);
    calls[3]?.reply(undefined, 'text');
    await peer.until((socket) => socket.text === '!conflict;!internal;null;text;');
  });

  t.test(`no batch waits for the one before it, ${workers} threads`, async (t) => {
    const harness = await Harness.start(t, { workers });
    const peers = await harness.fakes();
    const peer = peers.open();
    peer.give('c');
    await harness.until(() => harness.batches.length === 1);
    peer.give('c');
    await harness.until(() => harness.batches.length === 2);
    harness.calls()[1]?.reply(undefined, 'second');
    await peer.until((socket) => socket.text === 'second;');
    harness.calls()[0]?.reply(undefined, 'first');
    await peer.until((socket) => socket.text === 'second;first;');
  });

  t.test(`one call too many is overloaded, ${workers} threads`, async (t) => {
    const harness = await Harness.start(t, { workers, limits: { callsMax: 2 } });
    const peers = await harness.fakes();
    const peer = peers.open();
    peer.give('ccc');
    await peer.until((socket) => socket.text === '!overloaded;');
    t.equal(harness.calls().length, 2);
    for (const call of harness.calls()) call.reply(undefined, 'ok');
    await peer.until((socket) => socket.text === '!overloaded;ok;ok;');
    peer.give('c');
    await harness.until(() => harness.calls().length === 3);
  });

  t.test(`only a value that cannot be encoded fails, ${workers} threads`, async (t) => {
    const harness = await Harness.start(t, { workers });
    const peers = await harness.fakes();
    const peer = peers.open();
    peer.give('ucc');
    await harness.until(() => harness.calls().length === 2);
    await peer.until((socket) => socket.text === '!internal;');
    const [first, second] = harness.calls();
    first?.reply(undefined, 1n << 70n);
    second?.reply(undefined, 'fine');
    await peer.until((socket) => socket.text === '!internal;!internal;fine;');
  });
}

t.test('a call is replied to once', async (t) => {
  const harness = await Harness.start(t, { workers: 1 });
  const peers = await harness.fakes();
  peers.open().give('c');
  await harness.until(() => harness.calls().length === 1);
  harness.calls()[0]?.reply(undefined, 1);
  t.throws(() => harness.calls()[0]?.reply(undefined, 2), { name: 'AssertionError' });
});
