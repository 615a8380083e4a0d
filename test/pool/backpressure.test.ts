import t from 'tap';
import { Harness } from './harness.js';
import { block, blockBytes } from './programs/flow.js';

const limits = { inputBytesMax: 64 * 1024, outputBytesMax: 128 * 1024, creditBytes: 16 * 1024 };

for (const workers of [0, 1]) {
  t.test(`a slow reader makes the program wait, ${workers} threads`, async (t) => {
    const blocks = 100;
    const harness = await Harness.start(t, { program: 'flow', workers, limits, data: blocks });
    const peers = await harness.fakes('pump');
    const peer = peers.open();
    peer.taking = false;
    await harness.until(() => harness.told('waiting').length > 0);
    const most = limits.outputBytesMax / blockBytes;
    t.match(harness.told('waiting'), [{ next: most }]);
    t.match(harness.told('waiting'), [{ pendingBytes: limits.outputBytesMax - 16 * 1024 }]);
    await peer.until((socket) => socket.writtenBytes === limits.outputBytesMax);
    t.equal(harness.pool.status().threads[0]?.outputBytes, limits.outputBytesMax);

    for (let written = most; written < blocks; written += most) {
      peer.take();
      peer.taking = false;
      const expected = Math.min(blocks, written + most) * blockBytes;
      await peer.until((socket) => socket.writtenBytes === expected || socket.closed);
      t.ok(peer.writtenBytes <= expected, 'no more than the limit at once');
    }
    await peer.until((socket) => socket.ended);
    const all = Buffer.concat(peer.written);
    t.equal(all.length, blocks * blockBytes);
    for (let index = 0; index < blocks; index++) {
      const part = all.subarray(index * blockBytes, (index + 1) * blockBytes);
      if (!part.equals(block(index))) t.fail(`block ${index} is not itself`);
    }
    t.same(new Set(harness.told('drained')), new Set([0]));
  });

  t.test(`a fast reader causes no wait, ${workers} threads`, async (t) => {
    const harness = await Harness.start(t, { program: 'flow', workers, limits, data: 4 });
    const peers = await harness.fakes('pump');
    const peer = peers.open();
    await peer.until((socket) => socket.ended);
    t.equal(peer.writtenBytes, 4 * blockBytes);
    t.same(harness.told('waiting'), []);
  });

  t.test(`a slow session: its socket is paused, the others' are not, ${workers}`, async (t) => {
    const harness = await Harness.start(t, { program: 'flow', workers, limits });
    const peers = await harness.fakes('holder');
    const peer = peers.open();
    peer.give('first');
    await peer.until((socket) => socket.paused);
    t.same(harness.told('holding'), [5]);
    // Bytes that were read before the pause arrived still count, and none is lost.
    const rest = 'abcdefgh'.repeat(8 * 1024);
    peer.give(rest);
    peer.give('last');
    peer.giveEnd();
    t.ok(harness.pool.status().threads.some((thread) => thread.inputBytes > 0));
    t.notOk(peers.open().paused);
    harness.pool.broadcast('resume', null);
    await peer.until((socket) => !socket.paused);
    await harness.until(() => harness.told('received').length === 1);
    t.same(harness.told('received'), [`first${rest}last`]);
  });
}

t.test(
  'a socket is paused when its thread has the maximum of bytes, before the thread asks',
  async (t) => {
    const harness = await Harness.start(t, { program: 'echo', workers: 1, limits });
    const peers = await harness.fakes();
    const peer = peers.open();
    const chunk = 'x'.repeat(16 * 1024);
    peer.give(chunk);
    peer.give(chunk);
    peer.give(chunk);
    t.notOk(peer.paused);
    peer.give(chunk);
    t.ok(peer.paused, 'in the turn of the bytes that fill it');
    await peer.until((socket) => !socket.paused);
    await peer.until((socket) => socket.writtenBytes === 4 * chunk.length);
    peer.give('more');
    await peer.until((socket) => socket.writtenBytes === 4 * chunk.length + 4);
  },
);

t.test('the more sessions a thread has, the fewer bytes each may have in flight', async (t) => {
  const many = { ...limits, inputBytesMax: 256 * 1024, threadBytesMax: 256 * 1024 };
  const harness = await Harness.start(t, { program: 'flow', workers: 1, limits: many });
  const peers = await harness.fakes('holder');
  const [first, ...others] = Array.from({ length: 4 }, () => peers.open());
  const chunk = 'x'.repeat(32 * 1024);
  first?.give(chunk);
  t.notOk(first?.paused, 'half its share');
  first?.give(chunk);
  t.ok(first?.paused, 'in the turn of the bytes that fill its share');
  t.notOk(others.some((peer) => peer.paused));
});

t.test('the queue of a slow reader does not keep the batches of others in memory', async (t) => {
  const harness = await Harness.start(t, { program: 'echo', workers: 1, limits });
  const peers = await harness.fakes();
  const [slow, other] = [peers.open(), peers.open()];
  slow.taking = false;
  slow.give('a');
  await slow.until((socket) => socket.text === 'a');
  slow.give('b');
  other.give('x'.repeat(10_000));
  await slow.until((socket) => socket.text === 'ab');
  t.equal(slow.written[1]?.buffer.byteLength, 1);
});

t.test('a paused session is told at once that its socket is closed', async (t) => {
  const harness = await Harness.start(t, { program: 'flow', workers: 1, limits });
  const peers = await harness.fakes('holder');
  const peer = peers.open();
  peer.give('first');
  await peer.until((socket) => socket.paused);
  peer.give('never read');
  peer.giveClosed();
  await harness.until(() => harness.told('closed').length === 1);
  t.same(harness.told('closed'), [5]);
  harness.pool.broadcast('resume', null);
  t.equal(harness.pool.status().sessions, 0);
});

t.test('megabytes through real sockets keep their order', async (t) => {
  const blocks = 1_000;
  const harness = await Harness.start(t, { program: 'flow', workers: 2, limits, data: blocks });
  const client = await harness.client('pump');
  client.socket.pause();
  await harness.until(() => harness.told('waiting').length > 0);
  client.socket.resume();
  await client.until((peer) => peer.ended);
  const { received } = client;
  t.equal(received.length, blocks * blockBytes);
  for (let index = 0; index < blocks; index++) {
    if (received[index * blockBytes] !== index % 251) t.fail(`block ${index}`);
  }
});
