/**
 * Interprets path segments: a product's id or name, an order's number. A number outside the valid
 * range names nothing, like an unknown one; only the schemas know the range.
 */
import { BazarError, toBazarError } from '../base/errors.js';
import type { Params, PublicMethod } from '../wire/schemas.js';
import { validateParams } from '../wire/validate.js';

const digits = /^\d+$/;

/** A segment of digits is an id, any other one a name. */
export function productOf(segment = ''): { id: number } | { name: string } {
  return digits.test(segment) ? { id: productIdOf(segment) } : { name: segment };
}

export function productIdOf(segment = ''): number {
  return numberOf(segment, 'product', 'lookup', (id) => ({ id }));
}

export function orderNumberOf(segment = ''): number {
  return numberOf(segment, 'order', 'order', (number) => ({ number }));
}

function numberOf<M extends PublicMethod>(
  segment: string,
  what: string,
  operation: M,
  params: (number: number) => Params<M>,
): number {
  if (!digits.test(segment)) {
    throw new BazarError('invalid_argument', `the ${what} in the path must be a positive integer`);
  }
  const number = Number(segment);
  try {
    validateParams(operation, params(number));
  } catch {
    throw notFound(what);
  }
  return number;
}

export function notFound(what: string): BazarError {
  return new BazarError('not_found', `${what} not found`);
}

/** For `catch`: reports `not_found` with this API's message. */
export function renameNotFound(what: string): (error: unknown) => never {
  return (error) => {
    throw toBazarError(error).code === 'not_found' ? notFound(what) : error;
  };
}
