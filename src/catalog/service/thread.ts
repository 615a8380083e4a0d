/**
 * The program of the catalog's session threads: the requests that a frontend may send, and their
 * shapes.
 */

import { requestLimits } from '../../base/limits.js';
import { memberProgram, type Shapes, type ThreadCredentials } from '../../group/session-program.js';
import type { ProgramFactory } from '../../pool/types.js';
import { adjustReasons } from '../../wire/internal.js';
import { isDigest, keyBytes } from '../../wire/purchase-check.js';
import { isInteger, isRecord, isText, isTuple } from '../../wire/shapes.js';
import { isLimit } from '../machine/limit-snapshot.js';

const textOrNull = (value: unknown): boolean => value === null || isText(value);

const changes: Shapes = {
  add: (params) => isTuple(params, 1) && areFields(params[0]),
  update: (params) => isTuple(params, 2) && isInteger(params[0]) && areFields(params[1]),
  remove: (params) =>
    isTuple(params, 2) && isInteger(params[0]) && (params[1] === null || isInteger(params[1])),
  adjust: (params) => isTuple(params, 2) && isInteger(params[0]) && isAdjustment(params[1]),
};

/** A malformed limit would stop every replica at apply. */
function areFields(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { limit = null } = value;
  return limit === null || isLimit(limit);
}

function isAdjustment(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { reason, delta, count, reference } = value;
  const isOne = (delta === undefined) !== (count === undefined);
  const isNumber = isInteger(delta ?? count);
  const isReason = (adjustReasons as readonly unknown[]).includes(reason);
  return isOne && isNumber && isReason && (reference === undefined || isText(reference));
}

const { adjust: _onlyWithin, ...ofOldest } = changes;

export const shapes: Shapes = {
  ...ofOldest,
  change_stock: (params) => Array.isArray(params) && isChange(params[0]) && isKey(params[1]),
  change_with_limit: (params) => Array.isArray(params) && isChange(params[0]) && isKey(params[1]),
  change: (params) => Array.isArray(params) && isChange(params[0]) && isKey(params[1]),
  lookup: (params) => isTuple(params, 1) && (isInteger(params[0]) || isText(params[0])),
  lookup_many: (params) =>
    isTuple(params, 1) &&
    Array.isArray(params[0]) &&
    params[0].length <= requestLimits.pageMax &&
    params[0].every(isInteger),
  stock: (params) => isTuple(params, 1) && isInteger(params[0]),
  hold: (params) => isTuple(params, 1) && isDigest(params[0]),
  search: (params) =>
    isTuple(params, 4) &&
    textOrNull(params[0]) &&
    textOrNull(params[1]) &&
    isInteger(params[2]) &&
    isInteger(params[3]),
};

function isChange(request: unknown): boolean {
  if (!isTuple(request, 2) || typeof request[0] !== 'string') return false;
  const [operation, params] = request;
  return Object.hasOwn(changes, operation) && changes[operation]?.(params) === true;
}

/**
 * True if the key is absent or has the log's shape: a malformed key would stop every replica at
 * apply.
 */
function isKey(key: unknown): boolean {
  if (key === undefined) return true;
  if (!isTuple(key, 3)) return false;
  const [digest, hash, seenTime] = key;
  if (!(digest instanceof Uint8Array) || digest.length !== keyBytes.digest) return false;
  if (!(hash instanceof Uint8Array) || hash.length !== keyBytes.requestHash) return false;
  return seenTime === null || Number.isFinite(seenTime);
}

export const program: ProgramFactory = (owner, data) =>
  memberProgram(owner, data as ThreadCredentials, shapes);
