// A whole store inside TLS: between its services, and to its customers over both ports.
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { BazarClient } from '../../src/client/bazar-client.js';
import { Store } from './store.js';

const file = (name: string): string =>
  fileURLToPath(new URL(`../../../test/net/certificates/${name}`, import.meta.url));
const ca = readFileSync(file('ca.pem'), 'utf8');
const own = ['--tls-cert', file('store.pem'), '--tls-key', file('store.key')];
const cluster = [
  ...['--cluster-tls-cert', file('store.pem')],
  ...['--cluster-tls-key', file('store.key')],
  ...['--cluster-tls-ca', file('ca.pem')],
];

t.test('a store with TLS sells to clients that use TLS', async (t) => {
  const store = new Store(t, 3488, { catalogs: 2, orders: 1, recovery: 1 });
  // The harness asks for readiness in the clear: the launcher's word is enough here.
  store.isReady = async () => true;
  await store.up('--restock-every', '0', ...own, ...cluster);
  const address = `127.0.0.1:${store.rawPort}`;
  const client = new BazarClient({ addresses: [address], tls: { ca } });
  t.teardown(() => client.close());
  t.match(await client.buy({ id: 8, quantity: 1 }), { order_number: 1 });
  const answer = await get(store.rawPort - 100, '/products/8');
  t.match(answer, { status: 200, body: /"quantity":99/ });
  t.match(await store.bazar(['lookup', '8', '--json', '--tls-ca', file('ca.pem')]), { code: 0 });

  const plain = new BazarClient({ addresses: [address], timeoutMs: 1_000 });
  t.teardown(() => plain.close());
  await t.rejects(plain.lookup({ id: 8 }), 'a client without TLS gets no answer');
  const wary = new BazarClient({ addresses: [address], tls: {}, timeoutMs: 1_000 });
  t.teardown(() => wary.close());
  await t.rejects(wary.lookup({ id: 8 }), 'a client without the authority refuses the certificate');
  t.equal(await store.down(), 0);
});

function get(port: number, path: string): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, ca, agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode, body }));
    });
    asked.on('error', reject);
    asked.end();
  });
}
