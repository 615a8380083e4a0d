import { createServer, request, type Server } from 'node:http';
import { connect } from 'node:net';
import t from 'tap';
import { connectionDuplex } from '../../src/net/duplex.js';
import { tcpTransport } from '../../src/net/tcp-transport.js';
import type { Connection } from '../../src/net/types.js';
import { ManualClock } from './manual-clock.js';
import { connectionPair, RawPeer } from './stage.js';

/** An HTTP server that is given its connections. */
async function httpOverConnections(server: Server): Promise<number> {
  const listener = await tcpTransport.listen({ host: '127.0.0.1', port: 0 }, (connection) => {
    server.emit('connection', connectionDuplex(connection));
  });
  t.teardown(() => listener.close());
  return listener.address.port;
}

t.test('an HTTP server accepts a connection as a socket', async (t) => {
  const port = await httpOverConnections(
    createServer((incoming, outgoing) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => outgoing.end(Buffer.concat(chunks)));
    }),
  );
  const body = Buffer.alloc(3_000_000, 'body ');
  const back = await new Promise<Buffer>((resolve, reject) => {
    const asking = request({ port, method: 'POST', path: '/' }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => resolve(Buffer.concat(chunks)));
    });
    asking.on('error', reject);
    asking.end(body);
  });
  t.ok(back.equals(body));
});

