/**
 * A job: reads the first stock from its file and cuts it into parts that fit an entry. On the
 * owner, 100,000 products would block for a quarter of a second.
 */
import { encode } from '../../wire/codec.js';
import { readFirstStock } from './first-stock.js';

/**
 * With the longest names and topics this many fit an entry; a part takes a few milliseconds to
 * apply.
 */
const stockTogether = 1_000;

export interface StockParts {
  readonly total: number;
  /** Number of products in each part but the last. */
  readonly together: number;
  /** True if a product has a field that older rules ignore: a restock target, a purchase limit. */
  readonly needsRules: boolean;
  /** Lists of products, encoded. */
  readonly parts: readonly Uint8Array[];
}

export async function readStock({ path }: { readonly path: string }): Promise<StockParts> {
  const products = await readFirstStock(path);
  const parts: Uint8Array[] = [];
  for (let from = 0; from < products.length; from += stockTogether) {
    parts.push(new Uint8Array(encode(products.slice(from, from + stockTogether))));
  }
  const needsRules = products.some(
    ({ restockTo, limit }) => typeof restockTo === 'number' || limit !== undefined,
  );
  return { total: products.length, together: stockTogether, needsRules, parts };
}
