import t from 'tap';
import type { Connection } from '../../src/net/types.js';
import { ManualClock } from '../net/manual-clock.js';
import { address, connectionPair, RawPeer } from '../net/stage.js';
import { MemoryNetwork } from './memory-transport.js';

const received = (peer: RawPeer): string => Buffer.concat(peer.received).toString();

t.test('bytes arrive in order, after the turn, and may be reused by their writer', async (t) => {
  const clock = new ManualClock();
  const { near, far } = await connectionPair(clock, { pieceBytesMax: 3 });
  const [a, b] = [new RawPeer(near), new RawPeer(far)];
  const bytes = Buffer.from('hello ');
  a.sendBytes(bytes);
  bytes.fill(0);
  a.sendBytes(Buffer.from('world'));
  b.sendBytes(Buffer.from('back'));
  t.equal(received(b), '');
  t.equal(near.pendingBytes, 11);
  await clock.settle();
  t.equal(received(b), 'hello world');
  t.equal(received(a), 'back');
  t.equal(near.pendingBytes, 0);
});

t.test('a chunk is the receiver’s only until it returns', async (t) => {
  const clock = new ManualClock();
  const { near, far } = await connectionPair(clock);
  new RawPeer(near).sendBytes(Buffer.from('gone'));
  let kept: Uint8Array | undefined;
  far.start({
    data(chunk) {
      kept = chunk;
    },
    closed: () => {},
  });
  await clock.settle();
  t.not(Buffer.from(kept ?? []).toString(), 'gone');
});

t.test('a delay holds bytes back by the clock alone', async (t) => {
  const clock = new ManualClock();
  const { near, far } = await connectionPair(clock, {
    delayMs: (from) => (from === 'a' ? 10 : 0),
  });
  const [a, b] = [new RawPeer(near), new RawPeer(far)];
  a.sendBytes(Buffer.from('slow'));
  b.sendBytes(Buffer.from('fast'));
  await clock.advance(9);
  t.equal(received(a), 'fast');
  t.equal(received(b), '');
  await clock.advance(1);
  t.equal(received(b), 'slow');
});

t.test('a reader that pauses fills the writer, and drains it again', async (t) => {
  const clock = new ManualClock();
  const { near, far } = await connectionPair(clock);
  const reader = new RawPeer(far);
  far.pause();
  let drained = 0;
  near.start({ data: () => {}, drained: () => drained++, closed: () => {} });
  t.equal(near.write(Buffer.alloc(60_000)), true);
  t.equal(near.write(Buffer.alloc(60_000)), false);
  await clock.settle();
  t.equal(near.pendingBytes, 120_000);
  t.equal(reader.received.length, 0);
  t.equal(drained, 0);
  far.resume();
  await clock.settle();
  t.equal(drained, 1);
  t.equal(Buffer.concat(reader.received).length, 120_000);
});

t.test('an end comes after the bytes, and both close cleanly', async (t) => {
  const clock = new ManualClock();
  const { near, far } = await connectionPair(clock);
  const errors: (Error | undefined)[] = [];
  near.start({ data: () => {}, closed: (error) => errors.push(error) });
  const b = new RawPeer(far);
  near.write(Buffer.from('last words'));
  near.end();
  await clock.settle();
  t.equal(received(b), 'last words');
  t.ok(b.ended);
  t.ok(b.closed);
  t.same(errors, [undefined]);
});

t.test('an end that is not answered closes after a while', async (t) => {
  const clock = new ManualClock();
  const { near, far } = await connectionPair(clock);
  let closed = false;
  near.start({
    data: () => {},
    closed: () => {
      closed = true;
    },
  });
  far.start({ data: () => {}, closed: () => {} });
  near.end();
  await clock.advance(999);
  t.equal(closed, false);
  await clock.advance(2);
  t.equal(closed, true);
});

async function triangle(clock: ManualClock) {
  const network = new MemoryNetwork(clock);
  const accepted: RawPeer[] = [];
  await network.transport('b').listen(address, (connection) => {
    accepted.push(new RawPeer(connection));
  });
  const connect = async (node: string): Promise<RawPeer> => {
    const connecting = network.transport(node).connect(address, 500);
    const failed = connecting.catch((error: unknown) => error);
    for (let i = 0; i < 6; i++) await clock.advance(100);
    const outcome = await failed;
    if (outcome instanceof Error) throw outcome;
    return new RawPeer(outcome as Connection);
  };
  return { network, accepted, connect };
}

t.test('a cut link breaks its connections and no others, until healed', async (t) => {
  const clock = new ManualClock();
  const { network, accepted, connect } = await triangle(clock);
  const a = await connect('a');
  const c = await connect('c');
  network.cut('a', 'b');
  await clock.settle();
  t.ok(a.closed);
  t.notOk(c.closed);
  t.same(
    accepted.map((peer) => peer.closed),
    [true, false],
  );
  await t.rejects(connect('a'), { code: 'unavailable' });
  network.heal('a', 'b');
  t.ok(await connect('a'));
});

t.test('a silent link holds everything back, even the news of a death', async (t) => {
  const clock = new ManualClock();
  const { network, accepted, connect } = await triangle(clock);
  const a = await connect('a');
  const dying = await connect('a');
  network.silence('a', 'b');
  a.sendBytes(Buffer.from('waits'));
  dying.connection.destroy();
  await clock.advance(1_000);
  t.equal(received(accepted[0] ?? a), '');
  t.equal(accepted[1]?.closed, false);
  await t.rejects(connect('a'), { code: 'unavailable', message: /timed out/ });
  network.heal('a', 'b');
  await clock.settle();
  t.equal(received(accepted[0] ?? a), 'waits');
  t.equal(accepted[1]?.closed, true);
});

t.test('a killed node loses its listeners and connections', async (t) => {
  const clock = new ManualClock();
  const { network, connect } = await triangle(clock);
  const a = await connect('a');
  network.kill('b');
  await clock.settle();
  t.ok(a.closed);
  await t.rejects(connect('a'), { code: 'unavailable', message: /ECONNREFUSED/ });
});

t.test('an address has one listener, and port 0 selects a free port', async (t) => {
  const network = new MemoryNetwork(new ManualClock());
  const transport = network.transport('b');
  const listener = await transport.listen({ host: 'b', port: 0 }, () => {});
  t.ok(listener.address.port > 0);
  await t.rejects(
    transport.listen(listener.address, () => {}),
    { message: /EADDRINUSE/ },
  );
  await listener.close();
  await transport.listen(listener.address, () => {});
});
