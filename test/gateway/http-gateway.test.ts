/**
 * The HTTP listener as a whole: bodies, unknown paths, request ids, deadlines, probes, draining.
 */
import { connect as connectSocket } from 'node:net';
import t from 'tap';
import { BazarError } from '../../src/base/errors.js';
import type { MemberStatus } from '../../src/frontend/types.js';
import { connectionDuplex } from '../../src/net/duplex.js';
import { tcpTransport } from '../../src/net/tcp-transport.js';
import { setStage, settle, tux } from './stage.js';

const purchase = { name: 'Tux', quantity: 1 };

t.test('a body is read as JSON under any type that may be JSON, or none', async (t) => {
  const { ask } = await setStage();
  const types = [
    'application/json',
    'application/json; charset=utf-8',
    'APPLICATION/JSON;charset="UTF-8"',
    'application/problem+json',
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/octet-stream',
  ];
  t.equal((await ask('POST', '/orders', { body: purchase })).status, 200, 'no type');
  for (const type of types) {
    const headers = { 'content-type': type };
    t.equal((await ask('POST', '/orders', { headers, body: purchase })).status, 200, type);
  }
});

t.test('a body of another declared type is 415', async (t) => {
  const { ask, operations } = await setStage();
  const heads = [
    { 'content-type': 'text/xml' },
    { 'content-type': 'multipart/form-data; boundary=x' },
    { 'content-type': 'image/png' },
    { 'content-type': 'application/json; charset=utf-16' },
    { 'content-type': 'nonsense' },
    { 'content-type': 'application/json', 'content-encoding': 'gzip' },
  ];
  for (const headers of heads) {
    const reply = await ask('POST', '/orders', { headers, body: purchase });
    t.equal(reply.status, 415, JSON.stringify(headers));
    t.equal(reply.json.error.code, 415);
    t.equal(reply.json.error.type, 'invalid_argument');
  }
  t.same(operations.asked, []);
});

t.test('a body over 1 MiB is 413, with or without a Content-Length', async (t) => {
  const { connect } = await setStage();
  const announced = connect();
  announced.send('POST /orders HTTP/1.1\r\nhost: a\r\ncontent-length: 1048577\r\n\r\n');
  const first = await announced.reply();
  t.equal(first.status, 413);
  t.equal(first.json.error.type, 'too_large');
  const chunked = connect();
  chunked.send('POST /orders HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n');
  const chunk = `10000\r\n${' '.repeat(0x10000)}\r\n`;
  for (let count = 0; count < 17; count++) chunked.send(chunk);
  t.equal((await chunked.reply()).status, 413);
});

t.test('a body of exactly 1 MiB is accepted', async (t) => {
  const { ask } = await setStage();
  const text = JSON.stringify(purchase);
  const body = text + ' '.repeat(1_048_576 - text.length);
  t.equal((await ask('POST', '/orders', { body })).status, 200);
});

t.test('a body that is not UTF-8 is 400', async (t) => {
  const { connect } = await setStage();
  const client = connect();
  client.send('POST /orders HTTP/1.1\r\nhost: a\r\ncontent-length: 26\r\n\r\n');
  client.send(Buffer.from('{"name":"\xff\xfe","quantity":1}  ', 'latin1'));
  t.equal((await client.reply()).status, 400);
});

t.test('an unknown path is 404 in the usual shape, for any request', async (t) => {
  const { ask } = await setStage();
  const tries: readonly (readonly [string, string, string?])[] = [
    ['GET', '/'],
    ['GET', '/nothing'],
    ['GET', '/products/8/reviews'],
    ['POST', '/nothing', '{not json'],
    ['DELETE', '/constructor'],
    ['GET', '/Products'],
  ];
  for (const [method, path, body] of tries) {
    const reply = await ask(method, path, { body, headers: { 'x-request-id': 'r' } });
    t.equal(reply.status, 404, `${method} ${path}`);
    t.match(reply.json, { error: { code: 404, type: 'not_found', request_id: 'r' } });
  }
});

