/**
 * Purchases that cannot succeed, refused at the edge (docs/PROTOCOL.md, 5): where all products of a
 * purchase are in the cache, and one is unknown or too few, that is a linearizable read, and the log
 * need not be asked. Only for purchases without a client's key, and only before they were first
 * forwarded: everything else is decided in the log.
 */
import type { BazarError } from '../base/errors.js';
import type { Params } from '../wire/schemas.js';
import { outOfStock, productNotFound } from './answers.js';
import type { ProductCache } from './product-cache.js';

type Purchase = Params<'buy'>;
type Line = { readonly quantity: number } & ({ readonly id: number } | { readonly name: string });

/** Undefined: it may succeed, as far as is known here. */
export function refusal(cache: ProductCache, purchase: Purchase): BazarError | undefined {
  if (purchase.key !== undefined) return undefined;
  const refused = 'lines' in purchase ? ofLines(cache, purchase.lines) : ofOne(cache, purchase);
  if (refused) cache.counters.refused++;
  return refused;
}

function ofOne(cache: ProductCache, line: Line): BazarError | undefined {
  const cached = cache.peek('id' in line ? line.id : line.name);
  if (cached === undefined) return undefined;
  const { product } = cached;
  if (product === undefined) return productNotFound({ line: 0 });
  return product.quantity < line.quantity ? outOfStock(product.id, product.quantity) : undefined;
}

/** As the log would: first whether there are such products, then whether there is enough of each. */
function ofLines(cache: ProductCache, lines: readonly Line[]): BazarError | undefined {
  const wanted = new Map<number, { available: number; quantity: number }>();
  for (const [index, line] of lines.entries()) {
    const cached = cache.peek('id' in line ? line.id : line.name);
    if (cached === undefined) return undefined;
    const { product } = cached;
    if (product === undefined) return productNotFound({ line: index });
    // Lines of the same product are added up.
    const before = wanted.get(product.id)?.quantity ?? 0;
    const quantity = before + line.quantity;
    wanted.set(product.id, { available: product.quantity, quantity });
  }
  for (const [id, { available, quantity }] of wanted) {
    if (available < quantity) return outOfStock(id, available);
  }
  return undefined;
}
