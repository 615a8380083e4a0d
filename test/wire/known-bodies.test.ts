import t from 'tap';
import { decode, encode } from '../../src/wire/codec.js';
import { KnownBodies } from '../../src/wire/known-bodies.js';

/** Within other bytes, as a body lies in a frame. */
function framed(value: unknown): [bytes: Uint8Array, start: number, end: number] {
  const body = encode(value);
  return [Buffer.concat([Buffer.from('head'), body, Buffer.from('tail')]), 4, 4 + body.length];
}

/** The same bytes somewhere else, decoded where they are new. */
function read(known: KnownBodies, value: unknown): { value: unknown; wasKnown: boolean } {
  const [bytes, start, end] = framed(value);
  const found = known.find(bytes, start, end);
  if (found !== undefined) return { value: found, wasKnown: true };
  const decoded = decode(bytes, start, end);
  known.keep(bytes, start, end, decoded);
  bytes.fill(0);
  return { value: decoded, wasKnown: false };
}

t.test('what was decoded twice is known by its bytes, wherever they lie', async (t) => {
  const known = new KnownBodies();
  for (let time = 0; time < 2; time++) {
    t.same(read(known, { id: 8 }), { value: { id: 8 }, wasKnown: false });
  }
  t.same(read(known, { id: 8 }), { value: { id: 8 }, wasKnown: true });
  t.same(read(known, { name: 'Tux' }), { value: { name: 'Tux' }, wasKnown: false });
});

t.test('however many there are, each gets what its own bytes say', async (t) => {
  const known = new KnownBodies();
  for (let round = 0; round < 4; round++) {
    for (let id = 0; id < 3_000; id++) t.same(read(known, { id }).value, { id });
  }
});

t.test('nobody can change what the next one gets', async (t) => {
  const known = new KnownBodies();
  read(known, { id: 8 });
  const { value } = read(known, { id: 8 });
  t.throws(() => Object.assign(value as object, { id: 9 }), TypeError);
});

t.test('what is long, holds others, or is no map is decoded each time', async (t) => {
  const known = new KnownBodies();
  for (const value of [{ name: 'x'.repeat(40) }, { lines: [{ id: 1 }] }, [8], 8, null]) {
    read(known, value);
    read(known, value);
    t.same(read(known, value), { value, wasKnown: false });
  }
});
