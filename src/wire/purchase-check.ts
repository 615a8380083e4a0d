/**
 * Checks the shape of purchases where they enter the catalog. A log must never hold a purchase that no
 * replica can apply: all replicas would stop at it, and again after each start. Written by hand instead
 * of a schema, because every purchase of the store passes here.
 */
import { BazarError } from '../base/errors.js';
import { requestLimits as limits } from '../base/limits.js';
import { keyKinds, type Purchase } from './internal.js';

export const keyBytes = { digest: 16, requestHash: 8 } as const;
const { digest: digestBytes, requestHash: hashBytes } = keyBytes;

/** The same purchases with their type. Throws `invalid_argument`. */
export function checkPurchases(value: unknown): readonly Purchase[] {
  if (!Array.isArray(value) || !value.every(isPurchase)) {
    throw new BazarError('invalid_argument', 'not a list of purchases');
  }
  return value;
}

function isPurchase(value: unknown): value is Purchase {
  if (!Array.isArray(value) || value.length < 5) return false;
  const [digest, kind, hash, lines, seenTime, oldKey]: readonly unknown[] = value;
  if (oldKey !== undefined && !isDigest(oldKey)) return false;
  if (!isDigest(digest)) return false;
  if (!(hash instanceof Uint8Array)) return false;
  if (kind !== keyKinds.client && kind !== keyKinds.frontend) return false;
  if (hash.byteLength !== (kind === keyKinds.client ? hashBytes : 0)) return false;
  return Number.isFinite(seenTime) && areLines(lines);
}

export function isDigest(value: unknown): boolean {
  return value instanceof Uint8Array && value.byteLength === digestBytes;
}

export function areLines(value: unknown): boolean {
  if (!Array.isArray(value) || value.length === 0) return false;
  return value.length <= limits.orderLinesMax && value.every(isLine);
}

function isLine(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [item, quantity]: readonly unknown[] = value;
  const isItem = typeof item === 'string' || isWithin(item, limits.idMax);
  return isItem && isWithin(quantity, limits.purchaseQuantityMax);
}

function isWithin(value: unknown, max: number): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= max;
}
