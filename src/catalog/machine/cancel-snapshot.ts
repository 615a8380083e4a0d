/** Encodes the cancelled orders for a snapshot: one flat list an order, a thousand in a piece. */
import { storageLimits } from '../../base/limits.js';
import { isInteger } from '../../wire/shapes.js';
import type { CancelledOrder, CancelTable } from './cancel-table.js';

/** Order, newest cancellation, number of cancellations, and then id and units of each product. */
export type SavedCancelled = readonly number[];

const headNumbers = 3;

export function* saveCancelled(
  table: Pick<CancelTable, 'all'>,
): Generator<readonly SavedCancelled[]> {
  let piece: SavedCancelled[] = [];
  for (const { order, last, count, units } of table.all()) {
    piece.push([order, last, count, ...units]);
    if (piece.length < storageLimits.pieceCancelled) continue;
    yield piece;
    piece = [];
  }
  if (piece.length > 0) yield piece;
}

export function loadCancelled([
  order = 0,
  last = 0,
  count = 0,
  ...units
]: SavedCancelled): CancelledOrder {
  return { order, last, count, units };
}

export function isSavedCancelled(value: unknown): value is SavedCancelled {
  if (!Array.isArray(value) || value.length <= headNumbers) return false;
  return (value.length - headNumbers) % 2 === 0 && value.every(isInteger);
}
