/** Finding orders: by range, direction and filters, a bounded part of the book an answer. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import type { Entry } from '../../src/consensus/types.js';
import { OrderMachine } from '../../src/order/order-machine.js';
import { findOrders } from '../../src/order/order-search.js';
import { encode } from '../../src/wire/codec.js';
import type { Sale } from '../../src/wire/internal.js';
import type { FindOrdersParams } from '../../src/wire/thread-requests.js';

function keyOf(number: number): Uint8Array {
  return new Uint8Array(16).fill(number % 5);
}

/** Of product 1 to 3; the wall time goes back now and then, as after a change of the leader. */
function sale(number: number): Sale {
  const id = 1 + (number % 3);
  const at = 1_000 * number - (number % 4 === 0 ? 2_500 : 0);
  return [number, keyOf(number), [[id, `toy ${id}`, 1, 100]], 100, at];
}

/** A book whose entries hold so many orders each. */
function bookOf(sizes: readonly number[]) {
  const machine = new OrderMachine();
  const entries: Entry[] = [];
  const sales: Sale[] = [];
  let reads = 0;
  for (const size of sizes) {
    const first = sales.length + 1;
    const own = Array.from({ length: size }, (_none, i) => sale(first + i));
    sales.push(...own);
    const command = encode(['orders', first, size, encode(own)]);
    const entry = { seq: entries.length + 1, epoch: 1, time: 0, command };
    entries.push(entry);
    machine.apply(entry);
  }
  const find = (params: FindOrdersParams) =>
    findOrders(machine, params, async (seq) => {
      reads++;
      return entries[seq - 1];
    });
  return { sales, find, reads: () => reads };
}

/** All pages, as a client follows them. */
async function follow(
  find: (params: FindOrdersParams) => Promise<readonly [readonly Sale[], number | null]>,
  [direction, after, before, ...rest]: FindOrdersParams,
): Promise<{ numbers: number[]; pages: number }> {
  const numbers: number[] = [];
  let range: [number, number | null] = [after, before];
  for (let pages = 1; ; pages++) {
    const [found, next] = await find([direction, ...range, ...rest]);
    numbers.push(...found.map(([number]) => number));
    if (next === null) return { numbers, pages };
    range = direction === 1 ? [after, next] : [next, before];
  }
}

const params = fc.record({
  direction: fc.constantFrom(0 as const, 1 as const),
  after: fc.nat(70),
  before: fc.option(fc.integer({ min: 1, max: 90 })),
  limit: fc.integer({ min: 1, max: 25 }),
  since: fc.option(fc.integer({ min: -5_000, max: 70_000 })),
  until: fc.option(fc.integer({ min: -5_000, max: 70_000 })),
  product: fc.option(fc.constantFrom<number | string>(1, 2, 9, 'toy 3', 'toy')),
  key: fc.option(fc.nat(6).map(keyOf)),
});

t.test('all pages together equal a filter over the whole book', async () => {
  const books = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(books, params, async (sizes, wanted) => {
      const { direction, after, before, limit, since, until, product, key } = wanted;
      const { sales, find } = bookOf(sizes);
      const expected = sales
        .filter(([number]) => number > after && number < (before ?? Infinity))
        .filter(([, , , , at]) => at >= (since ?? -Infinity) && at < (until ?? Infinity))
        .filter(
          ([, , lines]) =>
            product === null || lines.some(([id, name]) => product === id || product === name),
        )
        .filter(([, own]) => key === null || Buffer.compare(own, key) === 0)
        .map(([number]) => number);
      if (direction === 1) expected.reverse();
      const all = await follow(find, [
        ...[direction, after, before, limit, since, until, product, key],
      ] as unknown as FindOrdersParams);
      assert.deepEqual(all.numbers, expected);
    }),
    { seed: 21 },
  );
});

t.test('a page ends at its limit, and reports whether there is more', async (t) => {
  const { find } = bookOf([5, 5]);
  const [newest, next] = await find([1, 0, null, 3, null, null, null, null]);
  t.same(
    newest.map(([number]) => number),
    [10, 9, 8],
  );
  t.equal(next, 8);
  const [rest, end] = await find([1, 0, next, 7, null, null, null, null]);
  t.same(rest.length, 7);
  t.equal(end, null, 'a page that is just full is the last one');
});

t.test(
  'an answer reads a bounded part of the book, and the next one continues there',
  async (t) => {
    const many = bookOf(Array.from({ length: 1_000 }, () => 1));
    const [found, next] = await many.find([0, 0, null, 10, null, null, 'nothing', null]);
    t.same([found.length, next, many.reads()], [0, 256, 256], 'entries');
    const large = bookOf(Array.from({ length: 10 }, () => 500));
    const answer = await large.find([1, 0, null, 10, null, null, 'nothing', null]);
    t.same([answer[0].length, answer[1]], [0, 3_001], 'orders');
    const { numbers, pages } = await follow(large.find, [0, 0, null, 1_000, null, null, 1, null]);
    t.same([numbers.length, pages], [1_666, 3]);
  },
);
