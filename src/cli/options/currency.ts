/** Checks the option `--currency`. */
import { UsageError } from '../output/exit-codes.js';

const decimals = 2;

/** The code in capital letters. Throws a UsageError if it is unknown or has another number of decimals. */
export function currencyCode(given: string): string {
  const code = given.toUpperCase();
  if (!Intl.supportedValuesOf('currency').includes(code)) {
    throw new UsageError(`--currency ${given}: not a currency code of ISO 4217, for example EUR`);
  }
  const format = new Intl.NumberFormat('en', { style: 'currency', currency: code });
  if (format.resolvedOptions().maximumFractionDigits !== decimals) {
    throw new UsageError(
      `--currency ${given}: prices have two decimals, and this currency has not`,
    );
  }
  return code;
}
