import { once } from 'node:events';
import { connect, Socket } from 'node:net';
import t, { type Test } from 'tap';
import { systemClock } from '../../src/base/clock.js';
import { RpcServer } from '../../src/net/rpc-server.js';
import { type RpcHandler, RpcSession } from '../../src/net/rpc-session.js';
import { tcpConnection, tcpTransport } from '../../src/net/tcp-transport.js';
import type { Connection } from '../../src/net/types.js';
import { encode } from '../../src/wire/codec.js';
import { framed } from './stage.js';

const local = { host: '127.0.0.1', port: 0 };
const common = { clock: systemClock, trusted: false, frameBytesMax: 2 ** 20 };

async function serve(handler: RpcHandler, options = {}) {
  const server = new RpcServer({ ...common, newHandler: () => handler, ...options });
  const address = await server.listen(tcpTransport, local);
  t.teardown(() => server.close());
  return { server, address };
}

t.test('many sessions with many requests each get their own answers', async (t) => {
  const { address } = await serve({
    request(_session, _method, params, reply) {
      if (Number(params) % 3 === 0) setImmediate(() => reply.result(params));
      else reply.result(params);
    },
  });
  const answers = await Promise.all(
    Array.from({ length: 10 }, async (_, client) => {
      const connection = await tcpTransport.connect(address, 5_000);
      const session = new RpcSession(connection, { ...common, handler: { request: () => {} } });
      const calls = Array.from({ length: 500 }, (_, n) => session.call('m', n + client, 5_000));
      const results = await Promise.all(calls);
      session.end();
      return results.every((result, n) => result === n + client);
    }),
  );
  t.same(answers, new Array(10).fill(true));
});

t.test('messages larger than a socket’s buffers pass whole', async (t) => {
  const { address } = await serve({
    request: (_session, _method, params, reply) => reply.result(params),
  });
  const connection = await tcpTransport.connect(address, 5_000);
  const session = new RpcSession(connection, { ...common, handler: { request: () => {} } });
  const large = Buffer.alloc(1_000_000, 7);
  const results = (await Promise.all(
    [1, 2, 3].map(() => session.call('m', large, 5_000)),
  )) as Buffer[];
  t.ok(results.every((result) => large.equals(result)));
  session.end();
});

t.test('a client that half-closes still gets its answers', async (t) => {
  const { address } = await serve({
    request: (_session, _method, params, reply) => setImmediate(() => reply.result(params)),
  });
  const socket = connect({ ...address, allowHalfOpen: true });
  socket.end(Buffer.concat([framed(encode([0, 1, 'm', 'a'])), framed(encode([0, 2, 'm', 'b']))]));
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  const wanted = [framed(encode([1, 1, null, 'a'])), framed(encode([1, 2, null, 'b']))];
  t.same(Buffer.concat(chunks), Buffer.concat(wanted));
});

t.test('a stream that makes no sense gets its error before the connection closes', async (t) => {
  const { address } = await serve({ request: () => {} });
  const socket = connect(address);
  socket.write('GET / HTTP/1.1\r\n\r\n');
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  t.match(Buffer.concat(chunks).toString('latin1'), /too_large/);
});

t.test('a slow reader does not grow the memory of the server', async (t) => {
  let asked = 0;
  const answer = Buffer.alloc(100_000);
  const { server, address } = await serve(
    {
      request(_session, _method, _params, reply) {
        asked++;
        reply.result(answer);
      },
    },
    { outputBytesMax: 500_000 },
  );
  const socket = connect(address);
  socket.pause();
  await once(socket, 'connect');
  const request = framed(encode([0, 1, 'm', {}]));
  socket.write(Buffer.concat(new Array(400).fill(request)));
  while (asked === 0) await new Promise(setImmediate);
  // The kernel takes what it takes; then the server stops.
  for (let before = -1, quiet = 0; quiet < 50; before = asked) {
    await new Promise(setImmediate);
    quiet = asked === before ? quiet + 1 : 0;
  }
  const [session] = [...server.sessions];
  t.ok((session?.pendingBytes ?? 0) < 1_000_000, `${session?.pendingBytes} bytes wait`);
  t.ok(asked < 400, `${asked} were answered`);
  let bytes = 0;
  socket.resume();
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (asked === 400 && bytes > 400 * 100_000) socket.destroy();
  });
  await once(socket, 'close');
  t.equal(asked, 400);
});

