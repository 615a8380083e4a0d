/** A stock for long runs: two products that never run out, and one that does. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Product } from './raw-client.js';
import type { Store } from './store.js';

const stock: readonly Product[] = [
  { id: 1, name: 'Endless', topic: 'toys', price: 19.9, quantity: 1_000_000, version: 1 },
  { id: 2, name: 'Plenty', topic: 'toys', price: 0.07, quantity: 1_000_000, version: 1 },
  { id: 3, name: 'Rare', topic: 'toys', price: 123.45, quantity: 300, version: 1 },
];

/** Starts the store for the first time, with this stock and no restock; again with `flags` alone. */
export async function upWithStock(
  store: Store,
  ...more: readonly string[]
): Promise<{ readonly products: readonly Product[]; readonly flags: readonly string[] }> {
  const file = join(store.folder, 'products.json');
  const products = stock.map(({ version: _version, ...product }) => product);
  writeFileSync(file, JSON.stringify({ products }));
  const flags = ['--restock-every', '0', '--workers', '2', ...more];
  await store.up('--products-file', file, ...flags);
  return { products: stock, flags };
}
