// Over real sockets. The certificates are the test's own and protect nothing.
import { readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { tcpTransport } from '../../src/net/tcp-transport.js';
import {
  secureContext,
  secureSession,
  tlsClientTransport,
  tlsPeerTransport,
} from '../../src/net/tls-transport.js';
import type { Connection, Transport } from '../../src/net/types.js';

const folder = new URL('../../../test/net/certificates/', import.meta.url);
const pem = (name: string): string => readFileSync(new URL(name, folder), 'utf8');
const ca = pem('ca.pem');
const store = { cert: pem('store.pem'), key: pem('store.key'), ca };
const stranger = { cert: pem('stranger.pem'), key: pem('stranger.key'), ca: pem('stranger.pem') };
const anyPort = { host: '127.0.0.1', port: 0 };
const patienceMs = 5_000;

/** A server that sends all input back; `open` wraps its connections. */
async function echo(t: Test, transport: Transport, open = (inner: Connection) => inner) {
  const listener = await transport.listen(anyPort, (inner) => {
    const connection = open(inner);
    connection.start({
      data: (chunk) => void connection.write(Buffer.from(chunk)),
      end: () => connection.end(),
      closed: () => {},
    });
  });
  t.teardown(() => listener.close());
  return listener.address;
}

/** Returns the data received until the server ended, or throws the error of a closed connection. */
function ask(connection: Connection, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = '';
    connection.start({
      data: (chunk) => {
        received += Buffer.from(chunk).toString();
        if (received.length === text.length) connection.end();
      },
      end: () => connection.end(),
      closed: (error) =>
        received === '' ? reject(error ?? new Error('closed')) : resolve(received),
    });
    connection.write(Buffer.from(text));
  });
}

t.test('services with certificates of one authority can talk', async (t) => {
  const address = await echo(t, tlsPeerTransport(store));
  const connection = await tlsPeerTransport(store).connect(address, patienceMs);
  const long = 'x'.repeat(1_000_000);
  t.equal(await ask(connection, long), long);
});

t.test('a service with another authority, or without a certificate, is refused', async (t) => {
  const address = await echo(t, tlsPeerTransport(store));
  for (const other of [tlsPeerTransport({ ...stranger, ca }), tlsClientTransport({ ca })]) {
    // In TLS 1.3 the client hears of its rejection after its own handshake is done.
    await t.rejects(
      other.connect(address, patienceMs).then((connection) => ask(connection, 'hello')),
    );
  }
  await t.rejects(
    tlsPeerTransport(stranger).connect(address, patienceMs),
    { code: 'unavailable' },
    'nor does it believe the store',
  );
});

t.test('a thread that receives raw bytes serves a customer inside TLS', async (t) => {
  const context = secureContext(store);
  const address = await echo(t, tcpTransport, (inner) => {
    const { connection } = secureSession(inner, context);
    return connection();
  });
  const connection = await tlsClientTransport({ ca }).connect(address, patienceMs);
  t.equal(await ask(connection, 'good morning'), 'good morning');
});

t.test('a customer that does not trust the authority closes the connection', async (t) => {
  const context = secureContext(store);
  const address = await echo(t, tcpTransport, (inner) =>
    secureSession(inner, context).connection(),
  );
  const wary = tlsClientTransport({ ca: stranger.ca });
  await t.rejects(wary.connect(address, patienceMs), { code: 'unavailable' });
});

t.test('input that is not TLS ends only its own session', async (t) => {
  const context = secureContext(store);
  const address = await echo(t, tcpTransport, (inner) =>
    secureSession(inner, context).connection(),
  );
  const plain = await tcpTransport.connect(address, patienceMs);
  const gone = new Promise<void>((resolve) => {
    plain.start({ data: () => {}, end: resolve, closed: () => resolve() });
  });
  plain.write(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
  await gone;
  const connection = await tlsClientTransport({ ca }).connect(address, patienceMs);
  t.equal(await ask(connection, 'still here'), 'still here');
});
