/** The shape of a purchase as a frontend sends it to the order service. */
import type { BuyParams } from '../wire/internal.js';
import { hasFields, isBytes, isInteger, isText, isTuple } from '../wire/shapes.js';

export const keyDigestBytes = 16;
const requestHashBytes = 8;

export function isBuyParams(params: unknown): params is BuyParams {
  if (!hasFields(params, 4)) return false;
  const [key, kind, hash, lines, seenTime, oldKey] = params;
  if (oldKey !== undefined && !isBytes(oldKey, keyDigestBytes)) return false;
  if (seenTime !== undefined && !(isInteger(seenTime) && seenTime >= 0)) return false;
  if (!isBytes(key, keyDigestBytes) || (kind !== 0 && kind !== 1)) return false;
  if (!isBytes(hash, kind === 0 ? 0 : requestHashBytes)) return false;
  return Array.isArray(lines) && lines.length > 0 && lines.every(isLine);
}

function isLine(value: unknown): boolean {
  if (!isTuple(value, 2)) return false;
  const [item, quantity] = value;
  return (isInteger(item) || isText(item)) && isInteger(quantity) && quantity > 0;
}
