import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { platform } from 'node:process';
import { setImmediate as nextTurn } from 'node:timers/promises';
import t from 'tap';
import { tcpTransport } from '../../src/net/tcp-transport.js';
import type { Connection } from '../../src/net/types.js';

const host = '127.0.0.1';

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

t.test('a server’s small reads share memory', { skip: platform === 'win32' }, async (t) => {
  const chunk = new Promise<Uint8Array>((resolve, reject) => {
    const listener = tcpTransport.listen({ host, port: 0 }, (connection) => {
      connection.start({ data: resolve, closed: () => {} });
      t.teardown(() => connection.destroy());
    });
    listener
      .then(async ({ address, close }) => {
        t.teardown(close);
        const connection = await tcpTransport.connect(address, 5_000);
        t.teardown(() => connection.destroy());
        connection.write(Buffer.from('a look-up'));
      })
      .catch(reject);
  });
  t.ok((await chunk).buffer.byteLength > 9, 'else each has as much as it needs, and its own');
});
