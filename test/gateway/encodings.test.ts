/** Compression of answers: which bodies are compressed, and for which clients. */
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import t from 'tap';
import type { MetricSample } from '../../src/base/metric-table.js';
import { acceptedEncodings } from '../../src/gateway/encodings.js';
import { setStage, shownTux, tux } from './stage.js';

const many = { items: Array.from({ length: 100 }, () => tux) };
const text = JSON.stringify({ data: many.items.map(() => shownTux) });

/** The head of the answer and the bytes of its body, as sent. */
async function fetched(path: string, accept: string, own: Parameters<typeof setStage> = []) {
  const { connect } = await setStage(...own);
  const client = connect();
  client.send(
    `GET ${path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\naccept-encoding: ${accept}\r\n\r\n`,
  );
  const received = Buffer.from(await client.ended(), 'latin1');
  client.end();
  const headEnd = received.indexOf('\r\n\r\n');
  return { head: received.subarray(0, headEnd).toString(), body: received.subarray(headEnd + 4) };
}

t.test('a long list is compressed as the client accepts it', async (t) => {
  const own: Parameters<typeof setStage> = [{ search: async () => many }];
  const br = await fetched('/products', 'gzip, deflate, br', own);
  t.match(br.head, /\r\ncontent-encoding: br\r\n/);
  t.match(br.head, /\r\nvary: accept-encoding\r\n/);
  t.match(br.head, new RegExp(`\r\ncontent-length: ${br.body.length}(\r\n|$)`));
  t.equal(brotliDecompressSync(br.body).toString(), text);
  t.ok(br.body.length < text.length / 5);
  const gz = await fetched('/products', 'gzip', own);
  t.equal(gunzipSync(gz.body).toString(), text);
  for (const accept of ['identity', 'br;q=0', 'zstd']) {
    const plain = await fetched('/products', accept, own);
    t.equal(plain.body.toString(), text, accept);
    t.match(plain.head, /\r\nvary: accept-encoding\r\n/, 'caches keep the forms apart');
    t.notMatch(plain.head, /content-encoding/);
  }
});

t.test('metrics and the API description are compressed', async (t) => {
  const names = Array.from({ length: 100 }, (_none, n) => `order-${n}`);
  const metrics = async (): Promise<MetricSample[]> =>
    names.map((name) => ['bazar_member_up', ['order', name], 1]);
  const packed = await fetched('/metrics', 'gzip', [{}, { metrics }]);
  t.match(gunzipSync(packed.body).toString(), /member="order-99"\} 1\n$/);
  const described = await fetched('/openapi.json', 'br');
  t.match(JSON.parse(brotliDecompressSync(described.body).toString()), { openapi: '3.1.0' });
});

t.test('a short answer, or one with an entity tag, is not compressed', async (t) => {
  t.notMatch((await fetched('/products', 'br')).head, /content-encoding|vary/);
  const long = { ...tux, topic: 'ü'.repeat(200), name: 'ö'.repeat(200) };
  const own: Parameters<typeof setStage> = [
    { lookup: async () => ({ ...long, topic: '漢'.repeat(200), name: '字'.repeat(200) }) },
  ];
  t.notMatch((await fetched('/products/8', 'br', own)).head, /content-encoding/);
});

t.test('encodings that the client refuses are not used', async (t) => {
  const tries: readonly (readonly [string, readonly string[]])[] = [
    ['gzip, deflate, br', ['br', 'gzip']],
    ['GZIP', ['gzip']],
    ['br;q=0, gzip;q=0.5', ['gzip']],
    ['*', ['br', 'gzip']],
    ['*;q=0.1, br;q=0', ['gzip']],
    ['identity', []],
    ['', []],
  ];
  for (const [given, expected] of tries) {
    t.same(acceptedEncodings({ 'accept-encoding': given }), expected, given);
  }
  t.same(acceptedEncodings({}), []);
});
