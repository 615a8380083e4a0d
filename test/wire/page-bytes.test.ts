import t from 'tap';
import { decode, encode } from '../../src/wire/codec.js';
import { pageBytes } from '../../src/wire/page-bytes.js';

for (const count of [0, 1, 15, 16, 1_000]) {
  t.test(`a page of ${count} items is the map of its parts`, async (t) => {
    const items = Array.from({ length: count }, (_, id) => ({ id, name: `toy ${id}` }));
    const encoded = items.map((item) => encode(item));
    t.same(decode(pageBytes(encoded, null)), { items });
    t.same(decode(pageBytes(encoded, 123_456)), { items, next: 123_456 });
  });
}