t.test('a method that a path does not support is 405 with the supported ones', async (t) => {
  const { ask } = await setStage();
  const tries: readonly [string, string, string][] = [
    ['PUT', '/orders', 'GET, HEAD, OPTIONS, POST'],
    ['DELETE', '/orders/1', 'GET, HEAD, OPTIONS'],
    ['POST', '/products/8', 'DELETE, GET, HEAD, OPTIONS, PATCH'],
    ['PROPFIND', '/products', 'GET, HEAD, OPTIONS, POST'],
  ];
  for (const [method, path, allow] of tries) {
    const reply = await ask(method, path);
    t.equal(reply.status, 405, `${method} ${path}`);
    t.equal(reply.headers.get('allow'), allow);
    t.match(reply.json, { error: { code: 405, type: 'unknown_method' } });
  }
});

t.test('OPTIONS returns the methods of a path, also of an older store’s', async (t) => {
  const { ask } = await setStage();
  const paths: readonly [string, string][] = [
    ['/products/8?x=1', 'DELETE, GET, HEAD, OPTIONS, PATCH'],
    ['/dialects/bazar/buy/1', 'OPTIONS, PUT'],
  ];
  for (const [path, allow] of paths) {
    const reply = await ask('OPTIONS', path);
    t.equal(reply.status, 204, path);
    t.equal(reply.headers.get('allow'), allow);
    t.equal(reply.text, '');
  }
  t.equal((await ask('OPTIONS', '/nothing')).status, 404);
});

t.test('OPTIONS of a star returns the methods of the server, and a star is no path', async (t) => {
  const { ask } = await setStage();
  const reply = await ask('OPTIONS', '*');
  t.match(reply, { status: 204, text: '' });
  t.equal(reply.headers.get('allow'), 'DELETE, GET, HEAD, OPTIONS, PATCH, POST');
  t.equal((await ask('GET', '*')).status, 404);
});

t.test('an unknown expectation is 417 in the usual shape', async (t) => {
  const { ask, connect, operations } = await setStage();
  const headers = { expect: 'foo', 'x-request-id': 'r' };
  const reply = await ask('POST', '/orders', { headers, body: purchase });
  t.match(reply, { status: 417, json: { error: { code: 417, type: 'invalid_argument' } } });
  t.equal(reply.headers.get('x-request-id'), 'r');
  const older = await ask('PUT', '/dialects/bazar/buy/8', { headers });
  t.match(older, { status: 417, json: { message: /Expect/ } });
  t.same(operations.asked, []);
  const client = connect();
  const text = JSON.stringify(purchase);
  const head = `host: a\r\nexpect: 100-Continue\r\ncontent-length: ${text.length}\r\n\r\n`;
  client.send(`POST /orders HTTP/1.1\r\n${head}`);
  t.equal((await client.reply()).status, 100);
  client.send(text);
  t.equal((await client.reply()).status, 200);
  client.end();
});

t.test('a request keeps its own id, or gets one', async (t) => {
  const { ask } = await setStage();
  const own = await ask('GET', '/products/8', { headers: { 'x-request-id': 'trace:1/a' } });
  t.equal(own.headers.get('x-request-id'), 'trace:1/a');
  for (const bad of ['x'.repeat(101), 'two words', '{"a":1}']) {
    const reply = await ask('GET', '/products/99', { headers: { 'x-request-id': bad } });
    t.match(
      reply.headers.get('x-request-id'),
      /^[0-9a-f-]{36}$/,
      'a strange id does not get into logs',
    );
    t.equal(reply.json.error.request_id, reply.headers.get('x-request-id'));
  }
});

t.test('an operation gets the deadline, and after it the answer is 504', async (t) => {
  let deadlineMs = 0;
  let late: (() => void) | undefined;
  const { ask, clock } = await setStage({
    lookup: (_params, context) => {
      deadlineMs = context.deadlineMs;
      return new Promise((resolve) => {
        late = () => resolve(tux);
      });
    },
  });
  const startMs = clock.nowMs();
  const reply = ask('GET', '/products/8');
  await settle();
  t.equal(deadlineMs, startMs + 5_000);
  clock.advance(5_000);
  t.match(await reply, { status: 504, json: { error: { type: 'deadline_exceeded' } } });
  late?.();
  await settle();
});

