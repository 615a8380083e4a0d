/**
 * Decides one purchase against the products: all its lines or none. It changes nothing but stock,
 * and only when it sells. The purchase processor checks key, epoch and age before.
 */
import { assert } from '../../base/assert.js';
import { requestLimits } from '../../base/limits.js';
import type { PurchaseLine, SaleLine } from '../../wire/internal.js';
import { totalOf } from '../../wire/money.js';
import { movementCauses } from '../../wire/movement.js';
import type { Product } from './product-record.js';
import type { Products } from './products.js';

export type Decision =
  | { readonly kind: 'sold'; readonly lines: readonly SaleLine[]; readonly totalCents: number }
  | Refusal
  /** A product has a purchase limit, and a plain purchase names no customer. */
  | { readonly kind: 'customer_required'; readonly id: number };

/** Why a purchase or a hold cannot have its lines. */
export type Refusal =
  | { readonly kind: 'out_of_stock'; readonly id: number; readonly available: number }
  | { readonly kind: 'not_found'; readonly lineIndex: number }
  | { readonly kind: 'total_too_large' };

/** What the lines want of one product, all together. */
export interface Wanted {
  readonly product: Product;
  quantity: number;
}

/** The context in which a purchase is decided. */
export interface PurchasePlace {
  readonly seq: number;
  /** Collects each product that the entry changes for the first time. */
  readonly touched: number[];
  /** False in entries of earlier builds, whose totals are kept as they were, rounded ones too. */
  readonly boundsTotals: boolean;
  /** Number of the next sale. */
  readonly nextSale: number;
}

export function decidePurchase(
  products: Products,
  lines: readonly PurchaseLine[],
  { seq, touched, boundsTotals, nextSale }: PurchasePlace,
): Decision {
  const wanted = findWanted(products, lines, boundsTotals);
  if ('kind' in wanted) return wanted;
  const limited = wanted.find(({ product }) => product.limit !== null);
  if (limited) return { kind: 'customer_required', id: limited.product.id };
  return recordSale(products, wanted, { seq, touched, number: nextSale });
}

/** The lines by product, if the stock has all of them. */
export function findWanted(
  products: Products,
  lines: readonly PurchaseLine[],
  boundsTotals: boolean,
): readonly Wanted[] | Refusal {
  assert(lines.length > 0, 'a purchase has a line');
  const wanted: Wanted[] = [];
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index];
    assert(line && Number.isSafeInteger(line[1]) && line[1] > 0, 'a quantity is at least 1');
    const product = resolve(products, line[0]);
    if (!product) return { kind: 'not_found', lineIndex: index };
    addLine(wanted, product, line[1]);
  }
  for (const { product, quantity } of wanted) {
    if (product.stock < quantity) {
      return { kind: 'out_of_stock', id: product.id, available: product.stock };
    }
  }
  return boundsTotals && isTooLarge(wanted) ? { kind: 'total_too_large' } : wanted;
}

/** True if the total could exceed an order's maximum at the highest product price. */
export function mayBeTooLarge(lines: readonly PurchaseLine[]): boolean {
  const { priceCentsMax: priceCents } = requestLimits;
  return totalOf(lines.map(([, quantity]) => ({ quantity, priceCents }))) === undefined;
}

function isTooLarge(wanted: readonly Wanted[]): boolean {
  const lines = wanted.map(({ product: { priceCents }, quantity }) => ({ quantity, priceCents }));
  return totalOf(lines) === undefined;
}

export function resolve(products: Products, item: number | string): Product | undefined {
  return typeof item === 'number' ? products.get(item) : products.named(item);
}

/**
 * Adds up lines of the same product. A purchase has at most 100 lines, so a linear search is fast.
 */
function addLine(wanted: Wanted[], product: Product, quantity: number): void {
  for (const other of wanted) {
    if (other.product !== product) continue;
    other.quantity += quantity;
    return;
  }
  wanted.push({ product, quantity });
}

/** Where a sale is recorded, and its number. */
export interface SalePlace extends Pick<PurchasePlace, 'seq' | 'touched'> {
  readonly number: number;
}

/** Takes what `findWanted` found from the stock. */
export function recordSale(
  products: Products,
  wanted: readonly Wanted[],
  { seq, touched, number }: SalePlace,
): Extract<Decision, { kind: 'sold' }> {
  const why = { cause: movementCauses.sale, source: number };
  for (const { product, quantity } of wanted) {
    if (product.changedAt !== seq) touched.push(product.id);
    products.deduct(product, quantity, seq, why);
  }
  return { kind: 'sold', ...priceOf(wanted) };
}

/** The lines at the present prices, and their total. */
export function priceOf(wanted: readonly Wanted[]): {
  readonly lines: readonly SaleLine[];
  readonly totalCents: number;
} {
  let totalCents = 0;
  const lines = wanted.map(({ product: { id, name, priceCents }, quantity }): SaleLine => {
    totalCents += quantity * priceCents;
    return [id, name, quantity, priceCents];
  });
  return { lines, totalCents };
}
