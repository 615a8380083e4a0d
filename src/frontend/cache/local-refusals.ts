/**
 * Refuses purchases that cannot succeed, without a message (docs/PROTOCOL.md, 5). There are three
 * reasons: a product does not exist, a product has too little stock, the total is too large. All
 * products of the purchase must be cached, so the refusal is a linearizable read. Refuses only
 * purchases without a client key, and only before they are first sent; the log decides all others.
 */
import type { BazarError } from '../../base/errors.js';
import { encodedOnce } from '../../wire/message.js';
import { totalOf } from '../../wire/money.js';
import type { Params } from '../../wire/schemas.js';
import { outOfStock, productNotFound, tooLargeTotal } from '../answers.js';
import type { CachedProduct, ProductCache } from './product-cache.js';

type Line = { readonly quantity: number } & ({ readonly id: number } | { readonly name: string });

const absent = encodedOnce(productNotFound({ line: 0 }));

export class LocalRefusals {
  readonly #cache: ProductCache;
  /**
   * Errors by product: sold-out products are requested often, and creating an error costs more than
   * a look-up.
   */
  readonly #refusals = new WeakMap<CachedProduct, BazarError>();

  constructor(cache: ProductCache) {
    this.#cache = cache;
  }

  /** Undefined if the purchase may succeed, according to the cache. */
  refusal(purchase: Params<'buy'>): BazarError | undefined {
    if (purchase.key !== undefined) return undefined;
    const refused = 'lines' in purchase ? this.#ofLines(purchase.lines) : this.#ofOne(purchase);
    if (refused) this.#cache.counters.refused++;
    return refused;
  }

  #ofOne(line: Line): BazarError | undefined {
    const cached = this.#cache.peek('id' in line ? line.id : line.name);
    if (cached === undefined) return undefined;
    if (cached.product === undefined) return absent;
    if (cached.product.quantity < line.quantity) return this.#outOfStock(cached);
    return isTooLarge([{ cached, quantity: line.quantity }]) ? tooLargeTotal() : undefined;
  }

  /** Checks in the log's order: first that all products exist, then that each has enough stock. */
  #ofLines(lines: readonly Line[]): BazarError | undefined {
    const wanted = new Map<number, { readonly cached: CachedProduct; quantity: number }>();
    for (const [index, line] of lines.entries()) {
      const cached = this.#cache.peek('id' in line ? line.id : line.name);
      if (cached === undefined) return undefined;
      if (cached.product === undefined) return productNotFound({ line: index });
      // Lines of the same product are added up.
      const before = wanted.get(cached.product.id)?.quantity ?? 0;
      wanted.set(cached.product.id, { cached, quantity: before + line.quantity });
    }
    for (const { cached, quantity } of wanted.values()) {
      if (cached.product.quantity < quantity) return this.#outOfStock(cached);
    }
    return isTooLarge([...wanted.values()]) ? tooLargeTotal() : undefined;
  }

  #outOfStock(cached: CachedProduct): BazarError {
    const known = this.#refusals.get(cached);
    if (known) return known;
    const refused = encodedOnce(outOfStock(cached.product.id, cached.product.quantity));
    this.#refusals.set(cached, refused);
    return refused;
  }
}

function isTooLarge(
  wanted: readonly { readonly cached: CachedProduct; readonly quantity: number }[],
): boolean {
  const lines = wanted.map(({ cached: { product }, quantity }) => ({
    quantity,
    priceCents: Math.round(product.price * 100),
  }));
  return totalOf(lines) === undefined;
}
