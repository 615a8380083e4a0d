/**
 * Money in its two forms: a decimal outside, whole cents inside. Both conversions are exact: a price
 * that is not a whole number of cents is refused, never rounded.
 */
import { BazarError } from '../base/errors.js';
import { requestLimits } from '../base/limits.js';

/** Throws `invalid_argument` if the price has more than two decimals or is out of bounds. */
export function priceToCents(price: number): number {
  return toCents(price, 'price', requestLimits.priceCentsMax);
}

/** As `priceToCents`, for totals, which may exceed any price; also as text, for example `19.90`. */
export function totalToCents(total: number | string): number {
  return toCents(Number(total), 'total', Number.MAX_SAFE_INTEGER);
}

function toCents(decimal: number, noun: string, max: number): number {
  const cents = Math.round(decimal * 100);
  // Not a number is in no bounds.
  if (!(decimal >= 0 && cents <= max)) {
    throw new BazarError('invalid_argument', `the ${noun} is out of bounds`);
  }
  // The quotient is the double nearest to the decimal, so equality means that no digit was lost.
  if (cents / 100 !== decimal) {
    throw new BazarError('invalid_argument', `a ${noun} has at most two decimals`);
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
