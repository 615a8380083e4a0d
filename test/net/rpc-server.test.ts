import t from 'tap';
import { MemoryBudget } from '../../src/base/memory-budget.js';
import type { RpcReply } from '../../src/net/open-requests.js';
import { RpcServer, type RpcServerOptions } from '../../src/net/rpc-server.js';
import type { RpcHandler } from '../../src/net/rpc-session.js';
import { encode } from '../../src/wire/codec.js';
import { MemoryNetwork } from '../support/memory-transport.js';
import { ManualClock } from './manual-clock.js';
import { address, framed, RawPeer } from './stage.js';

async function stage(handler: RpcHandler, options: Partial<RpcServerOptions> = {}) {
  const clock = new ManualClock();
  const network = new MemoryNetwork(clock);
  const server = new RpcServer({
    clock,
    trusted: false,
    frameBytesMax: 1_000,
    newHandler: () => handler,
    ...options,
  });
  await server.listen(network.transport('server'), address);
  const connect = async (): Promise<RawPeer> => {
    const connecting = network.transport('client').connect(address, 100);
    connecting.catch(() => {});
    await clock.settle();
    return new RawPeer(await connecting);
  };
  return { clock, network, server, connect };
}

const echo: RpcHandler = {
  request: (_session, _method, params, reply) => reply.result(params),
};

t.test('one session too many is closed at once, and a closed session makes room', async (t) => {
  const { clock, server, connect } = await stage(echo, { sessionsMax: 2 });
  const peers = [await connect(), await connect(), await connect()];
  await clock.settle();
  t.same(
    peers.map((peer) => peer.closed),
    [false, false, true],
  );
  t.equal(server.sessionCount, 2);
  peers[0]?.connection.destroy();
  await clock.settle();
  t.equal(server.sessionCount, 1);
  const next = await connect();
  next.send([0, 1, 'm', 'served']);
  await clock.settle();
  t.same(next.messages(), [[1, 1, null, 'served']]);
});

t.test('an idle session is closed, but not one that sends or waits', async (t) => {
  const kept: RpcReply[] = [];
  const { clock, server, connect } = await stage(
    {
      request(_session, method, params, reply) {
        if (method === 'wait') kept.push(reply);
        else reply.result(params);
      },
    },
    { idleMs: 1_000 },
  );
  const idle = await connect();
  const speaking = await connect();
  const waiting = await connect();
  waiting.send([0, 1, 'wait', {}]);
  for (let i = 0; i < 5; i++) {
    speaking.send([0, i, 'm', {}]);
    await clock.advance(300);
  }
  t.ok(idle.closed);
  t.notOk(speaking.closed);
  t.notOk(waiting.closed);
  t.equal(server.sessionCount, 2);
  kept[0]?.result('at last');
  await clock.settle();
  t.same(waiting.messages(), [[1, 1, null, 'at last']]);
});

t.test(
  'a drain accepts no more sessions or requests and closes when all requests are answered',
  async (t) => {
    const kept: RpcReply[] = [];
    const { clock, server, connect } = await stage({
      request: (_session, _method, _params, reply) => void kept.push(reply),
    });
    const busy = await connect();
    const idle = await connect();
    busy.send([0, 1, 'm', {}]);
    await clock.settle();
    let drained = false;
    const draining = server.drain().then(() => {
      drained = true;
    });
    await clock.settle();
    await t.rejects(connect(), { code: 'unavailable' });
    busy.send([0, 2, 'm', {}]);
    await clock.advance(100);
    t.equal(drained, false);
    kept[0]?.result('done');
    await clock.advance(100);
    await draining;
    t.match(busy.messages(), [
      [1, 2, { code: 'unavailable' }, null],
      [1, 1, null, 'done'],
    ]);
    t.ok(busy.closed);
    t.ok(idle.closed);
    t.equal(server.sessionCount, 0);
  },
);

