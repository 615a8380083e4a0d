/**
 * Money in its two forms: a decimal outside, whole cents inside. Both conversions are exact: a price
 * that is not a whole number of cents is refused, never rounded.
 */
import { BazarError } from '../base/errors.js';
import { requestLimits } from '../base/limits.js';

/** Throws `invalid_argument` if the price has more than two decimals or is out of bounds. */
export function priceToCents(price: number): number {
  const cents = Math.round(price * 100);
  // The quotient is the double nearest to the decimal, so equality means that no digit was lost.
  if (!Number.isFinite(price) || cents / 100 !== price) {
    throw new BazarError('invalid_argument', 'a price has at most two decimals');
  }
  if (price < 0 || cents > requestLimits.priceCentsMax) {
    throw new BazarError('invalid_argument', 'the price is out of bounds');
  }
  return cents + 0;
}

/** As `priceToCents`, for totals, which may exceed any price. */
export function centsOf(total: number): number {
  const cents = Math.round(total * 100);
  if (!Number.isSafeInteger(cents) || cents < 0 || cents / 100 !== total) {
    throw new BazarError('invalid_argument', 'a total has at most two decimals');
  }
  return cents + 0;
}

/** Also for totals, which may exceed any price. */
export function centsToPrice(cents: number): number {
  return cents / 100;
}

/**
 * The total of the lines in cents, or undefined if it exceeds the limit of an order. Exact: a sum that a
 * double would round is far above the limit.
 */
export function totalOf(
  lines: Iterable<{ readonly quantity: number; readonly priceCents: number }>,
): number | undefined {
  let totalCents = 0;
  for (const { quantity, priceCents } of lines) totalCents += quantity * priceCents;
  return totalCents <= requestLimits.totalCentsMax ? totalCents : undefined;
}
