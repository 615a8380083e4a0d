/** What the administrator looks for among the orders, and the requests made of it. Pure. */
import type { Order, OrderLine } from './shapes.js';

export const searchKinds = ['number', 'product', 'key'] as const;
export type SearchKind = (typeof searchKinds)[number];

export interface OrderSearch {
  readonly kind: SearchKind;
  /** Empty: all orders. */
  readonly text: string;
}

/** The number of one order; undefined if another search is meant. */
export function numberOf({ kind, text }: OrderSearch): number | undefined {
  return kind === 'number' && text !== '' ? Number(text) : undefined;
}

/** A page of orders, newest first. */
export function pageQuery(
  { kind, text }: OrderSearch,
  limit: number,
  before?: number,
): URLSearchParams {
  const query = new URLSearchParams({ order: 'desc', limit: String(limit) });
  if (before !== undefined) query.set('before', String(before));
  if (text !== '' && kind !== 'number') query.set(kind, text);
  return query;
}

const words: Readonly<Record<string, string>> = {
  placed: 'Placed',
  partly_cancelled: 'Partly cancelled',
  cancelled: 'Cancelled',
};

export function statusWords({ status = 'placed' }: Order): string {
  return words[status] ?? status;
}

/** Units of a line that can still be cancelled. */
export function leftOf({ quantity, cancelled = 0 }: OrderLine): number {
  return quantity - cancelled;
}

/** The body of a cancellation: without lines if all that is left is cancelled. */
export function cancellationOf(
  order: Order,
  wanted: ReadonlyMap<number, number>,
  { restock, reason }: { readonly restock: boolean; readonly reason: string },
): Readonly<Record<string, unknown>> {
  const open = order.lines.filter((line) => leftOf(line) > 0);
  const unitsOf = (line: OrderLine): number => wanted.get(line.id) ?? leftOf(line);
  const isAll = open.every((line) => unitsOf(line) === leftOf(line));
  const lines = open
    .filter((line) => unitsOf(line) > 0)
    .map((line) => ({ id: line.id, quantity: unitsOf(line) }));
  const note = reason.trim();
  return { ...(!isAll && { lines }), restock, ...(note !== '' && { reason: note }) };
}
