/** Encodes the uses of purchase limits for a snapshot: one array a use, several thousand in a piece. */
import { storageLimits } from '../../base/limits.js';
import type { LimitFields } from '../../wire/internal.js';
import { isBytes, isInteger, isTuple } from '../../wire/shapes.js';
import type { LimitUses, Use } from './limit-uses.js';

export type SavedUse = readonly [
  product: number,
  customer: Uint8Array,
  source: number,
  time: number,
  quantity: number,
  /** Absent in snapshots of builds without cancellations. */
  since?: number,
];

export function* saveUses(uses: LimitUses): Generator<readonly SavedUse[]> {
  let piece: SavedUse[] = [];
  for (const use of uses.all()) {
    piece.push(saveUse(use));
    if (piece.length < storageLimits.pieceUses) continue;
    yield piece;
    piece = [];
  }
  if (piece.length > 0) yield piece;
}

export function saveUse({ product, customer, source, time, quantity, since }: Use): SavedUse {
  return [product, customer, source, time, quantity, since];
}

export function loadUse([product, customer, source, time, quantity, since = 0]: SavedUse): Use {
  return { product, customer, source, time, since, quantity };
}

export function isSavedUse(value: unknown): value is SavedUse {
  if (!isTuple(value, 5) && !isTuple(value, 6)) return false;
  const [product, customer, source, time, quantity, since = 0] = value;
  return [product, source, time, quantity, since].every(isInteger) && isBytes(customer, 16);
}

export function isLimit(value: unknown): value is LimitFields {
  return isTuple(value, 2) && isInteger(value[0]) && (value[1] === null || isInteger(value[1]));
}
