import fc from 'fast-check';
import { Packr } from 'msgpackr';
import t from 'tap';
import { decode, encode, encodeInto } from '../../src/wire/codec.js';
import { FrameWriter } from '../../src/wire/frame.js';

t.test('plain values are the bytes that any MessagePack library writes', async (t) => {
  const pairs: [unknown, string][] = [
    [null, 'c0'],
    [undefined, 'c0'],
    [true, 'c3'],
    [7, '07'],
    [127, '7f'],
    [128, 'cc80'],
    [256, 'cd0100'],
    [65_536, 'ce00010000'],
    [-1, 'ff'],
    [-33, 'd0df'],
    [19.9, 'cb4033e66666666666'],
    ['Tux', 'a3547578'],
    ['é', 'a2c3a9'],
    [[1, [2]], '92019102'],
    [{ id: 8, name: 'Tux' }, '82a2696408a46e616d65a3547578'],
    [Buffer.from([1, 2]), 'c4020102'],
    [new Uint8Array([1, 2]), 'c4020102'],
  ];
  for (const [value, hex] of pairs) t.equal(encode(value).toString('hex'), hex);
});

t.test('values are read as any MessagePack library writes them', async (t) => {
  const pairs: [string, unknown][] = [
    ['de0001a26964cd0008', { id: 8 }],
    ['dc0002c2c3', [false, true]],
    ['d9026869', 'hi'],
    ['cf0000000000000008', 8],
    ['d3ffffffffffffffff', -1],
    ['ca3fc00000', 1.5],
    ['cf001fffffffffffff', Number.MAX_SAFE_INTEGER],
  ];
  for (const [hex, value] of pairs) t.same(decode(Buffer.from(hex, 'hex')), value, hex);
});

t.test('integers too large to be safe numbers are bigints', async (t) => {
  t.equal(decode(Buffer.from('cfffffffffffffffff', 'hex')), 2n ** 64n - 1n);
  t.equal(decode(Buffer.from('d38000000000000000', 'hex')), -(2n ** 63n));
  t.same(decode(encode(2n ** 60n)), 2n ** 60n);
  t.equal(decode(encode(2 ** 52 + 1)), 2 ** 52 + 1);
});

t.test('a value is read from the middle of a buffer, wherever that is', async (t) => {
  const value = { name: 'Tux', price: 19.9, tags: ['a', 'b'], raw: Buffer.from([1, 2, 3]) };
  const bytes = encode(value);
  for (const offset of [0, 1, 100, 127, 128, 129, 60_000]) {
    const buffer = Buffer.alloc(offset + bytes.length + 10, 0xc1);
    bytes.copy(buffer, offset);
    t.same(decode(buffer, offset, offset + bytes.length), value, `at ${offset}`);
  }
});

t.test('decoded binary outlives the buffer it came in', async (t) => {
  for (const size of [8, 500]) {
    const bytes = encode([Buffer.alloc(size, 1)]);
    const [raw] = decode(bytes) as [Buffer];
    bytes.fill(0xff);
    decode(encode('x'.repeat(100)));
    t.same(raw, Buffer.alloc(size, 1));
  }
});

t.test('binary of any length is written with the shortest head there is', async (t) => {
  const heads: [number, string][] = [
    [0, 'c400'],
    [255, 'c4ff'],
    [256, 'c50100'],
    [65_535, 'c5ffff'],
    [65_536, 'c600010000'],
    [2_000_000, 'c6001e8480'],
  ];
  for (const [length, head] of heads) {
    const bytes = Buffer.alloc(length, 7);
    const encoded = encode(['before', bytes, 'after']);
    t.equal(encoded.subarray(8, 8 + head.length / 2).toString('hex'), head);
    const [before, read, after] = decode(encoded) as [string, Uint8Array, string];
    t.same([before, after], ['before', 'after']);
    t.equal(Buffer.compare(read, bytes), 0, `${length} bytes`);
  }
});

t.test('the codec does not change the library for other users in the process', async (t) => {
  const other = new Packr({ moreTypes: true });
  t.equal(other.pack(new Uint8Array([7])).toString('hex'), 'c702740107', 'a typed array');
});

t.test('what is not one whole value is refused', async (t) => {
  // Of 128 bytes, as long as the place where short values are read from: nothing may be left of it.
  decode(encode('x'.repeat(126)));
  for (const hex of ['', '92', '9201', '0101', 'd9', 'c7', 'd47f00']) {
    t.throws(() => decode(Buffer.from(hex, 'hex')), { code: 'invalid_argument' }, hex);
  }
});

t.test('what lies outside the buffer is refused', async (t) => {
  const buffer = Buffer.alloc(300, 1);
  for (const [start, end] of [
    [5, 3],
    [0, 900_000],
    [301, 301],
  ]) {
    t.throws(() => decode(buffer, start, end), { code: 'invalid_argument' });
  }
});

t.test('encoding into a writer leaves earlier frames alone', async (t) => {
  const writer = new FrameWriter();
  const large = { text: 'x'.repeat(200_000) };
  writer.begin();
  encodeInto(writer, { a: 1 });
  writer.finish();
  writer.begin();
  encodeInto(writer, large);
  writer.finish();
  const bytes = writer.take();
  t.same(decode(bytes, 4, 4 + bytes.readUInt32BE(0)), { a: 1 });
  t.same(decode(bytes, 4 + 4 + bytes.readUInt32BE(0)), large);
});

t.test('encoded bytes are not written over by later values, small or huge', async (t) => {
  const first = encode(['first', 1]);
  const huge = encode('y'.repeat(3_000_000));
  const last = encode(['last', 2]);
  t.same(decode(first), ['first', 1]);
  t.equal((decode(huge) as string).length, 3_000_000);
  t.same(decode(last), ['last', 2]);
});

t.test('a value that cannot be encoded does not spoil the next', async (t) => {
  t.throws(() => encode({ a: Symbol('no') }));
  t.throws(() => encode(2n ** 70n));
  t.same(decode(encode({ a: 1 })), { a: 1 });
});

t.test('JSON values survive the round trip', async (t) => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      const text = JSON.stringify(value);
      if (text.includes('__proto__')) return true;
      return JSON.stringify(decode(encode(value))) === text;
    }),
    { numRuns: 1_000 },
  );
  t.pass();
});
