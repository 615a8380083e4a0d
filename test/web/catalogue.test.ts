/** The page's products: answers, pages, and news that come in any order. */
import t from 'tap';
import {
  type Catalogue,
  emptyCatalogue,
  extended,
  replaced,
  shelves,
  withProduct,
  withStock,
} from '../../src/web/model/catalogue.js';
import type { Product } from '../../src/web/model/shapes.js';

function product(id: number, own: Partial<Product> = {}): Product {
  return { id, name: `p${id}`, topic: 'toys', price: 1, quantity: 100, version: 1, ...own };
}

function stocked(...products: Product[]): Catalogue {
  return replaced(emptyCatalogue, { data: products });
}

const quantities = ({ products }: Catalogue): number[] => products.map((one) => one.quantity);

t.test('an event updates the stock unless a newer version is shown', async (t) => {
  const before = stocked(product(1), product(2));
  const after = withStock(before, { id: 2, quantity: 97, version: 5 });
  t.same(quantities(after), [100, 97]);
  t.equal(withStock(after, { id: 2, quantity: 98, version: 4 }), after, 'an older one is late');
  t.equal(withStock(after, { id: 9, quantity: 1, version: 9 }), after, 'one that is not shown');
});

t.test('an answer older than an event does not restore old stock', async (t) => {
  const told = withStock(stocked(product(1)), { id: 1, quantity: 90, version: 7 });
  t.same(quantities(replaced(told, { data: [product(1, { version: 6, quantity: 95 })] })), [90]);
  t.same(quantities(replaced(told, { data: [product(1, { version: 8, quantity: 80 })] })), [80]);
});

t.test('the next page is appended, and no product appears twice', async (t) => {
  const first = replaced(emptyCatalogue, { data: [product(1), product(2)], next: 2 });
  const both = extended(first, { data: [product(2), product(3)] });
  t.same(
    both.products.map((one) => one.id),
    [1, 2, 3],
  );
  t.equal(both.next, undefined);
});

t.test('a product changes and is removed by events', async (t) => {
  const before = stocked(product(1), product(2));
  const dearer = product(1, { price: 2, version: 2 });
  const changed = withProduct(before, { change: 'update', product: dearer });
  t.equal(changed.products[0]?.price, 2);
  const old = product(1, { price: 3, version: 1 });
  t.equal(withProduct(changed, { change: 'update', product: old }), changed, 'late news');
  const gone = withProduct(changed, { change: 'remove', id: 1 });
  t.same(
    gone.products.map((one) => one.id),
    [2],
  );
  t.equal(withProduct(gone, { change: 'remove', id: 1 }), gone);
});

t.test('topics stand in the order in which they first appear', async (t) => {
  const shelved = shelves([product(1, { topic: 'b' }), product(2), product(3, { topic: 'b' })]);
  t.same(
    shelved.map(({ topic, products }) => [topic, products.map((one) => one.id)]),
    [
      ['b', [1, 3]],
      ['toys', [2]],
    ],
  );
});
