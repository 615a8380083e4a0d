/** Reads an audit: which products balance, their order, and the totals. Pure. */
import type { AuditProduct } from './shapes.js';

export function isBalanced(product: AuditProduct): boolean {
  const { received, sold, stock, ordered, reserved = 0, returned = 0 } = product;
  return stock >= 0 && received - sold + returned === stock + reserved && sold === ordered;
}

/** Products that do not balance first; otherwise in the store's order. */
export function sortedForReading(products: readonly AuditProduct[]): AuditProduct[] {
  const isOff = (one: AuditProduct): boolean => !isBalanced(one);
  return [...products.filter(isOff), ...products.filter(isBalanced)];
}

export type Totals = Record<
  'received' | 'sold' | 'returned' | 'stock' | 'reserved' | 'ordered',
  number
>;

export function totals(products: readonly AuditProduct[]): Totals {
  const sum = (field: keyof Totals): number =>
    products.reduce((all, one) => all + (one[field] ?? 0), 0);
  return {
    received: sum('received'),
    sold: sum('sold'),
    returned: sum('returned'),
    stock: sum('stock'),
    reserved: sum('reserved'),
    ordered: sum('ordered'),
  };
}