t.test('what a slow reader was sent is not written over while it waits', async (t) => {
  const numbers = Array.from({ length: 5_000 }, (_none, n) => 1_000 + n);
  const bodyBytes = 2_000;
  const { server, address } = await serve({
    request: (_session, _method, params, reply) =>
      reply.result(Buffer.alloc(bodyBytes, Number(params) % 251)),
  });
  const socket = connect(address);
  socket.pause();
  await once(socket, 'connect');
  let hasWaited = false;
  for (const n of numbers) {
    socket.write(framed(encode([0, n, 'm', n])));
    // Each is answered in a turn of its own, and so in a write of its own.
    await new Promise(setImmediate);
    for (const { pendingBytes } of server.sessions) hasWaited ||= pendingBytes > 0;
  }
  t.ok(hasWaited, 'the kernel does not take everything');
  const expected = numbers.map((n) =>
    framed(encode([1, n, null, Buffer.alloc(bodyBytes, n % 251)])),
  );
  const total = expected.reduce((sum, { length }) => sum + length, 0);
  const chunks: Buffer[] = [];
  let bytes = 0;
  socket.resume();
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= total) socket.destroy();
  });
  await once(socket, 'close');
  t.ok(Buffer.concat(chunks).equals(Buffer.concat(expected)));
});

t.test('what cannot be connected or listened to is unavailable, with the reason', async (t) => {
  const { address } = await serve({ request: () => {} });
  await t.rejects(
    tcpTransport.listen(address, () => {}),
    {
      code: 'unavailable',
      message: /EADDRINUSE/,
    },
  );
  const listener = await tcpTransport.listen(local, () => {});
  await listener.close();
  await t.rejects(tcpTransport.connect(listener.address, 1_000), {
    code: 'unavailable',
    message: /ECONNREFUSED/,
  });
});

t.test('a reset connection closes as unavailable', async (t) => {
  const accepted = new Promise<Connection>((resolve) => {
    void tcpTransport.listen(local, resolve).then(async (listener) => {
      t.teardown(() => listener.close());
      const socket = connect(listener.address);
      await once(socket, 'connect');
      socket.resetAndDestroy();
    });
  });
  const error = await new Promise<Error | undefined>((resolve) => {
    void accepted.then((connection) => connection.start({ data: () => {}, closed: resolve }));
  });
  t.match(error, { code: 'unavailable', message: /ECONNRESET/ });
});