t.test('a drain has a time limit', async (t) => {
  const { clock, server, connect } = await stage({ request: () => {} });
  const busy = await connect();
  busy.send([0, 1, 'm', {}]);
  await clock.settle();
  const draining = server.drain();
  await clock.advance(5_100);
  await draining;
  t.ok(busy.closed);
});

t.test('each session gets a handler of its own', async (t) => {
  let handlers = 0;
  const { clock, connect } = await stage(echo, {
    newHandler() {
      const own = ++handlers;
      return { request: (_session, _method, _params, reply) => reply.result(own) };
    },
  });
  const peers = [await connect(), await connect()];
  for (const peer of peers) peer.send([0, 1, 'm', {}]);
  await clock.settle();
  t.same(
    peers.map((peer) => peer.messages()[0]),
    [
      [1, 1, null, 1],
      [1, 1, null, 2],
    ],
  );
});

t.test('a frame that does not arrive completely in time ends only its session', async (t) => {
  const { clock, server, connect } = await stage(echo, { frameMs: 20_000 });
  const [slow, quick] = [await connect(), await connect()];
  slow.sendBytes(Buffer.from([0, 0, 1, 0, 0xc0]));
  await clock.settle();
  for (let seconds = 0; seconds < 30; seconds += 5) {
    quick.send([0, 1, 'echo', {}]);
    await clock.advance(5_000);
  }
  t.ok(slow.closed);
  t.notOk(quick.closed);
  t.equal(server.sessionCount, 1);
});

t.test('partial frames share a budget', async (t) => {
  const budget = new MemoryBudget(64 * 1_024);
  const { clock, server, connect } = await stage(echo, { budget, frameBytesMax: 200_000 });
  const peers = [await connect(), await connect(), await connect()];
  for (const peer of peers) {
    const cut = Buffer.alloc(30_000, 0xc0);
    cut.writeUInt32BE(100_000);
    peer.sendBytes(cut);
    await clock.settle();
  }
  t.equal(server.sessionCount, 2);
  t.ok(peers[0]?.closed, 'the first to hold something');
  t.ok(budget.total <= 64 * 1_024);
});

t.test('a long frame is not read on while others hold half of the budget', async (t) => {
  const budget = new MemoryBudget(1_024 * 1_024);
  const { clock, connect } = await stage(echo, { budget, frameBytesMax: 1_024 * 1_024 });
  const holders = [await connect(), await connect()];
  const waiting = await connect();
  const longFrame = framed(encode([0, 1, 'm', 'x'.repeat(260_000)]));
  const otherFrame = framed(encode([0, 2, 'm', 'y'.repeat(150_000)]));
  for (const holder of holders) holder.sendBytes(longFrame.subarray(0, 250_000));
  await clock.settle();
  for (const at of [0, 80_000]) {
    waiting.sendBytes(otherFrame.subarray(at, at + 80_000));
    await clock.settle();
  }
  t.same(waiting.messages(), [], 'it waits');
  for (const holder of holders) {
    holder.sendBytes(longFrame.subarray(250_000));
    await clock.settle();
    t.match(holder.messages(), [[1, 1, null]]);
  }
  t.match(waiting.messages(), [[1, 2, null]], 'it is read once there is room');
  t.equal(budget.total, 0);
});

t.test('too many strangers close each other, but no proved session', async (t) => {
  const handler: RpcHandler = {
    request(session, _method, _params, reply) {
      session.trust(1_000);
      reply.result(null);
    },
  };
  const { clock, server, connect } = await stage(handler, { handshakesMax: 2 });
  const known = await connect();
  known.send([0, 1, 'prove', {}]);
  await clock.settle();
  const strangers: RawPeer[] = [];
  for (let count = 0; count < 4; count++) strangers.push(await connect());
  await clock.settle();
  t.notOk(known.closed);
  t.same(
    strangers.map(({ closed }) => closed),
    [true, true, false, false],
  );
  t.equal(server.sessionCount, 3);
  const member = await connect();
  member.send([0, 1, 'prove', {}]);
  await clock.settle();
  t.match(member.messages(), [[1, 1, null]]);
});
