import t from 'tap';
import { checkStoreProducts } from '../../../src/cli/doctor/products.js';
import type { Product } from '../../../src/wire/schemas.js';

function product(id: number, name: string, more: Partial<Product> = {}): Product {
  return { id, name, topic: 'toys', price: 1, quantity: 1, version: 1, ...more };
}

/** Answers one product a page. */
function store(products: readonly Product[]) {
  return {
    closed: false,
    async search({ after = 0 }: { after?: number }) {
      const items = products.filter(({ id }) => id > after).slice(0, 1);
      const last = items[0]?.id ?? 0;
      return products.some(({ id }) => id > last) ? { items, next: last } : { items };
    },
    close() {
      this.closed = true;
    },
  };
}

t.test('the doctor counts the products of each restock target and lists equal names', async (t) => {
  const reader = store([
    product(1, 'Tux', { restock_to: 100 }),
    product(2, 'tux'),
    product(3, 'Bear ', { restock_to: 7 }),
    product(4, 'Whale'),
  ]);
  const findings = await checkStoreProducts(reader);
  t.match(findings, [
    {
      check: 'restock',
      verdict: 'ok',
      detail: '1 product to 100, 1 product to 7, 2 products without a target',
    },
    { check: 'names', verdict: 'doubt', detail: /^1 "Tux", 2 "tux" have equal names/ },
    { check: 'names', verdict: 'doubt', detail: /^3 "Bear ": not trimmed/ },
  ]);
  t.ok(reader.closed);
});

t.test(
  'the doctor accepts a store without either, and doubts one that it cannot read',
  async (t) => {
    t.match(await checkStoreProducts(store([product(1, 'Tux')])), [
      { check: 'restock', verdict: 'ok', detail: '1 product without a target' },
      { check: 'names', verdict: 'ok' },
    ]);
    const broken = { search: () => Promise.reject(new Error('nobody there')), close: () => {} };
    t.match(await checkStoreProducts(broken), [{ verdict: 'doubt', detail: /nobody there/ }]);
  },
);

t.test(
  'the doctor names the five most frequent restock targets and counts the others',
  async (t) => {
    const targets = [100, 100, 100, 1, 2, 3, 4, 5, 6];
    const products = targets.map((restock_to, i) => product(i + 1, `p${i}`, { restock_to }));
    const [restock] = await checkStoreProducts(store(products));
    t.equal(
      restock?.detail,
      '3 products to 100, 1 product to 1, 1 product to 2, 1 product to 3, 1 product to 4, ' +
        '2 products to 2 other targets, 0 products without a target',
    );
  },
);
