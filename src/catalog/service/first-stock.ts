/**
 * Reads the first stock of a new cluster from its file, and reports precisely what is wrong with
 * the file.
 */
import { readFile } from 'node:fs/promises';
import { Type } from '#typebox';
import { Compile } from '#typebox/schema';
import { BazarError } from '../../base/errors.js';
import { hasControl, textKey, tidyText } from '../../base/product-text.js';
import { systemReason } from '../../base/system-error.js';
import { explain } from '../../wire/explain.js';
import type { NewProduct } from '../../wire/internal.js';
import { priceToCents } from '../../wire/money.js';
import {
  LimitOrNull,
  Price,
  ProductId,
  ProductName,
  RestockTo,
  Stock,
  Topic,
} from '../../wire/schemas.js';

const listFile = Compile(Type.Object({ products: Type.Array(Type.Unknown()) }));
const StockFile = Type.Object({
  products: Type.Array(
    Type.Object({
      id: Type.Optional(ProductId),
      name: ProductName,
      topic: Topic,
      price: Price,
      quantity: Stock,
      restock_to: Type.Optional(RestockTo),
      purchase_limit: Type.Optional(LimitOrNull),
    }),
  ),
});

/** Compiled, because interpreting the schema takes a second for 100,000 products. */
const stockFile = Compile(StockFile);

/** Rejects with `invalid_argument`; the message names the file and the first invalid place. */
export async function readFirstStock(path: string): Promise<NewProduct[]> {
  const refuse = (reason: string, cause?: unknown): BazarError =>
    new BazarError('invalid_argument', `${path}: ${reason}`, { cause });
  let content: unknown;
  try {
    content = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    const why = error instanceof Error ? systemReason(error) : String(error);
    throw refuse(`cannot be read as JSON: ${why}`, error);
  }
  if (!listFile.Check(content)) throw refuse('holds no list of products');
  if (!stockFile.Check(content)) throw refuse(explain(StockFile, content, ''));
  for (const [place, { name, topic }] of content.products.entries()) {
    if (hasControl(tidyText(name)) || hasControl(tidyText(topic))) {
      throw refuse(`products/${place} must have no control characters in its name or topic`);
    }
  }
  const twice = findTwice(content.products);
  if (twice !== undefined) throw refuse(twice);
  // An export has further fields, which are ignored.
  return content.products.map((product) => {
    const { id, name, topic, price, quantity } = product;
    const { restock_to: restockTo, purchase_limit: limit } = product;
    return {
      ...(id === undefined ? {} : { id }),
      name,
      topic,
      priceCents: priceToCents(price),
      quantity,
      ...(restockTo === undefined ? {} : { restockTo }),
      ...(limit ? { limit: [limit.quantity, limit.window_seconds] as const } : {}),
    };
  });
}

/** If two products share a name or an id, the store could hold only one of them. */
function findTwice(
  products: readonly { readonly id?: number; readonly name: string }[],
): string | undefined {
  const places = new Map<string, number>();
  for (const [at, { id, name }] of products.entries()) {
    const same = textKey(name);
    const keys = [`name ${same}`, ...(id === undefined ? [] : [`id ${id}`])];
    for (const [i, key] of keys.entries()) {
      const first = places.get(key);
      const what = i === 0 ? `the name "${name}"` : `the id ${id}`;
      if (first !== undefined) return `products[${first}] and products[${at}] have both ${what}`;
      places.set(key, at);
    }
  }
  return undefined;
}
