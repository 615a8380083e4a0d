import fc from 'fast-check';
import t from 'tap';
import { decode, encode } from '../../src/wire/codec.js';
import { checkStructure, findViolation, isGarbage } from '../../src/wire/structure.js';

function violationOf(bytes: readonly number[] | Uint8Array): string | undefined {
  const buffer = Buffer.from(bytes);
  return findViolation(buffer, 0, buffer.length);
}

const text = (value: string): number[] => [0xa0 | value.length, ...Buffer.from(value)];

t.test('every plain type of the MessagePack specification passes', async (t) => {
  const wholes: Record<string, number[]> = {
    'positive fixint': [0x7f],
    'negative fixint': [0xe0],
    nil: [0xc0],
    false: [0xc2],
    true: [0xc3],
    'uint 8': [0xcc, 1],
    'uint 16': [0xcd, 1, 2],
    'uint 32': [0xce, 1, 2, 3, 4],
    'uint 64': [0xcf, 1, 2, 3, 4, 5, 6, 7, 8],
    'int 8': [0xd0, 1],
    'int 16': [0xd1, 1, 2],
    'int 32': [0xd2, 1, 2, 3, 4],
    'int 64': [0xd3, 1, 2, 3, 4, 5, 6, 7, 8],
    'float 32': [0xca, 1, 2, 3, 4],
    'float 64': [0xcb, 1, 2, 3, 4, 5, 6, 7, 8],
    'NaN, which is for the schemas': [0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0],
    fixstr: [0xa2, 0x68, 0x69],
    'str 8': [0xd9, 2, 0x68, 0x69],
    'str 16': [0xda, 0, 2, 0x68, 0x69],
    'str 32': [0xdb, 0, 0, 0, 2, 0x68, 0x69],
    'bin 8': [0xc4, 2, 0xff, 0xfe],
    'bin 16': [0xc5, 0, 2, 0xff, 0xfe],
    'bin 32': [0xc6, 0, 0, 0, 2, 0xff, 0xfe],
    fixarray: [0x92, 1, 2],
    'array 16': [0xdc, 0, 2, 1, 2],
    'array 32': [0xdd, 0, 0, 0, 2, 1, 2],
    fixmap: [0x81, 0xa1, 0x61, 1],
    'map 16': [0xde, 0, 1, 0xa1, 0x61, 1],
    'map 32 with a str 8 key': [0xdf, 0, 0, 0, 1, 0xd9, 1, 0x61, 1],
  };
  for (const [name, bytes] of Object.entries(wholes)) {
    t.equal(violationOf(bytes), undefined, name);
    for (let end = 0; end < bytes.length; end++) {
      t.equal(violationOf(bytes.slice(0, end)), 'malformed', `${name} cut at ${end}`);
    }
    t.equal(violationOf([...bytes, 0xc0]), 'trailing_bytes', `${name} and one byte more`);
  }
});

t.test('a value in the middle of a buffer is checked alone', async (t) => {
  const buffer = Buffer.from([0xc1, 0x92, 1, 2, 0xc1]);
  t.equal(findViolation(buffer, 1, 4), undefined);
  t.equal(findViolation(buffer, 1, 3), 'malformed');
});

t.test('an unsupported value is named', async (t) => {
  t.equal(violationOf([0xc1]), 'malformed');
  for (const token of [0xc7, 0xc8, 0xc9, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8]) {
    t.equal(violationOf([token, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]), 'extension');
  }
  t.equal(violationOf([0x81, 1, 1]), 'key_not_text', 'an integer key');
  t.equal(violationOf([0x81, 0xc4, 1, 0x61, 1]), 'key_not_text', 'a binary key');
  t.equal(violationOf([0xa1, 0xff]), 'not_utf8');
  t.equal(violationOf([0xa3, 0xed, 0xa0, 0x80]), 'not_utf8', 'half a surrogate pair');
  t.equal(violationOf([0x81, 0xa1, 0xff, 1]), 'not_utf8', 'in a key');
  t.equal(violationOf([0xd9, 60, ...new Array(59).fill(0x61), 0xff]), 'not_utf8', 'long');
  t.equal(violationOf([0xd9, 60, ...new Array(60).fill(0x61)]), undefined, 'long and good');
  t.equal(violationOf([0xa6, ...Buffer.from('déjà')]), undefined);
});

