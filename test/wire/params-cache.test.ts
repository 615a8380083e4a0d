import t from 'tap';
import { decode, encode } from '../../src/wire/codec.js';
import { ParamsCache } from '../../src/wire/params-cache.js';

/** Within other bytes, as params lie in a frame. */
function framed(value: unknown): [bytes: Uint8Array, start: number, end: number] {
  const body = encode(value);
  return [Buffer.concat([Buffer.from('head'), body, Buffer.from('tail')]), 4, 4 + body.length];
}

/** From the cache, else decoded and added. */
function read(cache: ParamsCache, value: unknown): { value: unknown; wasCached: boolean } {
  const [bytes, start, end] = framed(value);
  const found = cache.find(bytes, start, end);
  if (found !== undefined) return { value: found, wasCached: true };
  const decoded = decode(bytes, start, end);
  cache.add(bytes, start, end, decoded);
  bytes.fill(0);
  return { value: decoded, wasCached: false };
}

t.test('params decoded twice are found by their bytes, at any place in a buffer', async (t) => {
  const cache = new ParamsCache();
  for (let time = 0; time < 2; time++) {
    t.same(read(cache, { id: 8 }), { value: { id: 8 }, wasCached: false });
  }
  t.same(read(cache, { id: 8 }), { value: { id: 8 }, wasCached: true });
  t.same(read(cache, { name: 'Tux' }), { value: { name: 'Tux' }, wasCached: false });
});

t.test('among many params each value is that of its own bytes', async (t) => {
  const cache = new ParamsCache();
  for (let round = 0; round < 4; round++) {
    for (let id = 0; id < 3_000; id++) t.same(read(cache, { id }).value, { id });
  }
});

t.test('a handler cannot change the params of a later request', async (t) => {
  const cache = new ParamsCache();
  read(cache, { id: 8 });
  const { value } = read(cache, { id: 8 });
  t.throws(() => Object.assign(value as object, { id: 9 }), TypeError);
});

t.test(
  'long params, params with nested values and other values than maps are not kept',
  async (t) => {
    const cache = new ParamsCache();
    for (const value of [{ name: 'x'.repeat(40) }, { lines: [{ id: 1 }] }, [8], 8, null]) {
      read(cache, value);
      read(cache, value);
      t.same(read(cache, value), { value, wasCached: false });
    }
  },
);
