/** Whatever a store may hold comes back as it was from an export, in each form of CSV. */
import { Readable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import { delimiters } from '../../../src/cli/stock/columns.js';
import { csvRows } from '../../../src/cli/stock/csv-rows.js';
import { exportProducts } from '../../../src/cli/stock/export-run.js';
import type { Product } from '../../../src/wire/schemas.js';
import { validateParams } from '../../../src/wire/validate.js';

const special = [...'=+-@\'"\u0020,;|\ufeff\u00a0\u2028\uff1d'];
const text = fc
  .tuple(
    fc.array(fc.constantFrom(...special), { maxLength: 3 }),
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.array(fc.constantFrom(...special), { maxLength: 3 }),
  )
  .map((parts) => parts.flat().join(''));

const product = fc
  .record({
    id: fc.integer({ min: 1, max: 2 ** 40 }),
    name: text,
    topic: text,
    price: fc.integer({ min: 0, max: 100_000_000_000 }).map((cents) => cents / 100),
    quantity: fc.integer({ min: 0, max: 1_000_000_000 }),
    restock_to: fc.option(fc.integer({ min: 1, max: 1_000_000_000 }), { nil: undefined }),
    purchase_limit: fc.option(
      fc.record(
        {
          quantity: fc.integer({ min: 1, max: 1_000_000 }),
          window_seconds: fc.option(fc.integer({ min: 1, max: 366 * 86_400 })),
        },
        { noNullPrototype: true },
      ),
      { nil: undefined },
    ),
    version: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  })
  .map(({ restock_to: target, purchase_limit: limit, ...rest }) => ({
    ...rest,
    ...(target !== undefined && { restock_to: target }),
    ...(limit !== undefined && { purchase_limit: limit }),
  }))
  .filter(isLegal);

function isLegal({ version: _version, ...fields }: Product): boolean {
  try {
    validateParams('add_product', fields);
    return true;
  } catch {
    return false;
  }
}

t.test('an import of an export is exact for each valid name and topic', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(product, { minLength: 1, maxLength: 5 }),
      fc.constantFrom(...delimiters),
      fc.integer({ min: 1, max: 40 }),
      async (items, delimiter, pieceBytes) => {
        let file = '';
        const client = { search: async () => ({ items }) };
        await exportProducts(client, { format: 'csv', delimiter }, (more) => {
          file += more;
        });
        const read: unknown[] = [];
        const pieces = Readable.from(piecesOf(Buffer.from(file), pieceBytes));
        for await (const row of csvRows(pieces, { delimiter, encoding: 'utf8' })) {
          if ('problem' in row) throw new Error(row.problem);
          const { restock_to: target, purchase_limit: limit, ...rest } = row.product;
          const own = {
            ...(target && { restock_to: target }),
            ...(limit && { purchase_limit: limit }),
          };
          read.push({ ...rest, ...own });
        }
        return isDeepStrictEqual(
          read,
          items.map((item) => ({ ...item })),
        );
      },
    ),
    { numRuns: 60 },
  );
});

t.test('no cell of an export begins like a formula', async (t) => {
  for (const [name, cell] of [
    ['=1+1', "'=1+1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['-2', "'-2"],
    ['+3', "'+3"],
    ["'=x", "''=x"],
    ["'tis", "'tis"],
  ] as const) {
    const items = [{ id: 1, name, topic: name, price: 1, quantity: 1, version: 1 }];
    let file = '';
    await exportProducts(
      { search: async () => ({ items }) },
      { format: 'csv', delimiter: ',' },
      (more) => {
        file += more;
      },
    );
    t.equal(file.split('\n')[1], `1,${cell},${cell},1,1,,,,1`);
  }
});

function piecesOf(bytes: Buffer, length: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / length) }, (_none, i) =>
    bytes.subarray(i * length, (i + 1) * length),
  );
}
