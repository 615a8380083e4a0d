/**
 * Odd bodies of a purchase, one row each: packed ones, odd encodings, lengths and codings, JSON that
 * parsers disagree on, and odd numbers and texts. Each gets its status in our shape, or works.
 */
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import t from 'tap';
import { setStage } from './stage.js';

const sound = '{"id":1,"quantity":1}';
const mib = 1_024 * 1_024;
const packed = gzipSync(sound);
/** About 1 MiB that would be 1 GiB: 64 times the same member of 16 MiB. */
const member = gzipSync(Buffer.alloc(16 * mib));
const bomb = Buffer.concat(Array.from({ length: 64 }, () => member));

type Header = readonly [name: string, value: string];

interface Row {
  readonly name: string;
  readonly body: string | Uint8Array;
  readonly headers?: readonly Header[];
  readonly status: number;
}

function encoded(encoding: string, body: string | Uint8Array, status: number): Row {
  const name = `Content-Encoding: ${encoding}`;
  return { name, body, headers: [['content-encoding', encoding]], status };
}

function framed(name: string, header: Header, body: string, status: number): Row {
  return { name, body, headers: [header], status };
}

function json(name: string, body: string | Uint8Array, status = 400): Row {
  return { name, body, status };
}

function around(bytes: readonly number[]): Uint8Array {
  return Buffer.concat([
    Buffer.from('{"name":"'),
    Buffer.from(bytes),
    Buffer.from('","quantity":1}'),
  ]);
}

const chunked = `15\r\n${sound}\r\n0\r\n\r\n`;

const rows: readonly Row[] = [
  encoded('gzip', packed, 415),
  encoded('gzip', packed.subarray(0, 10), 415),
  encoded('gzip', bomb.subarray(0, mib), 415),
  encoded('GZIP', packed, 415),
  encoded('x-gzip', packed, 415),
  encoded('gzip, gzip', gzipSync(packed), 415),
  encoded('identity, gzip', packed, 415),
  encoded('br', brotliCompressSync(sound), 415),
  encoded('deflate', deflateSync(sound), 415),
  encoded('zstd', sound, 415),
  encoded('foo', sound, 415),
  encoded('identity', sound, 200),
  encoded('Identity', sound, 200),
  encoded('', sound, 200),
  {
    name: 'two Content-Encoding headers',
    body: packed,
    headers: [
      ['content-encoding', 'gzip'],
      ['content-encoding', 'br'],
    ],
    status: 400,
  },
  json('gzip that does not say so', packed),
  framed('Transfer-Encoding: gzip, chunked', ['transfer-encoding', 'gzip, chunked'], chunked, 501),
  framed('Transfer-Encoding: gzip', ['transfer-encoding', 'gzip'], sound, 400),
  framed('Transfer-Encoding: Chunked', ['transfer-encoding', 'Chunked'], chunked, 200),
  framed('a chunk without a length', ['transfer-encoding', 'chunked'], `zz\r\n${sound}`, 400),
  framed('a length that is too short', ['content-length', '5'], sound, 400),
  framed('a negative length', ['content-length', '-1'], sound, 400),
  framed('a length that is no number', ['content-length', 'abc'], sound, 400),
  framed('a length with a plus', ['content-length', '+21'], sound, 400),
  json('a byte order mark', `\ufeff${sound}`, 200),
  json('UTF-16', Buffer.from(`\ufeff${sound}`, 'utf16le')),
  json('a surrogate in UTF-8', around([0xed, 0xa0, 0x80])),
  json('an overlong NUL', around([0xc0, 0x80])),
  json('an unpaired surrogate', '{"name":"\\ud800","quantity":1}'),
  json('a control character in a string', '{"name":"\u0000","quantity":1}'),
  json('10,000 lists', '['.repeat(10_000) + ']'.repeat(10_000)),
  json('500,000 lists', '['.repeat(500_000) + ']'.repeat(500_000)),
  json('a million open lists', '['.repeat(1_000_000)),
  json('10,000 objects', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`),
  json('brackets in a string', `{"id":1,"quantity":1,"note":"${'['.repeat(10_000)}\\"]"}`),
  json('60,000 keys', `{${Array.from({ length: 60_000 }, (_none, at) => `"k${at}":1`).join()}}`),
  json('a key twice', '{"id":1,"id":2,"quantity":1}'),
  json('a key twice, once escaped', '{"id":1,"\\u0069d":2,"quantity":1}'),
  json('__proto__', '{"id":1,"quantity":1,"__proto__":{"id":2}}'),
  json('constructor', '{"id":1,"quantity":1,"constructor":{"prototype":{}}}'),
  json('1e999', '{"id":1,"quantity":1e999}'),
  json('1e308', '{"id":1,"quantity":1e308}'),
  json('100,000 digits', `{"id":1,"quantity":${'9'.repeat(100_000)}}`),
  json('-0', '{"id":1,"quantity":-0}'),
  json('NaN', '{"id":1,"quantity":NaN}'),
  json('Infinity', '{"id":1,"quantity":Infinity}'),
  json('an id over 2^53', '{"id":9007199254740993,"quantity":1}'),
  json('1.0', '{"id":1,"quantity":1.0}', 200),
  json('two documents', sound + sound),
  json('a comma too many', '{"id":1,"quantity":1,}'),
  json('a comment', '{"id":1/* one */,"quantity":1}'),
  json('null', 'null'),
  json('a list', '[]'),
  json('white space alone', ' '.repeat(1_000)),
  json('over 1 MiB', ' '.repeat(mib) + sound, 413),
];

t.test('every odd body gets its status in our shape, or is accepted', async (t) => {
  const { connect } = await setStage();
  for (const { name, body, headers = [], status } of rows) {
    const bytes = Buffer.from(body);
    const says = (wanted: string): boolean => headers.some(([given]) => given === wanted);
    const length = says('content-length') || says('transfer-encoding') ? [] : [sized(bytes)];
    const all: Header[] = [
      ['host', 'store'],
      ['content-type', 'application/json'],
      ...length,
      ...headers,
    ];
    const client = connect();
    const lines = all.map(([header, value]) => `${header}: ${value}\r\n`).join('');
    client.send(`POST /orders HTTP/1.1\r\n${lines}\r\n`);
    client.send(bytes);
    const reply = await client.reply();
    t.equal(reply.status, status, name);
    if (status !== 200) {
      const type = status === 413 ? 'too_large' : 'invalid_argument';
      t.match(reply.json.error, { code: status, type, message: String }, `${name}: the shape`);
    }
    client.destroy();
  }
});

t.test('the answer to a compressed body lists what is accepted', async (t) => {
  const { ask } = await setStage();
  const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
  const reply = await ask('POST', '/orders', { headers, body: sound });
  t.equal(reply.headers.get('accept-encoding'), 'identity');
  t.match(reply.json.error.message, /Content-Encoding/);
});

function sized(bytes: Uint8Array): Header {
  return ['content-length', String(bytes.length)];
}
