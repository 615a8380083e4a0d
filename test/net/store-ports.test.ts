/** Outgoing connections and the ports of the store, on real sockets. */
import { connect, createServer, type Socket } from 'node:net';
import t from 'tap';
import { isConnectedToItself, setStorePorts } from '../../src/net/store-ports.js';
import { tcpTransport } from '../../src/net/tcp-transport.js';

const local = { host: '127.0.0.1', port: 0 };
const allPorts = Array.from({ length: 65_536 }, (_none, port) => port);

t.afterEach(() => setStorePorts([]));

t.test(
  'a connection that has a port of the store is replaced, a bounded number of times',
  async (t) => {
    const sockets: Socket[] = [];
    const listener = await tcpTransport.listen(local, () => {});
    const { port } = listener.address;
    await listener.close();
    const server = createServer((socket) => sockets.push(socket.on('error', () => {})));
    await new Promise<void>((resolve) => server.listen(port, local.host, resolve));
    t.teardown(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const address = { host: local.host, port };
    (await tcpTransport.connect(address, 5_000)).destroy();
    setStorePorts(allPorts);
    const connection = await tcpTransport.connect(address, 5_000);
    const greeted = new Promise((resolve) => {
      connection.start({ data: resolve, closed: () => resolve(undefined) });
    });
    while (sockets.length < 10) await new Promise((resolve) => setImmediate(resolve));
    for (const socket of sockets) if (socket.writable) socket.write('hello');
    t.same(await greeted, Buffer.from('hello'), 'the last one is kept all the same');
    t.equal(sockets.length, 10, 'one without, nine with reserved ports');
    connection.destroy();
  },
);

t.test('a connection to itself is recognised', async (t) => {
  const listener = await tcpTransport.listen(local, () => {});
  const { host, port } = listener.address;
  await listener.close();
  const socket = connect({ host, port, localAddress: host, localPort: port });
  await new Promise((resolve) => socket.once('connect', resolve));
  t.ok(isConnectedToItself(socket));
  socket.destroy();
});

t.test('a listener waits for a port that is briefly taken', async (t) => {
  const first = await tcpTransport.listen(local, () => {});
  const second = tcpTransport.listen(first.address, () => {});
  await first.close();
  const { address, close } = await second;
  t.same(address, first.address);
  await close();
});
