/**
 * The products that come with the build, by id and name. They restock by default.
 */
import { readFile } from 'node:fs/promises';
import { BazarError } from '../../base/errors.js';
import type { NewProduct, RulesSettings } from '../../wire/internal.js';

type Pair = RulesSettings['bundled'][number];

/** Rejects with `internal` if the build's file is damaged. */
export async function readBundled(path: string): Promise<Pair[]> {
  const content: unknown = JSON.parse(await readFile(path, 'utf8'));
  const { products } = content as { products?: unknown };
  if (!Array.isArray(products)) throw new BazarError('internal', `${path} holds no products`);
  return products.map(({ id, name }) => [Number(id), String(name)] as const);
}

/** For the first stock: bundled products get the store's target unless their file sets another. */
export function withTargets(
  products: readonly NewProduct[],
  { restockTo, bundled }: RulesSettings,
): NewProduct[] {
  const names = new Map(bundled);
  return products.map((product) => {
    const isBundled = product.id !== undefined && names.get(product.id) === product.name;
    const isOpen = product.restockTo === undefined && restockTo > 0;
    return isBundled && isOpen ? { ...product, restockTo } : product;
  });
}
