/**
 * A job: reads the first stock from its file and cuts it into parts that fit an entry, for a hundred
 * thousand products would hold up the owner for a quarter of a second.
 */
import { encode } from '../../wire/codec.js';
import { readFirstStock } from './first-stock.js';

/** With the longest names and topics they still fit an entry, and take a few milliseconds. */
const stockTogether = 1_000;

export interface StockParts {
  readonly total: number;
  /** Products in each part but the last. */
  readonly together: number;
  /** Some product has a restock target of its own. */
  readonly hasTargets: boolean;
  /** Lists of products, encoded. */
  readonly parts: readonly Uint8Array[];
}

export async function readStock({ path }: { readonly path: string }): Promise<StockParts> {
  const products = await readFirstStock(path);
  const parts: Uint8Array[] = [];
  for (let from = 0; from < products.length; from += stockTogether) {
    parts.push(new Uint8Array(encode(products.slice(from, from + stockTogether))));
  }
  const hasTargets = products.some(({ restockTo }) => typeof restockTo === 'number');
  return { total: products.length, together: stockTogether, hasTargets, parts };
}
