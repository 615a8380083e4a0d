/**
 * The products on the page: the products read, updated by `/events`. Pure. Invariant: of two versions of
 * a product the higher one stays, in whatever order they arrive.
 */
import type { Product, ProductEvent, StockEvent } from './shapes.js';

export interface Catalogue {
  /** In the order of the store's answer. */
  readonly products: readonly Product[];
  /** Where the next page begins; undefined after the last one. */
  readonly next: number | undefined;
}

export const emptyCatalogue: Catalogue = { products: [], next: undefined };

export interface Answer {
  readonly data: readonly Product[];
  readonly next?: number;
}

/** Replaces the products by a new answer, but keeps newer versions from events. */
export function replaced(before: Catalogue, answer: Answer): Catalogue {
  return { products: answer.data.map((one) => newer(one, before.products)), next: answer.next };
}

/** Appends the next page. */
export function extended(before: Catalogue, answer: Answer): Catalogue {
  const known = new Set(before.products.map((one) => one.id));
  const added = answer.data.filter((one) => !known.has(one.id));
  return { products: [...before.products, ...added], next: answer.next };
}

export function withStock(before: Catalogue, news: StockEvent): Catalogue {
  return changed(before, news.id, (one) =>
    news.version > one.version ? { ...one, quantity: news.quantity, version: news.version } : one,
  );
}

/** Ignores products that are not shown: only the next search decides whether they belong here. */
export function withProduct(before: Catalogue, news: ProductEvent): Catalogue {
  if (news.change === 'remove') {
    const products = before.products.filter((one) => one.id !== news.id);
    return products.length === before.products.length ? before : { ...before, products };
  }
  const { product } = news;
  return changed(before, product.id, (one) =>
    product.version > one.version ? inCurrency(product, one) : one,
  );
}

/** An event has no currency; a store has one. */
function inCurrency(product: Product, { currency }: Product): Product {
  return currency === undefined ? product : { ...product, currency };
}

export interface Shelf {
  readonly topic: string;
  readonly products: readonly Product[];
}

/** By topic, in the order in which topics first appear. */
export function shelves(products: readonly Product[]): Shelf[] {
  const byTopic = new Map<string, Product[]>();
  for (const product of products) {
    const shelf = byTopic.get(product.topic);
    if (shelf) shelf.push(product);
    else byTopic.set(product.topic, [product]);
  }
  return [...byTopic].map(([topic, shelf]) => ({ topic, products: shelf }));
}

function changed(before: Catalogue, id: number, change: (product: Product) => Product): Catalogue {
  let isChanged = false;
  const products = before.products.map((one) => {
    const next = one.id === id ? change(one) : one;
    if (next !== one) isChanged = true;
    return next;
  });
  return isChanged ? { ...before, products } : before;
}

function newer(product: Product, known: readonly Product[]): Product {
  const seen = known.find((one) => one.id === product.id);
  return seen && seen.version > product.version ? seen : product;
}