/** A socket whose events the test raises, and what the connection made of them. */
function played(receive?: (chunk: string) => void, atOnce?: true) {
  const socket = new Socket();
  let chunks = 0;
  const connection = tcpConnection(socket, 'played');
  const seen: string[] = [];
  const written: string[] = [];
  socket.write = (bytes: Uint8Array | string) => {
    const text = bytes.toString();
    written.push(text.length > 10 ? `${text.length} bytes` : text);
    return text.length < 65_536;
  };
  connection.start({
    ...(atOnce && { atOnce }),
    data(chunk) {
      chunks++;
      const text = Buffer.from(chunk).toString();
      if (receive) receive(text);
      else seen.push(text);
    },
    end: () => seen.push('end'),
    closed: () => seen.push('closed'),
  });
  return { socket, connection, seen, written, given: () => chunks };
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

t.test(
  'a receiver gets the chunks of a turn in order, after all of them have been read',
  async (t) => {
    const { socket, seen } = played();
    const other = played();
    socket.emit('data', Buffer.from('a'));
    other.socket.emit('data', Buffer.from('b'));
    t.same([seen, other.seen], [[], []], 'the turn may bring more');
    await nextTurn();
    t.same([seen, other.seen], [['a'], ['b']]);
    socket.emit('data', Buffer.from('c'));
    socket.emit('data', Buffer.from('d'));
    await nextTurn();
    t.same(seen, ['a', 'c', 'd']);
  },
);

t.test(
  'a receiver that only forwards gets each chunk at once, but none while paused',
  async (t) => {
    const seen: string[] = [];
    const { socket, connection } = played((chunk) => seen.push(chunk), true);
    socket.emit('data', Buffer.from('a'));
    socket.emit('data', Buffer.from('b'));
    t.same(seen, ['a', 'b']);
    connection.pause();
    socket.emit('data', Buffer.from('c'));
    connection.resume();
    socket.emit('data', Buffer.from('d'));
    t.same(seen.join(''), 'abc', 'resume returns before the receiver is called');
    await nextTurn();
    t.equal(seen.join(''), 'abcd');
  },
);

t.test('a receiver gets all chunks before the end of the peer and of the connection', async (t) => {
  for (const event of ['end', 'close']) {
    const { socket, seen } = played();
    socket.emit('data', Buffer.from('asked'));
    socket.emit(event);
    await nextTurn();
    t.same(seen, ['asked', event === 'end' ? 'end' : 'closed']);
  }
});

t.test('nothing is given while paused, and nothing once the connection is destroyed', async (t) => {
  const { socket, connection, seen } = played();
  socket.emit('data', Buffer.from('held'));
  connection.pause();
  socket.emit('data', Buffer.from(' and more'));
  await nextTurn();
  t.same(seen, []);
  connection.resume();
  t.same(seen, [], 'resume returns before the receiver is called');
  await nextTurn();
  t.same(seen, ['held and more']);
  socket.emit('data', Buffer.from('too late'));
  connection.destroy();
  await once(socket, 'close');
  await nextTurn();
  t.same(seen, ['held and more', 'closed']);
});

t.test('a receiver gets nothing that a destroyed socket still holds', async (t) => {
  const seen: string[] = [];
  const { socket, connection } = played((chunk) => {
    seen.push(chunk);
    connection.destroy();
  });
  for (const chunk of ['a', 'b', 'c', 'd']) socket.emit('data', Buffer.from(chunk));
  await once(socket, 'close');
  t.same(seen, ['a']);
});

/** A peer of a connection that has paused before anything came. */
async function paused(t: Test) {
  const heard: string[] = [];
  let bytes = 0;
  let accepted: Connection | undefined;
  const listener = await tcpTransport.listen(local, (connection) => {
    accepted = connection;
    connection.start({
      data: (chunk) => (bytes += chunk.length),
      end: () => heard.push('end'),
      closed: (error) => heard.push(error ? 'reset' : 'closed'),
    });
  });
  const peer = connect({ ...listener.address, allowHalfOpen: true });
  peer.on('error', () => {});
  while (!accepted) await nextTurn();
  const connection = accepted;
  // It has begun to read by then.
  await nextTurn();
  connection.pause();
  t.teardown(async () => {
    peer.destroy();
    connection.destroy();
    await listener.close();
  });
  return { peer, connection, heard, bytes: () => bytes };
}

t.test('a paused receiver learns at once that the peer has ended or is gone', async (t) => {
  const ending = await paused(t);
  ending.peer.end();
  while (ending.heard.length === 0) await nextTurn();
  t.same(ending.heard, ['end']);
  const reset = await paused(t);
  reset.peer.resetAndDestroy();
  while (reset.heard.length === 0) await nextTurn();
  t.same(reset.heard, ['reset']);
});

t.test('a paused receiver stops the peer', async (t) => {
  const { peer, connection, bytes } = await paused(t);
  const chunk = Buffer.alloc(100_000, 'flood');
  const chunksMax = 1_000;
  let chunks = 0;
  const flood = () => {
    while (chunks < chunksMax) {
      chunks++;
      if (!peer.write(chunk)) break;
    }
  };
  peer.on('drain', flood);
  flood();
  const settled = async (eachTurn = () => {}) => {
    let before = 0;
    for (let turns = 0; turns < 100; turns++) {
      if (chunks > before) turns = 0;
      before = chunks;
      eachTurn();
      await nextTurn();
    }
  };
  await settled();
  t.ok(chunks < chunksMax, 'it could not send all');
  const stopped = chunks;
  await settled(() => {
    connection.resume();
    connection.pause();
  });
  t.equal(chunks, stopped, 'nor more when a session goes on with what it has, and stops again');
  t.equal(bytes(), 0);
  connection.resume();
  while (bytes() < chunksMax * chunk.length) await nextTurn();
  t.equal(bytes(), chunksMax * chunk.length);
});

t.test(
  'a receiver that ends or destroys its connection gets no more chunks of the turn',
  async (t) => {
    for (const leave of ['end', 'destroy'] as const) {
      const seen: string[] = [];
      const { socket, connection } = played((chunk) => {
        seen.push(chunk);
        connection[leave]();
      });
      socket.emit('data', Buffer.from('enough'));
      socket.emit('data', Buffer.from('too much'));
      await nextTurn();
      t.same(seen, ['enough'], leave);
      connection.destroy();
    }
  },
);

t.test('a receiver that throws still gets the next chunks', (t) => {
  const seen: string[] = [];
  const { socket, seen: ends } = played((chunk) => {
    seen.push(chunk);
    if (chunk !== 'b') throw new Error('not mine');
  });
  socket.emit('data', Buffer.from('a'));
  t.throws(() => socket.emit('data', Buffer.from('b')), { message: 'not mine' });
  socket.emit('data', Buffer.from('c'));
  t.throws(() => socket.emit('end'), { message: 'not mine' });
  t.same(seen, ['a', 'b', 'c']);
  t.same(ends, ['end']);
  t.end();
});

t.test('all connections together hold no more than 16 MiB of input', async (t) => {
  const mib = 1_024 * 1_024;
  const all = Array.from({ length: 20 }, () => played(() => {}));
  const given = () => all.filter(({ given }) => given() > 0).length;
  for (const { socket } of all) socket.emit('data', Buffer.alloc(mib));
  t.equal(given(), 4, 'the last four exceeded the limit');
  await nextTurn();
  t.equal(given(), 20);
});

t.test('a connection sends the writes of a turn in order at its end', async (t) => {
  const { connection, written } = played();
  t.equal(connection.write(Buffer.from('a')), true);
  t.same(written, []);
  t.equal(connection.pendingBytes, 1, 'it waits to leave');
  await nextTurn();
  t.same(written, ['a']);
  t.equal(connection.pendingBytes, 0);
  connection.write(Buffer.from('b'));
  t.equal(
    connection.write(Buffer.alloc(65_536)),
    false,
    'the socket will tell when it has drained',
  );
  t.same(written, ['a', 'b', '65536 bytes']);
  await nextTurn();
  t.same(written, ['a', 'b', '65536 bytes']);
});

t.test('what was written leaves before the connection ends or is destroyed', async (t) => {
  for (const leave of ['end', 'destroy'] as const) {
    const { socket, connection, written } = played();
    socket.end = () => {
      written.push('end');
      return socket;
    };
    connection.write(Buffer.from('last'));
    connection[leave]();
    t.same(written, leave === 'end' ? ['last', 'end'] : ['last']);
    connection.destroy();
    connection.write(Buffer.from('too late'));
    await nextTurn();
    t.notOk(written.includes('too late'));
  }
});
