/**
 * Checks the shape of trade operations where they enter a service, as purchase-check.ts does for
 * purchases: a log must never hold an operation that no replica can apply.
 */
import { BazarError } from '../base/errors.js';
import { cancelLimits, holdLimits, requestLimits } from '../base/limits.js';
import { keyKinds } from './internal.js';
import { areLines, isDigest, keyBytes } from './purchase-check.js';
import { isInteger, isText, isTuple } from './shapes.js';
import type { CancelRequest, OperationName, TradeOperation, TradeRequest } from './trade.js';

type Shapes = { readonly [Name in OperationName]: (fields: readonly unknown[]) => boolean };

/** The fields after name and key. */
const shapes: Shapes = {
  buy: ([lines, terms]) => areLines(lines) && areTerms(terms),
  hold: ([id, lines, ttl, terms, reference]) =>
    isDigest(id) && areLines(lines) && isTtl(ttl) && areTerms(terms) && isReference(reference),
  confirm: ([id, lines]) => isDigest(id) && (lines === null || areLines(lines)),
  release: ([id]) => isDigest(id),
  extend: ([id, ttl]) => isDigest(id) && isTtl(ttl),
  cancel: ([order, bought, customer, ...rest]) =>
    Array.isArray(bought) &&
    bought.length > 0 &&
    bought.length <= requestLimits.orderLinesMax &&
    bought.every(isSaleLine) &&
    (customer === null || isDigest(customer)) &&
    isCancel([order, ...rest]),
};

export function isTradeOperation(value: unknown): value is TradeOperation {
  if (!Array.isArray(value)) return false;
  const [name, key, ...fields]: readonly unknown[] = value;
  if (typeof name !== 'string' || !Object.hasOwn(shapes, name) || !isOperationKey(key))
    return false;
  return shapes[name as OperationName](fields);
}

/** True of what a frontend may send: only the order leader knows what an order has. */
export function isTradeRequest(value: unknown): value is TradeRequest {
  if (!Array.isArray(value) || value[0] !== 'cancel') return isTradeOperation(value);
  const [, key, ...fields]: readonly unknown[] = value;
  return isOperationKey(key) && isCancel(fields);
}

export function isCancelRequest(request: TradeRequest): request is CancelRequest {
  return request[0] === 'cancel';
}

/** The same operations with their type. Throws `invalid_argument`. */
export function checkTrades(value: unknown): readonly TradeOperation[] {
  if (!Array.isArray(value) || !value.every(isTradeOperation)) {
    throw new BazarError('invalid_argument', 'not a list of trade operations');
  }
  return value;
}

/** As `linesOf`. The order of a cancellation may have as many lines as an order can. */
export function linesOfRequest(request: TradeRequest): number {
  return isCancelRequest(request) ? 2 * requestLimits.orderLinesMax : linesOf(request);
}

/** The number of lines that an operation names: at least 1. */
export function linesOf(operation: TradeOperation): number {
  if (operation[0] === 'buy') return operation[2].length;
  if (operation[0] === 'hold') return operation[3].length;
  if (operation[0] === 'cancel') return operation[3].length + (operation[5]?.length ?? 0);
  return operation[0] === 'confirm' ? (operation[3]?.length ?? 1) : 1;
}

function isCancel([order, lines, restock, reason]: readonly unknown[]): boolean {
  const hasLines = lines === null || areLines(lines);
  const isNumber = isInteger(order) && order > 0;
  return isNumber && hasLines && typeof restock === 'boolean' && isReason(reason);
}

function isReason(value: unknown): boolean {
  return (
    value === null ||
    (typeof value === 'string' && Buffer.byteLength(value) <= cancelLimits.reasonBytesMax)
  );
}

function isSaleLine(value: unknown): boolean {
  if (!isTuple(value, 4)) return false;
  const [id, name, quantity, price] = value;
  return isInteger(id) && isText(name) && isInteger(quantity) && quantity > 0 && isInteger(price);
}

function isOperationKey(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 4) return false;
  const [digest, kind, hash, seenTime]: readonly unknown[] = value;
  if (!isDigest(digest) || !(hash instanceof Uint8Array)) return false;
  if (kind !== keyKinds.client && kind !== keyKinds.frontend) return false;
  if (hash.byteLength !== (kind === keyKinds.client ? keyBytes.requestHash : 0)) return false;
  return Number.isFinite(seenTime);
}

function areTerms(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [customer, expected]: readonly unknown[] = value;
  const isCents = Number.isSafeInteger(expected) && Number(expected) >= 0;
  return (customer === null || isDigest(customer)) && (expected === null || isCents);
}

function isTtl(value: unknown): boolean {
  return (
    Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= holdLimits.ttlSecondsMax
  );
}

function isReference(value: unknown): boolean {
  if (value === null) return true;
  return typeof value === 'string' && Buffer.byteLength(value) <= holdLimits.referenceBytesMax;
}
