/** Reads an audit: which products balance, their order, and the totals. Pure. */
import type { AuditProduct } from './shapes.js';

export function isBalanced({ received, sold, stock, ordered }: AuditProduct): boolean {
  return stock >= 0 && received - sold === stock && sold === ordered;
}

/** Products that do not balance first; otherwise in the store's order. */
export function sortedForReading(products: readonly AuditProduct[]): AuditProduct[] {
  const isOff = (one: AuditProduct): boolean => !isBalanced(one);
  return [...products.filter(isOff), ...products.filter(isBalanced)];
}

export type Totals = Pick<AuditProduct, 'received' | 'sold' | 'stock' | 'ordered'>;

export function totals(products: readonly AuditProduct[]): Totals {
  const sum = (field: keyof Totals): number => products.reduce((all, one) => all + one[field], 0);
  return {
    received: sum('received'),
    sold: sum('sold'),
    stock: sum('stock'),
    ordered: sum('ordered'),
  };
}
