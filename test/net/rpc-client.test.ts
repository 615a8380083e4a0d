import t from 'tap';
import type { BazarError } from '../../src/base/errors.js';
import { seededRandom } from '../../src/base/random.js';
import { RpcClient, type RpcClientOptions } from '../../src/net/rpc-client.js';
import { RpcServer } from '../../src/net/rpc-server.js';
import type { RpcHandler } from '../../src/net/rpc-session.js';
import type { Transport } from '../../src/net/types.js';
import { MemoryNetwork } from '../support/memory-transport.js';
import { ManualClock } from './manual-clock.js';
import { address } from './stage.js';

const echo: RpcHandler = {
  request: (_session, _method, params, reply) => reply.result(params),
};

function stage(handler: RpcHandler = echo, options: Partial<RpcClientOptions> = {}) {
  const clock = new ManualClock();
  const network = new MemoryNetwork(clock);
  const common = { clock, trusted: true, frameBytesMax: 2 ** 20 };
  const events: string[] = [];
  const attempts: number[] = [];
  const transport: Transport = {
    connect(to, timeoutMs) {
      attempts.push(clock.nowMs());
      return network.transport('client').connect(to, timeoutMs);
    },
    listen: network.transport('client').listen,
  };
  const client = new RpcClient({
    ...common,
    address,
    transport,
    random: seededRandom(1),
    connected: () => events.push('connected'),
    disconnected: (error) => events.push(`disconnected: ${error.code}`),
    ...options,
  });
  const serve = async (): Promise<RpcServer> => {
    const server = new RpcServer({ ...common, newHandler: () => handler });
    await server.listen(network.transport('server'), address);
    return server;
  };
  return { clock, network, client, events, attempts, serve };
}

const errorOf = (promise: Promise<unknown>): Promise<BazarError> =>
  promise.then(
    () => Promise.reject(new Error('was answered')),
    (error: BazarError) => error,
  );

t.test('requests made before the connection is up are sent once it is', async (t) => {
  const { clock, client, events, serve } = stage();
  await serve();
  const early = client.call('m', 1);
  client.start();
  const alsoEarly = client.call('m', 2);
  t.equal(client.notify('m', {}), false, 'what is told is not queued');
  await clock.settle();
  t.same(await Promise.all([early, alsoEarly]), [1, 2]);
  t.same(events, ['connected']);
  const late = client.call('m', 3);
  await clock.settle();
  t.equal(await late, 3);
});

t.test('a request that waited past its deadline for a connection is never sent', async (t) => {
  const asked: unknown[] = [];
  const { clock, client, serve } = stage({
    request(_session, method, _params, reply) {
      asked.push(method);
      reply.result(null);
    },
  });
  await serve();
  const none = errorOf(client.call('none', {}, 0));
  const early = errorOf(client.call('early', {}, 1_000));
  const later = client.call('later', {}, 10_000_000);
  // The machine was suspended: no timer has run when the connection stands.
  clock.moveWall(1_000);
  client.start();
  await clock.settle();
  for (const error of [await none, await early]) {
    t.match(error, { code: 'deadline_exceeded', details: { unknown: false } });
  }
  await later;
  t.same(asked, ['later']);
});

t.test(
  'queued requests fail at once when the connection is refused, and may go elsewhere',
  async (t) => {
    const { clock, client } = stage();
    client.start();
    const error = errorOf(client.call('m', {}, 5_000));
    await clock.settle();
    t.match(await error, { code: 'unavailable', message: /ECONNREFUSED/ });
    t.notOk((await error).details.unknown);
    t.match(client.lastError, { code: 'unavailable' });
  },
);

t.test('the queue is bounded, and its requests have deadlines', async (t) => {
  const { clock, client, network } = stage(echo, { queueMax: 3 });
  network.silence('client', 'server');
  const waiting = [100, 100, 5_000].map((timeoutMs) => errorOf(client.call('m', {}, timeoutMs)));
  const refused = errorOf(client.call('m', {}));
  await clock.settle();
  t.match(await refused, { code: 'overloaded' });
  await clock.advance(150);
  t.match(await waiting[0], { code: 'deadline_exceeded', details: {} });
  t.match(await waiting[1], { code: 'deadline_exceeded' });
  client.close();
  t.match(await waiting[2], { code: 'unavailable' });
});

