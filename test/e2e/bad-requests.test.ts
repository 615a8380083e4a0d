/**
 * What no customer should send over HTTP: each gets its status and the one shape of an error, or a
 * closed connection where the stream makes no sense any more; others are served meanwhile, and the
 * books do not move.
 */
import { connect } from 'node:net';
import t, { type Test } from 'tap';
import { assertUnchanged, BackgroundReader, readBooks } from './background-reader.js';
import { Store } from './store.js';
import { within } from './until.js';

const store = new Store(t, 3012);
await store.up('--restock-every', '0', '--workers', '2');
const client = await store.raw();
const before = await readBooks(client);
const reader = await BackgroundReader.on(store);

const good = { id: 8, quantity: 1 };

function post(
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<Response> {
  return store.http('/orders', { method: 'POST', body, headers });
}

async function refused(t: Test, response: Response, code: number, type: string): Promise<void> {
  const body = (await response.json()) as unknown;
  const requestId = response.headers.get('x-request-id');
  t.equal(response.status, code, JSON.stringify(body));
  t.match(body, { error: { code, type, message: /./, request_id: requestId } });
  t.notMatch(JSON.stringify(body), /node_modules|\.js|\.ts|Error/, 'nothing of the inside is told');
}

const line = (quantity: unknown): object => ({ id: 8, quantity });

const badBodies: Readonly<Record<string, unknown>> = {
  'quantity 0': { ...good, quantity: 0 },
  'quantity -1': { ...good, quantity: -1 },
  'quantity 1.5': { ...good, quantity: 1.5 },
  'quantity "3"': { ...good, quantity: '3' },
  'quantity 10^12': { ...good, quantity: 1e12 },
  'quantity null': { ...good, quantity: null },
  'quantity true': { ...good, quantity: true },
  'quantity [1]': { ...good, quantity: [1] },
  'no quantity': { id: 8 },
  'no product': { quantity: 1 },
  'two products': { ...good, name: 'Tux' },
  nothing: {},
  'a list': [good],
  null: null,
  text: 'Tux',
  'a number': 8,
  'id "8"': { ...good, id: '8' },
  'id -8': { ...good, id: -8 },
  'name 8': { name: 8, quantity: 1 },
  'name empty': { name: '', quantity: 1 },
  'name of 201 characters': { name: 'x'.repeat(201), quantity: 1 },
  'a field too many': { ...good, price: 0 },
  'no lines': { lines: [] },
  '101 lines': { lines: Array(101).fill(line(1)) },
  'a good line and a bad one': { lines: [line(1), line(-1)] },
};

for (const [what, body] of Object.entries(badBodies)) {
  t.test(`an order of ${what} is 400`, async (t) => {
    await refused(t, await post(JSON.stringify(body)), 400, 'invalid_argument');
  });
}

const badTexts: Readonly<Record<string, string | Uint8Array<ArrayBuffer>>> = {
  'quantity NaN': '{"id":8,"quantity":NaN}',
  'quantity 1e999': '{"id":8,"quantity":1e999}',
  'half a body': '{"id":8,"quan',
  'no body': '',
  words: 'one Tux, please',
  __proto__: '{"id":8,"quantity":1,"__proto__":{"admin":true}}',
  '__proto__ in disguise': '{"id":8,"quantity":1,"__pr\\u006fto__":{}}',
  constructor: '{"id":8,"quantity":1,"constructor":{"prototype":{}}}',
  'a field twice': '{"id":8,"quantity":1,"quantity":2}',
  '1,000 lists deep': `{"id":8,"quantity":${'['.repeat(1_000)}${']'.repeat(1_000)}}`,
  '100,000 lists deep': '['.repeat(100_000),
  'text that is not UTF-8': Uint8Array.from([0x22, 0xff, 0xfe, 0x22]),
  'bytes of MessagePack': Uint8Array.from([0x82, 0xa2, 0x69, 0x64, 0x08]),
};

for (const [what, body] of Object.entries(badTexts)) {
  t.test(`an order of ${what} is 400`, async (t) => {
    await refused(t, await post(body), 400, 'invalid_argument');
  });
}

t.test('an unknown product is 404 and no order', async (t) => {
  for (const item of [{ id: 999 }, { name: 'Nix' }, { name: 'toString' }]) {
    await refused(t, await post(JSON.stringify({ ...item, quantity: 1 })), 404, 'not_found');
  }
  for (const path of ['/products/999', '/products/Nix', '/products/__proto__', '/orders/999999']) {
    await refused(t, await store.http(path), 404, 'not_found');
  }
});

t.test('a key that is none is 400', async (t) => {
  for (const key of ['', 'k'.repeat(201)]) {
    const response = await post(JSON.stringify(good), { 'idempotency-key': key });
    await refused(t, response, 400, 'invalid_argument');
  }
});

t.test('what is too large is 413, what is no JSON is 415', async (t) => {
  await refused(t, await post(`{"name":"${'x'.repeat(1 << 20)}"}`), 413, 'too_large');
  for (const type of [
    'application/xml',
    'multipart/form-data',
    'application/json; charset=utf-16',
  ]) {
    const response = await post(JSON.stringify(good), { 'content-type': type });
    await refused(t, response, 415, 'invalid_argument');
  }
});

t.test('paths and methods that do not exist', async (t) => {
  for (const number of ['0', '-1', '1.5', 'x', '1e3', '99999999999999999999']) {
    const { status } = await store.http(`/orders/${number}`);
    t.ok(status === 400 || status === 404, `${number}: ${status}`);
  }
  await refused(t, await store.http('/products/%ff'), 400, 'invalid_argument');
  await refused(t, await store.http('/products?limit=0'), 400, 'invalid_argument');
  await refused(t, await store.http('/steal'), 404, 'not_found');
  await refused(
    t,
    await store.http('/orders', { method: 'PUT', body: '{}' }),
    405,
    'unknown_method',
  );
});

t.test('administration is not for everyone', async (t) => {
  const change = { method: 'PATCH', body: '{"quantity":5}' };
  await refused(t, await store.http('/products/8', change), 401, 'unauthenticated');
  const headers = { authorization: 'Bearer guessed' };
  const guessed = await store.http('/products/8', { ...change, headers });
  await refused(t, guessed, 403, 'permission_denied');
  await refused(t, await store.http('/products/8', { method: 'DELETE' }), 401, 'unauthenticated');
  await refused(t, await store.http('/orders'), 401, 'unauthenticated');
});

const body = JSON.stringify(good);
const head = 'POST /orders HTTP/1.1\r\nHost: localhost\r\n';
/** Bytes that are no request, and the status that the answer before the close has, if any. */
const broken: Readonly<Record<string, readonly [string, RegExp]>> = {
  garbage: ['\x00\x01\x02\x03 garbage\r\n\r\n', /^HTTP\/1.1 400 /],
  'a frame of the raw port': ['\x00\x00\x00\x05\x94\x00\x01\xa4ping\x80', /^HTTP\/1.1 400 /],
  'a head of 64 KiB': [`${head}X: ${'x'.repeat(65_536)}\r\n\r\n`, /^HTTP\/1.1 431 /],
  'two lengths': [
    `${head}Content-Length: ${body.length}\r\nContent-Length: 3\r\n\r\n${body}`,
    /^HTTP\/1.1 400 /,
  ],
  'a length and chunks': [
    `${head}Content-Length: ${body.length}\r\nTransfer-Encoding: chunked\r\n\r\n${body}`,
    /^HTTP\/1.1 400 /,
  ],
  'a negative length': [`${head}Content-Length: -1\r\n\r\n${body}`, /^HTTP\/1.1 400 /],
  'chunks that are none': [
    `${head}Transfer-Encoding: chunked\r\n\r\nxyz\r\n${body}`,
    /^(HTTP\/1.1 400 |$)/,
  ],
  'a body cut short': [
    `${head}Content-Length: ${body.length + 5}\r\n\r\n${body}`,
    /^$|^HTTP\/1.1 400 /,
  ],
};

for (const [what, [bytes, expected]] of Object.entries(broken)) {
  t.test(`${what}: the connection is closed`, async (t) => {
    const answer = await within('the connection closes', exchange(bytes));
    t.match(answer, expected);
    t.notMatch(answer, /order_number/);
  });
}

t.test('nobody else has noticed, and the books are as they were', async (t) => {
  t.ok((await reader.stop()) > 0);
  t.equal((await store.http('/livez')).status, 200);
  await assertUnchanged(t, store, before);
});

/** Sends the bytes, ends its side, and resolves to all that came back. */
function exchange(bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({
      port: 8081 + store.portOffset,
      host: '127.0.0.1',
      allowHalfOpen: true,
    });
    let answer = '';
    socket.setEncoding('latin1').on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('error', () => {});
    socket.once('end', () => socket.destroy());
    socket.once('close', () => resolve(answer));
    socket.end(Buffer.from(bytes, 'latin1'));
  });
}
