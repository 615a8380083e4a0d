/**
 * Examines the products of a running store: which of them a restock fills up, and which names an
 * upgrade could not clean, because they count as the same as another product's. Reads all pages.
 */
import { cleanText, textKey } from '../../base/product-text.js';
import type { BazarClient } from '../../client/bazar-client.js';
import type { Product } from '../../wire/schemas.js';
import { doubt, type Finding, ok } from './finding.js';

/** With the longest names a page stays below half a frame. */
const pageItems = 250;
/** More are not looked at. */
const productsMax = 100_000;
/** Products named in one line. */
const namedMax = 20;

type Reader = Pick<BazarClient, 'search' | 'close'>;

/** Closes the client. */
export async function checkStoreProducts(client: Reader): Promise<Finding[]> {
  try {
    const products = await allProducts(client);
    return [checkRestock(products), ...checkNames(products)];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [doubt('products', `they cannot be read: ${reason}`)];
  } finally {
    client.close();
  }
}

async function allProducts(client: Reader): Promise<Product[]> {
  const products: Product[] = [];
  let after: number | undefined = 0;
  while (after !== undefined && products.length < productsMax) {
    const { items, next } = await client.search({ text: '', limit: pageItems, after });
    products.push(...items);
    after = next;
  }
  return products;
}

function checkRestock(products: readonly Product[]): Finding {
  const filled = products.filter(({ restock_to: target }) => target !== undefined);
  const others = `${products.length - filled.length} products have no target`;
  if (filled.length === 0) return ok('restock', others);
  return ok('restock', `${listed(filled, ({ restock_to: to }) => ` to ${to}`)}; ${others}`);
}

function checkNames(products: readonly Product[]): Finding[] {
  const byKey = new Map<string, Product[]>();
  for (const product of products) {
    const key = textKey(product.name);
    const same = byKey.get(key);
    if (same) same.push(product);
    else byKey.set(key, [product]);
  }
  const twins = [...byKey.values()].filter(({ length }) => length > 1);
  const untidy = products.filter(
    ({ name, topic }) => cleanText(name) !== name || cleanText(topic) !== topic,
  );
  const findings = twins
    .slice(0, namedMax)
    .map((same) => doubt('names', `${listed(same)} count as the same name: only the id is sure`));
  if (untidy.length > 0) {
    findings.push(doubt('names', `${listed(untidy)}: not trimmed, not NFC or with controls`));
  }
  return findings.length > 0 ? findings : [ok('names', 'no two count as the same')];
}

function listed(
  products: readonly Product[],
  more: (product: Product) => string = () => '',
): string {
  const named = products
    .slice(0, namedMax)
    .map((product) => `${product.id} ${JSON.stringify(product.name)}${more(product)}`);
  const left = products.length - named.length;
  return left > 0 ? `${named.join(', ')} and ${left} more` : named.join(', ');
}
