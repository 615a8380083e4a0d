import fc from 'fast-check';
import t from 'tap';
import { decode, encode } from '../../src/wire/codec.js';
import type { SalesMessage } from '../../src/wire/internal.js';
import { countSales, joinSales } from '../../src/wire/sales-bytes.js';

/** What is joined is any value; only its number of items is known here. */
function run(first: number, count: number): SalesMessage {
  const items = Array.from({ length: count }, (_, i) => [first + i, 'Tux']);
  return [first, count, encode(items)];
}

t.test('encoded sales are counted under each size of header', async (t) => {
  for (const count of [0, 1, 15, 16, 65_535, 65_536]) {
    t.equal(countSales(run(1, count)[2]), count);
  }
  t.throws(() => countSales(encode({ a: 1 })), /encoded sales are an array/);
  t.throws(() => countSales(new Uint8Array(0)), /encoded sales are an array/);
});

t.test('joined runs decode to all their sales in order', async () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (counts) => {
      let next = 5;
      const runs = counts.map((count) => {
        next += count;
        return run(next - count, count);
      });
      const [first, count, bytes] = joinSales(runs);
      const [, , whole] = run(5, next - 5);
      const same = JSON.stringify(decode(bytes)) === JSON.stringify(decode(whole));
      return first === 5 && count === next - 5 && countSales(bytes) === count && same;
    }),
  );
});

t.test('runs that are not consecutive are not joined', async (t) => {
  t.throws(() => joinSales([run(1, 2), run(4, 1)]), /joined sales follow each other/);
  t.throws(() => joinSales([]), /something to join/);
});
