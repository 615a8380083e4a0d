import { once } from 'node:events';
import { type AddressInfo, connect, createServer, Socket } from 'node:net';
import { platform } from 'node:process';
import { setImmediate as nextTurn } from 'node:timers/promises';
import t from 'tap';
import { switchOff } from '../../src/base/optimisations.js';
import { takenOver } from '../../src/net/shared-reads.js';
import { tcpTransport } from '../../src/net/tcp-transport.js';
import type { Connection } from '../../src/net/types.js';

const host = '127.0.0.1';
const cannotShare = platform === 'win32';

/** What a connection gives from now on, until as many bytes have come. */
function received(connection: Connection, bytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let all = Buffer.alloc(0);
    connection.start({
      data(chunk) {
        all = Buffer.concat([all, chunk]);
        if (all.length >= bytes) resolve(all);
      },
      closed: () => reject(new Error('closed before all had come')),
    });
  });
}

t.test('what many send in one turn reaches each as it was sent, both ways', async (t) => {
  const listener = await tcpTransport.listen({ host, port: 0 }, (connection) =>
    connection.start({
      data: (chunk) => void connection.write(Buffer.from(chunk)),
      end: () => connection.end(),
      closed: () => {},
    }),
  );
  t.teardown(() => listener.close());
  for (const bytes of [61, 5_000, 200_000]) {
    const all = Array.from({ length: 20 }, (_, client) => Buffer.alloc(bytes, `I am ${client}, `));
    const echoed = all.map(async (sent) => {
      const connection = await tcpTransport.connect(listener.address, 5_000);
      connection.write(sent);
      const answer = await received(connection, bytes);
      connection.end();
      return answer.equals(sent);
    });
    t.notOk((await Promise.all(echoed)).includes(false), `${bytes} bytes each`);
  }
});

t.test('what comes before anybody listens is kept', async (t) => {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const accepted = once(server, 'connection');
  const connection = await tcpTransport.connect({ host, port }, 5_000);
  const [socket] = (await accepted) as [Socket];
  t.teardown(() => {
    connection.destroy();
    socket.destroy();
    server.close();
  });
  await new Promise((written) => socket.write('early', written));
  // On loopback it has arrived by now; a socket that reads would have read it.
  await nextTurn();
  await nextTurn();
  t.equal(String(await received(connection, 5)), 'early');
});

t.test('small reads of all connections share memory', { skip: cannotShare }, async (t) => {
  const chunks: Uint8Array[] = [];
  let isAnswered = () => {};
  const answered = new Promise<void>((resolve) => (isAnswered = resolve));
  const listener = await tcpTransport.listen({ host, port: 0 }, (connection) =>
    connection.start({
      data(chunk) {
        chunks.push(chunk);
        connection.write(Buffer.from(chunk));
      },
      end: () => connection.end(),
      closed: () => {},
    }),
  );
  const connection = await tcpTransport.connect(listener.address, 5_000);
  connection.start({
    data(chunk) {
      chunks.push(chunk);
      isAnswered();
    },
    closed: () => {},
  });
  connection.write(Buffer.from('a look-up'));
  await answered;
  t.equal(chunks.length, 2);
  for (const { length, buffer } of chunks) {
    t.ok(buffer.byteLength > length, 'by itself each would have as much as it needs');
  }
  connection.end();
  await listener.close();
});

t.test('a server does not count what was taken over', { skip: cannotShare }, async (t) => {
  const server = createServer({ pauseOnConnect: true }).listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = connect(port, host);
  const [accepted] = (await once(server, 'connection')) as [Socket];
  const socket = takenOver(accepted, {});
  t.not(socket, accepted);
  // It calls back when it has no connections left.
  await new Promise((closed) => server.close(closed));
  t.notOk(socket.destroyed);
  client.write('still there');
  socket.resume();
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  t.equal(String(chunk), 'still there');
  client.destroy();
  socket.destroy();
});

t.test('a socket that cannot be taken over is left as it is', (t) => {
  for (const handle of [null, {}, { useUserBuffer() {} }]) {
    const accepted = Object.assign(new Socket(), { _handle: handle });
    t.equal(takenOver(accepted, {}), accepted);
    t.equal(accepted._handle, handle);
    t.notOk(accepted.destroyed);
  }
  t.end();
});

t.test('without shared reads every socket reads as Node makes it', async (t) => {
  switchOff(['shared-reads']);
  t.teardown(() => switchOff([]));
  const accepted = new Socket();
  t.equal(takenOver(accepted, {}), accepted);
  const listener = await tcpTransport.listen({ host, port: 0 }, (connection) =>
    connection.start({
      data: (chunk) => void connection.write(Buffer.from(chunk)),
      end: () => connection.end(),
      closed: () => {},
    }),
  );
  t.teardown(() => listener.close());
  for (const bytes of [61, 200_000]) {
    const sent = Buffer.alloc(bytes, 'bytes of one client, ');
    const connection = await tcpTransport.connect(listener.address, 5_000);
    connection.write(sent);
    t.ok((await received(connection, bytes)).equals(sent), `${bytes} bytes`);
    connection.end();
  }
});
