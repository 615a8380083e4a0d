/** Browsers: changes for other sites are refused, CORS allows some, and rebound names are unknown. */
import t from 'tap';
import { isLoopback } from '../../src/gateway/site-check.js';
import { adminToken, setStage } from './stage.js';

const body = { id: 8, quantity: 1 };
const shop = 'https://shop.example.com';

t.test('a page of another site can change nothing, with any type of body', async (t) => {
  const { ask, operations } = await setStage();
  const admin = { authorization: `Bearer ${adminToken}` };
  const strangers: readonly Readonly<Record<string, string>>[] = [
    { origin: 'http://evil.example', 'content-type': 'text/plain' },
    { origin: 'null' },
    { origin: 'http://store:8082' },
    { origin: 'https://store.evil.example' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site', origin: 'http://other.store' },
    { 'sec-fetch-site': 'anything' },
  ];
  for (const headers of strangers) {
    const name = JSON.stringify(headers);
    const reply = await ask('POST', '/orders', { headers, body });
    t.equal(reply.status, 403, name);
    t.equal(reply.json.error.type, 'permission_denied');
    const own = { ...admin, ...headers };
    t.equal((await ask('DELETE', '/products/8', { headers: own })).status, 403, name);
    t.equal((await ask('PUT', '/dialects/bazar/buy/8', { headers })).status, 403, name);
    t.equal((await ask('GET', '/dialects/pygmy/buy?id=8', { headers })).status, 403, 'a GET');
    t.equal((await ask('GET', '/products/8', { headers })).status, 200, 'reading is no change');
  }
  t.same([...new Set(operations.asked.map(({ operation }) => operation))], ['lookup']);
});

t.test('the own page, a typed address and programs may make any change', async (t) => {
  const { ask } = await setStage();
  const friends: readonly Readonly<Record<string, string>>[] = [
    {},
    { origin: 'http://store' },
    { origin: 'https://store', host: 'store' },
    { origin: 'http://store:8081', host: 'STORE:8081' },
    { origin: 'http://store', host: 'store:80' },
    { 'sec-fetch-site': 'same-origin', origin: 'https://front.example', host: '10.0.0.1:8081' },
    { 'sec-fetch-site': 'none' },
  ];
  for (const headers of friends) {
    const reply = await ask('POST', '/orders', { headers, body });
    t.equal(reply.status, 200, JSON.stringify(headers));
    t.notOk(reply.headers.has('access-control-allow-origin'));
  }
});

t.test('an allowed origin may send requests and read answers with their headers', async (t) => {
  const { ask } = await setStage({}, { sites: { hosts: undefined, origins: [shop] } });
  const headers = { origin: shop, 'sec-fetch-site': 'cross-site' };
  const bought = await ask('POST', '/orders', { headers, body });
  t.equal(bought.status, 200);
  t.equal(bought.headers.get('access-control-allow-origin'), shop);
  t.match(bought.headers.get('access-control-expose-headers'), /etag.*x-request-id/);
  const refused = await ask('GET', '/nothing', { headers });
  t.equal(refused.headers.get('access-control-allow-origin'), shop, 'errors can be read too');
  const other = await ask('GET', '/products/8', { headers: { origin: 'https://other.example' } });
  t.notOk(other.headers.has('access-control-allow-origin'));
  t.equal(other.headers.get('vary'), 'origin', 'so that a shared cache keeps them apart');
});

t.test('a preflight returns methods and headers only to an allowed origin', async (t) => {
  const { ask } = await setStage({}, { sites: { hosts: undefined, origins: [shop] } });
  const asked = { 'access-control-request-method': 'POST' };
  const headers = { ...asked, origin: shop };
  const allowed = await ask('OPTIONS', '/orders', { headers });
  t.equal(allowed.status, 204);
  t.equal(allowed.headers.get('access-control-allow-origin'), shop);
  t.equal(allowed.headers.get('access-control-allow-methods'), 'GET, HEAD, OPTIONS, POST');
  t.match(allowed.headers.get('access-control-allow-headers'), /idempotency-key/);
  t.notMatch(allowed.headers.get('access-control-allow-headers'), /x-bazar-demo/);
  const other = await ask('OPTIONS', '/orders', { headers: { ...asked, origin: 'https://b.c' } });
  t.equal(other.status, 204);
  t.notOk(other.headers.has('access-control-allow-methods'));
});

t.test('a star allows every origin', async (t) => {
  const { ask } = await setStage({}, { sites: { hosts: undefined, origins: ['*'] } });
  const headers = { origin: 'https://anyone.example', 'sec-fetch-site': 'cross-site' };
  const reply = await ask('POST', '/orders', { headers, body });
  t.equal(reply.status, 200);
  t.equal(reply.headers.get('access-control-allow-origin'), 'https://anyone.example');
});

t.test('a listener with known names answers under no other name', async (t) => {
  const { ask, connect } = await setStage({}, { sites: { hosts: ['shop.local'], origins: [] } });
  const known = [
    'shop.local',
    'SHOP.LOCAL.:8081',
    'localhost:8081',
    'a.localhost',
    '127.0.0.1:8081',
    '[::1]:8081',
    '192.168.0.7',
  ];
  for (const host of known) {
    t.equal((await ask('GET', '/products/8', { headers: { host } })).status, 200, host);
  }
  const unknown = [
    'evil.example',
    'localhost.evil.example',
    'shop.local.evil',
    'a b',
    '[::1',
    '::1',
  ];
  for (const host of unknown) {
    const reply = await ask('GET', '/products/8', { headers: { host } });
    t.equal(reply.status, 403, host);
    t.match(reply.json.error.message, /--allowed-host/);
  }
  const old = connect();
  old.send('GET /livez HTTP/1.0\r\n\r\n');
  t.equal((await old.reply()).status, 200, 'HTTP/1.0 has no Host');
  old.end();
});

t.test('loopback addresses are distinguished from others', async (t) => {
  for (const host of ['127.0.0.1', '127.1.2.3', '::1', 'localhost']) t.ok(isLoopback(host), host);
  for (const host of ['0.0.0.0', '::', '10.0.0.1', '127.evil.example']) t.notOk(isLoopback(host));
});
