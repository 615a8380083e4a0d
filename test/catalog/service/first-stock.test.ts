/** The file with the first stock: what it gives, and what is said where it is not one. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { readFirstStock } from '../../../src/catalog/service/first-stock.js';
import { readStock } from '../../../src/catalog/service/first-stock-job.js';

const lego = { name: 'Lego', topic: 'toys', price: 19.99, quantity: 100 };

function stockFile(t: Test, content: string): string {
  const path = join(t.testdir(), 'stock.json');
  writeFileSync(path, content);
  return path;
}

t.test('prices of the file are converted to cents', async (t) => {
  const file = stockFile(
    t,
    JSON.stringify({ made: 'by hand', products: [{ ...lego, id: 3, version: 7 }] }),
  );
  t.same(await readFirstStock(file), [
    { id: 3, name: 'Lego', topic: 'toys', quantity: 100, priceCents: 1999 },
  ]);
});

t.test('a purchase limit is read, and such a file needs the newest rules', async (t) => {
  const daily = { quantity: 2, window_seconds: 86_400 };
  const file = stockFile(
    t,
    JSON.stringify({
      products: [
        { ...lego, purchase_limit: daily },
        { ...lego, name: 'Kite', purchase_limit: { quantity: 1, window_seconds: null } },
        { ...lego, name: 'Bear', purchase_limit: null },
      ],
    }),
  );
  const products = await readFirstStock(file);
  t.same(
    products.map(({ limit }) => limit),
    [[2, 86_400], [1, null], undefined],
  );
  t.equal((await readStock({ path: file })).needsRules, true);
  const plain = stockFile(t, JSON.stringify({ products: [lego] }));
  t.equal((await readStock({ path: plain })).needsRules, false);
});

t.test('an error names the file and the place', async (t) => {
  const cases = [
    ['{', /stock\.json: cannot be read as JSON/],
    ['[]', /stock\.json: holds no list of products/],
    [JSON.stringify({}), /stock\.json: holds no list of products/],
    [
      JSON.stringify({ products: [lego, { ...lego, note: 1, price: -1 }] }),
      /stock\.json: products\[1\]\.price must be a number from 0/,
    ],
    [
      JSON.stringify({ products: [lego, { ...lego, name: 'Kite' }, { ...lego, name: ' LEGO' }] }),
      /stock\.json: products\[0\] and products\[2\] have both the name " LEGO"/,
    ],
    [
      JSON.stringify({
        products: [
          { ...lego, id: 3 },
          { ...lego, name: 'Kite', id: 3 },
        ],
      }),
      /stock\.json: products\[0\] and products\[1\] have both the id 3/,
    ],
  ] as const;
  for (const [content, words] of cases) {
    const reading = readFirstStock(stockFile(t, content));
    await t.rejects(reading, { code: 'invalid_argument', message: words });
  }
});