t.test('a key `__proto__` is refused at any depth and in any encoding', async (t) => {
  t.equal(violationOf([0x81, ...text('__proto__'), 0x80]), 'proto_key');
  t.equal(violationOf([0x91, 0x81, ...text('__proto__'), 0x80]), 'proto_key');
  t.equal(violationOf([0x81, 0xd9, 9, ...Buffer.from('__proto__'), 0x80]), 'proto_key');
  t.equal(violationOf([0x81, ...text('__proto_x'), 0x80]), undefined);
  t.equal(violationOf(text('__proto__')), undefined, 'as a value it is just text');
});

t.test('nesting is limited to sixteen levels', async (t) => {
  const nested = (depth: number, open: number[]): number[] => {
    const bytes: number[] = [];
    for (let i = 0; i < depth; i++) bytes.push(...open);
    return [...bytes, 0xc0];
  };
  t.equal(violationOf(nested(16, [0x91])), undefined);
  t.equal(violationOf(nested(17, [0x91])), 'too_deep');
  t.equal(violationOf(nested(16, [0x81, 0xa1, 0x61])), undefined);
  t.equal(violationOf(nested(17, [0x81, 0xa1, 0x61])), 'too_deep');
  t.equal(violationOf(nested(1_000, [0x91])), 'too_deep');
  t.equal(violationOf(nested(100_000, [0xdc, 0, 1])), 'too_deep');
});

t.test('a short message cannot allocate much memory', async (t) => {
  const maps = Buffer.alloc(100_005, 0x80);
  maps.set([0xdd, 0, 1, 0x86, 0xa0]);
  t.equal(violationOf(maps), 'too_many');
  t.equal(violationOf([0xdd, 0xff, 0xff, 0xff, 0xff]), 'malformed', 'a count without values');
  t.equal(violationOf([0xdf, 0xff, 0xff, 0xff, 0xff]), 'malformed');
  t.equal(violationOf([0xdb, 0xff, 0xff, 0xff, 0xff, 0x61]), 'malformed');
});

t.test(
  'violations are errors with a message, and garbage is told from the forbidden',
  async (t) => {
    const deep = Buffer.alloc(40, 0x91);
    t.throws(() => checkStructure(deep, 0, 40), { code: 'invalid_argument', message: /deeper/ });
    t.ok(isGarbage('malformed'));
    t.ok(isGarbage('trailing_bytes'));
    t.notOk(isGarbage('extension'));
  },
);

t.test('random bytes never crash the scanner, and the decoder reads what it passes', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const buffer = Buffer.from(bytes);
      if (findViolation(buffer, 0, buffer.length) === undefined) decode(buffer);
      return true;
    }),
    { numRuns: 20_000 },
  );
});

t.test('valid messages with a changed byte never crash scanner and decoder', async () => {
  const value = { lines: [{ name: 'Tux', quantity: 2 }], key: 'k'.repeat(40), x: [1.5, -7, null] };
  const valid = encode(value);
  fc.assert(
    fc.property(fc.nat(valid.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
      const buffer = Buffer.from(valid);
      buffer[at] = byte;
      if (findViolation(buffer, 0, buffer.length) === undefined) decode(buffer);
      return true;
    }),
    { numRuns: 5_000 },
  );
});

t.test('every encoded JSON value passes', async () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
      const bytes = encode(value);
      const violation = findViolation(bytes, 0, bytes.length);
      return violation === undefined || violation === 'proto_key';
    }),
    { numRuns: 1_000 },
  );
});
