/**
 * The program of an order service's session threads: the requests that it accepts, and their
 * shapes.
 */
import { memberProgram, type Shapes, type ThreadCredentials } from '../group/session-program.js';
import type { ProgramFactory } from '../pool/types.js';
import { hasFields, isBytes, isInteger, isText, isTuple } from '../wire/shapes.js';
import { isBuyParams, keyDigestBytes } from './buy-shape.js';

function isCount(value: unknown): boolean {
  return isInteger(value) && value >= 0;
}

function isIntegerOrNull(value: unknown): boolean {
  return value === null || isInteger(value);
}

const shapes: Shapes = {
  buy: isBuyParams,
  order: (params) => isTuple(params, 1) && isInteger(params[0]) && params[0] > 0,
  cancellation: (params) => isTuple(params, 1) && isInteger(params[0]) && params[0] > 0,
  cancellations(params) {
    if (!isTuple(params, 3)) return false;
    const [order, before, limit] = params;
    return isCount(order) && isIntegerOrNull(before) && isCount(limit);
  },
  orders: (params) => isTuple(params, 2) && isInteger(params[0]) && isInteger(params[1]),
  ledger(params) {
    if (!isTuple(params, 3)) return false;
    const [product, after, limit] = params;
    return isCount(product) && isCount(after) && isCount(limit);
  },
  find_orders(params) {
    if (!hasFields(params, 8)) return false;
    const [direction, after, before, limit, since, until, product, key] = params;
    if (direction !== 0 && direction !== 1) return false;
    if (!isCount(after) || !isCount(limit) || ![before, since, until].every(isIntegerOrNull)) {
      return false;
    }
    const isProduct = product === null || isInteger(product) || isText(product);
    return isProduct && (key === null || isBytes(key, keyDigestBytes));
  },
};

export const program: ProgramFactory = (owner, data) =>
  memberProgram(owner, data as ThreadCredentials, shapes);
