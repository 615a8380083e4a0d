import t from 'tap';
import { seededRandom } from '../../src/base/random.js';
import {
  authenticatedHandler,
  type HandshakeOptions,
  type Identity,
  introduction,
} from '../../src/net/handshake.js';
import { RpcClient } from '../../src/net/rpc-client.js';
import { RpcServer } from '../../src/net/rpc-server.js';
import { MemoryNetwork } from '../support/memory-transport.js';
import { ManualClock } from './manual-clock.js';
import { address, RawPeer } from './stage.js';

const frontend = { role: 'frontend', id: 'frontend-1', incarnation: 'f-uuid' };
const catalog = { role: 'catalog', id: 'catalog-1', incarnation: 'c-uuid' };

async function stage(clientPart: Partial<HandshakeOptions> = {}, expectedId = 'catalog-1') {
  const clock = new ManualClock();
  const network = new MemoryNetwork(clock);
  const common = { cluster: 'c1', group: 'catalog', token: 'secret', clock };
  const admitted: Identity[] = [];
  const met: Identity[] = [];
  const asked: string[] = [];
  const headers: unknown[] = [];
  const small = { clock, trusted: false, frameBytesMax: 1_000 };
  const server = new RpcServer({
    ...small,
    newHandler: () =>
      authenticatedHandler(
        { ...common, identity: catalog, random: seededRandom(1) },
        (_session, peer) => {
          admitted.push(peer);
          return {
            request(_session, method, params, reply, header) {
              asked.push(method);
              headers.push(header);
              reply.result(params);
            },
          };
        },
      ),
  });
  await server.listen(network.transport('server'), address);
  const options = { ...common, identity: frontend, random: seededRandom(2), ...clientPart };
  const client = new RpcClient({
    ...small,
    address,
    transport: network.transport('client'),
    random: seededRandom(3),
    introduce: introduction(options, expectedId, (peer) => met.push(peer)),
  });
  const raw = async (): Promise<RawPeer> => {
    const connecting = network.transport('client').connect(address, 100);
    await clock.settle();
    return new RawPeer(await connecting);
  };
  return { clock, server, client, admitted, met, asked, headers, raw };
}

t.test('services of one cluster prove their identity and talk', async (t) => {
  const { clock, client, admitted, met } = await stage();
  client.start();
  const call = client.call('m', { a: 1 });
  await clock.settle();
  t.same(await call, { a: 1 });
  t.same(admitted, [frontend]);
  t.same(met, [catalog]);
});

t.test('a request’s header reaches a peer that reads headers', async (t) => {
  const { clock, client, headers } = await stage();
  client.start();
  const header = { request_id: 'r-1' };
  const first = client.call('m', {}, 1_000, header);
  await clock.settle();
  await first;
  const session = client.session;
  t.ok(session?.readsHeaders, 'it said so when it was met');
  if (session) session.readsHeaders = false;
  const second = client.call('m', {}, 1_000, header);
  const third = client.call('m', {});
  await clock.settle();
  await Promise.all([second, third]);
  t.same(headers, [header, undefined, undefined], 'an older peer is sent none');
});

t.test('the frame limit between services applies only after the handshake', async (t) => {
  const { clock, client, raw } = await stage();
  client.start();
  const large = Buffer.alloc(100_000);
  const call = client.call('m', large);
  await clock.settle();
  t.same(await call, large);
  const stranger = await raw();
  stranger.send([0, 1, 'hello', large]);
  await clock.settle();
  t.match(stranger.messages(), [[1, null, { code: 'too_large' }, null]]);
});

t.test('another token, cluster, group or name is refused, and the connection closed', async (t) => {
  const cases: [string, Partial<HandshakeOptions>, string, string][] = [
    ['token', { token: 'guess' }, 'catalog-1', 'unauthenticated'],
    ['cluster', { cluster: 'c2' }, 'catalog-1', 'permission_denied'],
    ['group', { group: 'order' }, 'catalog-1', 'permission_denied'],
    ['name', {}, 'catalog-2', 'permission_denied'],
  ];
  for (const [what, part, expectedId, code] of cases) {
    const { clock, server, client, admitted, asked } = await stage(part, expectedId);
    client.start();
    const call = t.rejects(client.call('m', {}), { code: 'unavailable' }, what);
    await clock.settle();
    await call;
    t.equal(client.lastError?.code, code, what);
    t.equal(server.sessionCount, 0, what);
    t.same([admitted, asked], [[], []], what);
    client.close();
  }
});

t.test('a client that does not know the token cannot prove itself', async (t) => {
  const { clock, admitted, raw } = await stage();
  const hello = {
    protocol: 1,
    ...frontend,
    cluster: 'c1',
    group: 'catalog',
    challenge: Buffer.alloc(32),
  };
  const guess = await raw();
  guess.send([0, 1, 'hello', hello], [0, 2, 'prove', { answer: Buffer.alloc(32) }]);
  await clock.settle();
  t.match(guess.messages()[1], [1, 2, { code: 'unauthenticated' }, null]);
  t.ok(guess.ended);

  const mirror = await raw();
  mirror.send([0, 1, 'hello', hello]);
  await clock.settle();
  const [answer] = mirror.messages() as [[number, number, null, { answer: Buffer }]];
  mirror.send([0, 2, 'prove', { answer: answer[3].answer }]);
  await clock.settle();
  t.match(
    mirror.messages()[1],
    [1, 2, { code: 'unauthenticated' }, null],
    'the server’s own proof',
  );
  t.same(admitted, []);
});

t.test('other calls before the handshake and calls out of order are refused', async (t) => {
  const hello = {
    protocol: 1,
    ...frontend,
    cluster: 'c1',
    group: 'catalog',
    challenge: Buffer.alloc(32),
  };
  const bad: [string, unknown, string][] = [
    ['m', {}, 'unauthenticated'],
    ['prove', { answer: Buffer.alloc(32) }, 'unauthenticated'],
    ['hello', {}, 'invalid_argument'],
    ['hello', { ...hello, challenge: Buffer.alloc(31) }, 'invalid_argument'],
    ['hello', { ...hello, challenge: 'x' }, 'invalid_argument'],
    ['hello', { ...hello, extra: 1 }, 'invalid_argument'],
    ['hello', { ...hello, protocol: 2 }, 'permission_denied'],
  ];
  for (const [method, params, code] of bad) {
    const { clock, asked, raw } = await stage();
    const peer = await raw();
    peer.send([0, 1, method, params]);
    await clock.settle();
    t.match(peer.messages(), [[1, 1, { code }, null]]);
    t.ok(peer.closed);
    t.same(asked, []);
  }
  const { clock, raw } = await stage();
  const twice = await raw();
  twice.send([0, 1, 'hello', hello], [0, 2, 'hello', hello]);
  await clock.settle();
  t.match(twice.messages()[1], [1, 2, { code: 'unauthenticated' }, null]);
  const teller = await raw();
  teller.send([2, 'm', {}]);
  await clock.settle();
  t.ok(teller.closed);
});

t.test('a silent peer is disconnected', async (t) => {
  const { clock, server, client, raw } = await stage();
  const silent = await raw();
  client.start();
  await clock.advance(2_100);
  t.ok(silent.closed);
  t.equal(server.sessionCount, 1, 'the one that proved itself stays');
});
