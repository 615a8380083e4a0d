/** The words and signs of a product's ledger (docs/STOCK.md, Ledger). Pure. */
import { count } from './format.js';
import type { Movement } from './shapes.js';

/** A page of the ledger; without `next` it is the last one. */
export interface LedgerPage {
  readonly data: readonly Movement[];
  readonly next?: number;
}

const causes: Readonly<Record<Movement['cause'], string>> = {
  added: 'Added',
  sale: 'Sale',
  hold: 'Hold',
  release: 'Release',
  expiry: 'Expiry',
  adjustment: 'Adjustment',
  restock: 'Restock',
  cancellation: 'Cancellation',
  change: 'Change by hand',
  opening: 'Stock when the ledger began',
  removed: 'Removed',
};

/** The cause and what caused it: `Sale, order 12`, `Hold 3`, `Adjustment, damaged: box 4`. */
export function causeWords(movement: Movement): string {
  const { cause, order_number, hold_serial, cancellation_number, restock_number } = movement;
  const { reason, reference } = movement;
  const words = causes[cause] ?? cause;
  const own = cause === 'hold' ? hold_serial : (cancellation_number ?? restock_number);
  if (own !== undefined) return `${words} ${own}`;
  if (order_number !== undefined) return `${words}, order ${order_number}`;
  if (hold_serial !== undefined) return `${words}, hold ${hold_serial}`;
  if (reason === undefined) return words;
  return `${words}, ${reason}${reference === undefined ? '' : `: ${reference}`}`;
}

/** The change of the available units, or else of the reserved ones: a confirmed hold changes only these. */
export function changeWords({ delta, reserved_delta: reserved }: Movement): string {
  return delta === 0 && reserved !== 0 ? `${signed(reserved)} reserved` : signed(delta);
}

/** With a true minus sign. */
function signed(value: number): string {
  if (value === 0) return '0';
  return `${value > 0 ? '+' : '−'}${count(Math.abs(value))}`;
}

/** Adds a page to the movements before it; those that are known already are dropped. */
export function withPage(
  known: readonly Movement[],
  page: readonly Movement[],
): readonly Movement[] {
  const last = known.at(-1)?.number ?? 0;
  return [...known, ...page.filter(({ number }) => number > last)];
}