t.test('a lost connection fails sent requests as unknown, and the client reconnects', async (t) => {
  const { clock, client, network, events, serve } = stage({ request: () => {} });
  await serve();
  client.start();
  await clock.settle();
  const sent = errorOf(client.call('m', {}, 5_000));
  await clock.settle();
  network.cut('client', 'server');
  await clock.settle();
  t.match(await sent, { code: 'unavailable', details: { unknown: true } });
  t.notOk(client.connected);
  t.equal(client.session, undefined);
  network.heal('client', 'server');
  await clock.advance(2_000);
  t.ok(client.connected);
  t.same(events, ['connected', 'disconnected: unavailable', 'connected']);
});

t.test('the pauses between attempts grow, with jitter, up to a limit', async (t) => {
  const { clock, client, attempts, serve } = stage();
  client.start();
  await clock.advance(20_000);
  const pauses = attempts.slice(1).map((at, i) => at - (attempts[i] ?? 0));
  t.ok((pauses[0] ?? 0) <= 20);
  t.ok(pauses.every((pause) => pause <= 1_000));
  const last = pauses.slice(-10);
  t.ok(last.every((pause) => pause >= 500));
  t.ok(new Set(last).size > 1, 'not all the same');
  await serve();
  await clock.advance(1_000);
  t.ok(client.connected);
});

t.test('a client backs off from a server that accepts and closes at once', async (t) => {
  const { clock, client, network, attempts } = stage();
  await network.transport('server').listen(address, (connection) => {
    connection.start({ data: () => {}, closed: () => {} });
    connection.destroy();
  });
  client.start();
  await clock.advance(10_000);
  t.ok(attempts.length < 40, `${attempts.length} attempts`);
});

t.test('the introduction comes first, and its failure counts as a failed connection', async (t) => {
  const order: string[] = [];
  let accept = false;
  const { clock, client, events, serve } = stage(
    {
      request(_session, method, _params, reply) {
        order.push(method);
        reply.result(accept);
      },
    },
    {
      introduce: (session, done) =>
        session.request('hello', {}, 1_000, (error, ok) => {
          if (ok === true) done();
          else done(error ?? (new Error('refused') as BazarError));
        }),
    },
  );
  await serve();
  client.start();
  const first = errorOf(client.call('m', {}));
  await clock.settle();
  t.match(await first, { code: 'unavailable' });
  t.same(events, []);
  accept = true;
  const second = client.call('m', {});
  await clock.advance(2_000);
  t.equal(await second, true);
  t.same(order.slice(-2), ['hello', 'm']);
  t.same(events, ['connected']);
});

t.test('an unanswered introduction ends the attempt', async (t) => {
  const { clock, client, serve } = stage(
    { request: () => {} },
    { introduce: (session, done) => session.request('hello', {}, 60_000, (error) => done(error)) },
  );
  await serve();
  client.start();
  const call = errorOf(client.call('m', {}, 60_000));
  await clock.advance(2_100);
  t.match(await call, { code: 'unavailable', message: /handshake/ });
});

t.test('the peer may send requests too, once connected', async (t) => {
  const { clock, client, serve } = stage(echo, { handler: echo });
  const server = await serve();
  client.start();
  await clock.settle();
  const [session] = server.sessions;
  const call = session?.call('m', 'back', 1_000);
  await clock.settle();
  t.equal(await call, 'back');
});

t.test('a closed client stays closed', async (t) => {
  const { clock, client, events, attempts, serve } = stage();
  await serve();
  client.start();
  await clock.settle();
  client.close();
  await clock.advance(5_000);
  t.same(events, ['connected']);
  t.equal(attempts.length, 1);
  const error = errorOf(client.call('m', {}));
  await clock.settle();
  t.match(await error, { code: 'unavailable' });
});
