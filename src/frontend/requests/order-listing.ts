/**
 * Converts the public parameters of an order listing to those of the order service. Plain pages use
 * the method that earlier builds support, all others a newer one.
 */
import { BazarError } from '../../base/errors.js';
import { requestLimits } from '../../base/limits.js';
import type { Params } from '../../wire/schemas.js';
import type { FindOrdersParams, OrdersParams } from '../../wire/thread-requests.js';
import { clientKeyDigest } from './keys.js';

/** A date, or a date and a time with its zone (RFC 3339). */
const timeText =
  /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;
const digits = /^\d+$/;

export function listingOf(
  params: Params<'orders'>,
): readonly ['orders', OrdersParams] | readonly ['find_orders', FindOrdersParams] {
  const { order = 'asc', after = 0, before, limit = requestLimits.pageDefault } = params;
  const since = timeOf('since', params.since);
  const until = timeOf('until', params.until);
  const product = productOf(params.product);
  const key = params.key === undefined ? null : clientKeyDigest(params.key);
  const isPlain = order === 'asc' && before === undefined;
  if (isPlain && [since, until, product, key].every((filter) => filter === null)) {
    return ['orders', [after, limit]];
  }
  const direction = order === 'desc' ? 1 : 0;
  return ['find_orders', [direction, after, before ?? null, limit, since, until, product, key]];
}

/** An order service of an earlier build lists only oldest first and without filters. */
export function explainOlder(error: BazarError): never {
  if (error.code !== 'unknown_method') throw error;
  const message = 'an order service of an earlier build cannot list orders in this way yet';
  throw new BazarError('unavailable', message, { cause: error });
}

function timeOf(name: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const ms = timeText.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(ms)) return ms;
  throw new BazarError('invalid_argument', `${name} must be as 2026-01-31 or 2026-01-31T12:00:00Z`);
}

/** A string of digits is an id, as everywhere in the API. */
function productOf(product: string | number | undefined): string | number | null {
  if (product === undefined) return null;
  return typeof product === 'string' && digits.test(product) ? Number(product) : product;
}
