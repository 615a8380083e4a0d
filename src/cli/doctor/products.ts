/**
 * Examines the products of a running store. It counts the products with each restock target. It
 * finds names that an upgrade could not clean because they equal another product's name. Reads all
 * pages.
 */
import { cleanText, textKey } from '../../base/product-text.js';
import type { BazarClient } from '../../client/bazar-client.js';
import type { Product } from '../../wire/schemas.js';
import { doubt, type Finding, ok } from './finding.js';

/** With the longest names a page stays below half a frame. */
const pageItems = 250;
/** The doctor reads at most this many products. */
const productsMax = 100_000;
/** Products named in one line. */
const namedMax = 20;
/** Restock targets named in one line. */
const targetsMax = 5;

type Reader = Pick<BazarClient, 'search' | 'close'>;

/** Closes the client. */
export async function checkStoreProducts(client: Reader): Promise<Finding[]> {
  try {
    const products = await allProducts(client);
    return [checkRestock(products), ...checkNames(products)];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [doubt('products', `the products cannot be read: ${reason}`)];
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

/** The most frequent targets, each with its number of products. */
function checkRestock(products: readonly Product[]): Finding {
  const byTarget = new Map<number, number>();
  for (const { restock_to: target } of products) {
    if (target !== undefined) byTarget.set(target, (byTarget.get(target) ?? 0) + 1);
  }
  const targets = [...byTarget].sort(([, one], [, other]) => other - one);
  const shown = targets.slice(0, targetsMax).map(([to, count]) => `${counted(count)} to ${to}`);
  const others = targets.slice(targetsMax);
  const left = others.reduce((sum, [, count]) => sum + count, 0);
  if (left > 0) shown.push(`${counted(left)} to ${others.length} other targets`);
  const filled = [...byTarget.values()].reduce((sum, count) => sum + count, 0);
  return ok(
    'restock',
    [...shown, `${counted(products.length - filled)} without a target`].join(', '),
  );
}

function counted(count: number): string {
  return `${count} ${count === 1 ? 'product' : 'products'}`;
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
    .map((same) => doubt('names', `${listed(same)} have equal names: use their ids`));
  if (untidy.length > 0) {
    findings.push(
      doubt('names', `${listed(untidy)}: not trimmed, not NFC, or with control characters`),
    );
  }
  return findings.length > 0 ? findings : [ok('names', 'no two products have equal names')];
}

function listed(products: readonly Product[]): string {
  const named = products.slice(0, namedMax).map(({ id, name }) => `${id} ${JSON.stringify(name)}`);
  const left = products.length - named.length;
  return left > 0 ? `${named.join(', ')} and ${left} more` : named.join(', ');
}
