/** Members over the network: in order, told at once when a connection drops, reached again after. */
import t, { type Test } from 'tap';
import { required } from '../../src/base/assert.js';
import { seededRandom } from '../../src/base/random.js';
import type { Message } from '../../src/consensus/messages.js';
import { RpcPeers, replicateMethod } from '../../src/group/rpc-peers.js';
import {
  authenticatedHandler,
  type HandshakeOptions,
  introduction,
} from '../../src/net/handshake.js';
import { RpcClient } from '../../src/net/rpc-client.js';
import { RpcServer } from '../../src/net/rpc-server.js';
import { MemoryNetwork } from '../support/memory-transport.js';
import { SettlingClock } from './settling-clock.js';

interface End {
  readonly peers: RpcPeers;
  readonly server: RpcServer;
  readonly told: string[];
}

class Stage {
  readonly clock = new SettlingClock();
  readonly network = new MemoryNetwork(this.clock);
  readonly ends = new Map<string, End>();
  #seed = 1;

  handshake(id: string): HandshakeOptions {
    return {
      identity: { role: 'catalog', id, incarnation: `${id}${this.#seed}` },
      ...{ cluster: 'test', group: 'catalog', token: 'secret' },
      clock: this.clock,
      random: seededRandom(this.#seed++),
    };
  }

  async open(id: string): Promise<End> {
    const handshake = this.handshake(id);
    const { clock } = this;
    const members = ['a', 'b'].map((name) => ({ id: name, address: { host: name, port: 1 } }));
    const peers = new RpcPeers({
      ...{ id, members, handshake, clock },
      transport: this.network.transport(id),
      random: seededRandom(this.#seed++),
    });
    const told: string[] = [];
    peers.start({
      received: (from, messages) => told.push(`${from}: ${messages.map(nameOf).join(' ')}`),
      closed: (from) => told.push(`${from} closed`),
    });
    const server = new RpcServer({
      newHandler: () =>
        authenticatedHandler(handshake, (_session, peer) => ({
          request: () => {},
          notification: (session, method, params) => {
            if (!peers.notification(session, peer, method, params)) told.push(`other ${method}`);
          },
          closed: (session) => peers.closed(session, peer),
        })),
      ...{ clock, trusted: false, frameBytesMax: 10_000 },
    });
    await server.listen(this.network.transport(id), { host: id, port: 1 });
    const end = { peers, server, told };
    this.ends.set(id, end);
    return end;
  }

  end(id: string): End {
    return required(this.ends.get(id), id);
  }

  /** A client of the same cluster that is not the member's own peers object. */
  async client(id: string, to: string): Promise<RpcClient> {
    const client = new RpcClient({
      address: { host: to, port: 1 },
      transport: this.network.transport(`other ${id}`),
      ...{ clock: this.clock, trusted: true, frameBytesMax: 10_000 },
      random: seededRandom(this.#seed++),
      introduce: introduction(this.handshake(id), to),
    });
    client.start();
    await this.clock.advance(10);
    return client;
  }
}

function nameOf(message: Message): string {
  return message.kind === 'read' ? `read ${message.id}` : message.kind;
}

const read = (id: number): Message => ({ kind: 'read', id });

async function opened(t: Test): Promise<Stage> {
  const stage = new Stage();
  await stage.open('a');
  await stage.open('b');
  await stage.clock.advance(100);
  t.teardown(() => {
    for (const { peers } of stage.ends.values()) peers.close();
  });
  return stage;
}

t.test('messages arrive in order, and those of one send together', async (t) => {
  const stage = await opened(t);
  const { peers } = stage.end('a');
  t.equal(peers.connected('b'), true);
  peers.send('b', [read(1), read(2)]);
  peers.send('b', [read(3)]);
  await stage.clock.settle();
  t.same(stage.end('b').told, ['a: read 1 read 2', 'a: read 3']);
});

t.test('a broken connection is reported on both sides, and established again', async (t) => {
  const stage = await opened(t);
  stage.end('a').peers.send('b', [read(1)]);
  stage.end('b').peers.send('a', [read(2)]);
  await stage.clock.settle();
  stage.network.cut('a', 'b');
  await stage.clock.settle();
  t.ok(stage.end('a').told.includes('b closed'));
  t.ok(stage.end('b').told.includes('a closed'));
  t.equal(stage.end('a').peers.connected('b'), false);
  stage.end('a').peers.send('b', [read(3)]);
  stage.network.heal('a', 'b');
  await stage.clock.advance(2_000);
  stage.end('a').peers.send('b', [read(4)]);
  await stage.clock.settle();
  const arrived = stage.end('b').told.filter((line) => line.startsWith('a: '));
  t.same(arrived, ['a: read 1', 'a: read 4'], 'nothing waits for a lost connection');
});

t.test('a member uses one session: a newer one closes the older', async (t) => {
  const stage = await opened(t);
  stage.end('a').peers.send('b', [read(1)]);
  await stage.clock.settle();
  const newer = await stage.client('a', 'b');
  newer.notify(replicateMethod, [[2, 9]]);
  await stage.clock.settle();
  t.same(stage.end('b').told, ['a: read 1', 'a closed', 'a: read 9']);
  newer.close();
  await stage.clock.settle();
  t.equal(stage.end('b').told.at(-1), 'a closed');
});

t.test('messages of a peer that is no member are ignored', async (t) => {
  const stage = await opened(t);
  const stranger = await stage.client('x', 'b');
  stranger.notify(replicateMethod, [[2, 9]]);
  await stage.clock.settle();
  t.same(stage.end('b').told, [`other ${replicateMethod}`]);
  stranger.close();
  await stage.clock.settle();
});

t.test('an invalid message closes the session', async (t) => {
  const stage = await opened(t);
  const member = await stage.client('a', 'b');
  member.notify(replicateMethod, [[2, 'nine']]);
  await stage.clock.settle();
  t.same(stage.end('b').told, ['a closed']);
  t.equal(member.connected, false);
  member.close();
});
