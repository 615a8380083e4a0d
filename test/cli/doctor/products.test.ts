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

t.test('the doctor lists restock targets and names that count as the same', async (t) => {
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
      detail: '1 "Tux" to 100, 3 "Bear " to 7; 2 products have no target',
    },
    { check: 'names', verdict: 'doubt', detail: /^1 "Tux", 2 "tux" count as the same name/ },
    { check: 'names', verdict: 'doubt', detail: /^3 "Bear ": not trimmed/ },
  ]);
  t.ok(reader.closed);
});

t.test('a store without either is well, and one that cannot be read is doubtful', async (t) => {
  t.match(await checkStoreProducts(store([product(1, 'Tux')])), [
    { check: 'restock', verdict: 'ok', detail: '1 products have no target' },
    { check: 'names', verdict: 'ok' },
  ]);
  const broken = { search: () => Promise.reject(new Error('nobody there')), close: () => {} };
  t.match(await checkStoreProducts(broken), [{ verdict: 'doubt', detail: /nobody there/ }]);
});
