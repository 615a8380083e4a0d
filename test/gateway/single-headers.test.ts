/** Headers that decide something: sent twice they are refused, on every path and in every dialect. */
import t from 'tap';
import { adminToken, setStage } from './stage.js';

const body = '{"id":8,"quantity":1}';

function request(line: string, headers: readonly string[]): string {
  return `${line} HTTP/1.1\r\n${headers.map((header) => `${header}\r\n`).join('')}\r\n`;
}

t.test('a repeated header that affects the request is refused', async (t) => {
  const { connect, operations } = await setStage();
  const sized = `content-length: ${body.length}`;
  const twice: readonly (readonly string[])[] = [
    ['Idempotency-Key: a', 'idempotency-key: b'],
    ['Idempotency-Key: a', 'Idempotency-Key: a'],
    ['Host: store'],
    ['Content-Type: application/json', 'Content-Type: text/xml'],
    ['Authorization: Bearer x', `Authorization: Bearer ${adminToken}`],
    ['If-Match: "1"', 'If-Match: "2"'],
    ['Content-Encoding: identity', 'Content-Encoding: gzip'],
    [sized],
  ];
  for (const headers of twice) {
    const client = connect();
    client.send(request('POST /orders', ['Host: store', sized, ...headers]) + body);
    const reply = await client.reply();
    t.equal(reply.status, 400, headers.join());
    t.equal(reply.json.error.type, 'invalid_argument');
    client.destroy();
  }
  t.same(operations.asked, [], 'nothing was bought');
});

t.test('this holds without a body, on unknown paths and in a dialect', async (t) => {
  const { connect } = await setStage();
  for (const path of ['/products/8', '/nothing', '/dialects/pygmy/buy?id=8']) {
    const client = connect();
    client.send(request(`GET ${path}`, ['Host: a', 'Host: b']));
    t.equal((await client.reply()).status, 400, path);
    client.destroy();
  }
  const old = connect();
  old.send('GET /livez HTTP/1.0\r\nhost: a\r\nhost: b\r\n\r\n');
  t.equal((await old.reply()).status, 400, 'HTTP/1.0 needs no Host, but takes no two');
  old.destroy();
});

t.test('a header that is a list may repeat', async (t) => {
  const { connect } = await setStage();
  const client = connect();
  const lists = ['If-None-Match: "1"', 'If-None-Match: "2"', 'Accept: text/html', 'Accept: */*'];
  client.send(request('GET /products/8', ['Host: a', ...lists]));
  t.equal((await client.reply()).status, 200);
  client.end();
});