t.test(
  'requests on one connection are answered in turn, and Connection: close ends it',
  async (t) => {
    const port = await httpOverConnections(createServer((incoming, out) => out.end(incoming.url)));
    const socket = connect(port, '127.0.0.1');
    socket.write('GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n');
    socket.write('GET /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    t.match(text, /\/a.*\/b.*\/c$/s);
  },
);

t.test('an answer arrives although the client keeps sending unread input', async (t) => {
  const port = await httpOverConnections(
    createServer((_incoming, outgoing) => {
      outgoing.writeHead(413, { connection: 'close', 'content-length': 9 });
      outgoing.end('too large');
    }),
  );
  for (let attempt = 0; attempt < 20; attempt++) {
    const socket = connect(port, '127.0.0.1');
    socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${4 << 20}\r\n\r\n`);
    for (let part = 0; part < 4; part++) socket.write(Buffer.alloc(1 << 20));
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    t.match(text, /^HTTP\/1.1 413 .*too large$/s);
  }
});

async function duplexPair() {
  const clock = new ManualClock();
  const { near, far } = await connectionPair(clock);
  return { clock, raw: new RawPeer(near), duplex: connectionDuplex(far, clock), near };
}

/** A connection that records what is done with it, and the receiver that it was started with. */
function recordedConnection() {
  const events: string[] = [];
  let started: Parameters<Connection['start']>[0] | undefined;
  const connection: Connection = {
    remote: 'x',
    pendingBytes: 0,
    start(receiver) {
      started = receiver;
    },
    write(bytes) {
      events.push(Buffer.from(bytes).toString());
      return true;
    },
    pause: () => {},
    resume: () => {},
    end: () => void events.push('ended'),
    destroy: () => void events.push('destroyed'),
  };
  return { connection, receiver: () => started, events };
}

t.test('a reader that stops reading stops the peer', async (t) => {
  const { clock, raw, duplex } = await duplexPair();
  for (let i = 0; i < 100; i++) raw.sendBytes(Buffer.alloc(10_000, i));
  await clock.settle();
  t.ok(duplex.readableLength < 200_000);
  t.ok(raw.connection.pendingBytes > 500_000);
  let bytes = 0;
  duplex.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  await clock.settle();
  t.equal(bytes, 1_000_000);
});

t.test('a peer that stops reading stops the writer', async (t) => {
  const { clock, raw, duplex, near } = await duplexPair();
  near.pause();
  let written = 0;
  for (let i = 0; i < 100; i++) duplex.write(Buffer.alloc(10_000), () => written++);
  await clock.settle();
  t.ok(written < 20, `${written} pieces were taken`);
  near.resume();
  await clock.settle();
  t.equal(written, 100);
  t.equal(Buffer.concat(raw.received).length, 1_000_000);
});

t.test('the stream ends when the peer ends, and the answer still leaves', async (t) => {
  const { connection, receiver, events } = recordedConnection();
  const duplex = connectionDuplex(connection, new ManualClock());
  duplex.on('end', () => duplex.end('answer'));
  duplex.resume();
  receiver()?.data(Buffer.from('question'));
  receiver()?.end?.();
  await new Promise(setImmediate);
  t.same(events, ['answer', 'ended', 'destroyed']);
});

t.test('input received before a clean close can still be read', async (t) => {
  const { clock, raw, duplex } = await duplexPair();
  raw.sendBytes(Buffer.from('last words'));
  raw.connection.end();
  await clock.advance(2_000);
  let text = '';
  for await (const chunk of duplex) text += String(chunk);
  t.equal(text, 'last words');
});

t.test('a broken connection destroys the stream with its error', async (t) => {
  const { clock, raw, duplex } = await duplexPair();
  const error = new Promise((resolve) => duplex.once('error', resolve));
  raw.connection.destroy();
  await clock.settle();
  t.match(await error, { code: 'unavailable' });
  t.ok(duplex.destroyed);
});

t.test(
  'the idle callback fires once after the requested time, and again only on request',
  async (t) => {
    const { clock, raw, duplex } = await duplexPair();
    duplex.resume();
    let timeouts = 0;
    duplex.on('timeout', () => timeouts++);
    duplex.setTimeout(1_000);
    await clock.advance(900);
    raw.sendBytes(Buffer.from('x'));
    await clock.advance(900);
    t.equal(timeouts, 0);
    await clock.advance(200);
    t.equal(timeouts, 1);
    duplex.setTimeout(0);
    await clock.advance(5_000);
    t.equal(timeouts, 1);
  },
);

t.test('after the last answer the input is dropped and the connection closes', async (t) => {
  const { connection, receiver, events } = recordedConnection();
  const duplex = connectionDuplex(connection);
  duplex.write('answer');
  duplex.destroySoon();
  receiver()?.data(Buffer.from('the rest of a body'));
  await new Promise(setImmediate);
  t.same(events, ['answer', 'ended'], 'it is not reset while the client may read');
  t.equal(duplex.readableLength, 0);
  receiver()?.closed();
  await new Promise(setImmediate);
  t.ok(duplex.closed);
});

/** A held stream that got `size` bytes. It takes one piece of at most 1 KiB each time it is opened. */
async function heldDuplex(size: number) {
  const clock = new ManualClock();
  const { near, far } = await connectionPair(clock);
  const duplex = connectionDuplex(far, clock);
  const sizes: number[] = [];
  let isOpen = true;
  const goOn = duplex.holdBack(() => (isOpen ? 1_024 : 0));
  duplex.on('data', (piece: Buffer) => {
    sizes.push(piece.length);
    isOpen = false;
  });
  // A stream begins to flow in a turn of its own.
  await new Promise((resolve) => setImmediate(resolve));
  near.start({ data: () => {}, closed: () => {} });
  near.write(Buffer.alloc(size, 1));
  await clock.settle();
  const open = (): void => {
    isOpen = true;
    goOn();
  };
  return { clock, near, duplex, sizes, open };
}

t.test('a held stream gets its input piece by piece, and in order', async (t) => {
  const { sizes, open } = await heldDuplex(2_500);
  t.same(sizes, [1_024], 'one piece, and then it is held');
  for (let piece = 0; piece < 2; piece++) open();
  t.same(sizes, [1_024, 1_024, 452]);
});

t.test('held input is dropped when the connection closes', async (t) => {
  const { clock, near, duplex, sizes, open } = await heldDuplex(5_000);
  duplex.on('error', () => {});
  near.destroy();
  await clock.settle();
  open();
  t.same(sizes, [1_024]);
});