t.test('liveness asks no service; readiness gives the reason', async (t) => {
  let why: string | undefined = 'no catalog leader';
  const { ask } = await setStage({ notReady: () => why });
  t.equal((await ask('GET', '/livez')).status, 200);
  const not = await ask('GET', '/readyz');
  t.equal(not.status, 503);
  t.match(not.json.error, { type: 'unavailable', message: 'no catalog leader' });
  t.ok(not.headers.has('retry-after'));
  why = undefined;
  t.equal((await ask('GET', '/readyz')).status, 200);
});

t.test('after the stop signal readiness fails, while requests are still answered', async (t) => {
  let stopping = false;
  const { ask } = await setStage({}, { draining: () => stopping });
  t.equal((await ask('GET', '/readyz')).status, 200);
  stopping = true;
  t.equal((await ask('GET', '/readyz')).status, 503);
  t.equal((await ask('GET', '/livez')).status, 200);
  const reply = await ask('GET', '/products/8');
  t.equal(reply.status, 200);
  t.equal(reply.headers.get('connection'), 'close');
});

t.test('the status is passed through', async (t) => {
  const members: MemberStatus[] = [
    {
      name: 'order-3',
      group: 'order',
      kind: 'replica',
      role: 'leader',
      epoch: 4,
      log_end: 12,
      commit: 12,
      pid: 4711,
    },
  ];
  const { ask } = await setStage({ status: async () => ({ members, frontends: [] }) });
  t.same((await ask('GET', '/status')).json, { data: { members, frontends: [] } });
});

t.test(
  'draining answers the requests in progress, ends the others, and then resolves',
  async (t) => {
    let release: (() => void) | undefined;
    const { gateway, connect } = await setStage({
      buy: () =>
        new Promise((resolve) => {
          release = () => resolve({ order_number: 1, total: 19.9 });
        }),
    });
    const idle = connect();
    const busy = connect();
    const text = JSON.stringify(purchase);
    busy.send(`POST /orders HTTP/1.1\r\nhost: a\r\ncontent-length: ${text.length}\r\n\r\n${text}`);
    await settle();
    let drained = false;
    const done = gateway.drain().then(() => {
      drained = true;
    });
    t.equal(await idle.ended(), '', 'a session without a request is ended at once');
    idle.end();
    await settle();
    t.notOk(drained);
    release?.();
    t.equal((await busy.reply()).status, 200);
    t.equal(await busy.ended(), '');
    busy.end();
    await done;
    await gateway.close();
  },
);

t.test('draining has a time limit', async (t) => {
  const { gateway, connect, clock } = await setStage({ buy: () => new Promise(() => {}) });
  const text = JSON.stringify(purchase);
  const client = connect();
  client.send(`POST /orders HTTP/1.1\r\nhost: a\r\ncontent-length: ${text.length}\r\n\r\n${text}`);
  await settle();
  const done = gateway.drain();
  clock.advance(5_000);
  await done;
  await gateway.close();
  await client.closed();
  t.pass('closing cut what was left');
});

t.test('a network connection is served, also when it is half closed', async (t) => {
  const { gateway } = await setStage({
    lookup: async () => {
      throw new BazarError('unavailable', 'no leader');
    },
  });
  const listener = await tcpTransport.listen({ host: '127.0.0.1', port: 0 }, (connection) =>
    gateway.accept(connectionDuplex(connection)),
  );
  const { port } = listener.address;
  const reply = await fetch(`http://127.0.0.1:${port}/products/8`);
  t.equal(reply.status, 503);
  t.equal(reply.headers.get('retry-after'), '1');
  t.match(await reply.json(), { error: { code: 503, type: 'unavailable' } });
  const half = connectSocket(port, '127.0.0.1');
  half.end('GET /livez HTTP/1.0\r\n\r\n');
  const chunks: Buffer[] = [];
  for await (const chunk of half) chunks.push(chunk as Buffer);
  t.match(Buffer.concat(chunks).toString(), /^HTTP\/1.1 200/);
  await gateway.drain();
  await gateway.close();
  await listener.close();
});
