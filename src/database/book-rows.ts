/** Between the rows of orders and cancellations and the records of the same in messages and logs. */
import type { Sale, SaleLine } from '../wire/internal.js';
import type { Cancellation } from '../wire/trade.js';
import type { CancellationRow, OrderLineRow, OrderRow } from './rows.js';

export function toSale({ number, key, lines, totalCents, at, customer }: OrderRow): Sale {
  const sale = [number, key, lines.map(toLine), totalCents, at] as const;
  return customer === null ? sale : [...sale, customer];
}

/** @param batch number of the first cancellation of the same log entry. */
export function cancellationRow(cancellation: Cancellation, batch: number): CancellationRow {
  const [number, key, orderNumber, lines, totalCents, restock, reason, at] = cancellation;
  const [, , , , , , , , previous, cancelled, isWhole] = cancellation;
  const rows = lines.map(([productId, name, quantity, priceCents]) => {
    return { productId, name, quantity, priceCents };
  });
  return {
    ...{ number, key, orderNumber, lines: rows, totalCents, restock, at },
    reason: reason === null ? null : toColumn(reason),
    ...{ previous, cancelled, isWhole, batch },
  };
}

export function toCancellation(row: CancellationRow): Cancellation {
  const { number, key, orderNumber, lines, totalCents, restock, reason, at } = row;
  return [
    ...([number, key, orderNumber, lines.map(toLine), totalCents, restock] as const),
    ...([reason === null ? null : fromColumn(reason), at] as const),
    ...([row.previous, row.cancelled, row.isWhole] as const),
  ];
}

function toLine({ productId, name, quantity, priceCents }: OrderLineRow): SaleLine {
  return [productId, name, quantity, priceCents];
}

/** A customer's text may have a zero character, which no text column can hold. */
export function toColumn(text: string): string {
  return text.replace(/[\\\0]/g, (found) => (found === '\0' ? '\\0' : '\\\\'));
}

export function fromColumn(text: string): string {
  return text.replace(/\\(.)/g, (_, found: string) => (found === '0' ? '\0' : found));
}
