/** Reading an audit: what balances, what comes first, what it comes to. Pure. */
import type { AuditProduct } from './shapes.js';

export function isBalanced({ received, sold, stock, ordered }: AuditProduct): boolean {
  return stock >= 0 && received - sold === stock && sold === ordered;
}

/** What does not balance first; else as the store gave it. */
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
