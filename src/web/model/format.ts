/** Formats numbers and times for the page. Pure, and the same everywhere, so that columns agree. */

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const two = new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const clock = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});
const dayClock = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

/** Two decimals; a text is exact. With the store's currency if it is known: `€19.90`. */
export function money(amount: number | string, currency?: string): string {
  // Formatting a text is part of ES2023, and does not round it to a float.
  const value = amount as number;
  return (currency === undefined ? two : currencyFormat(currency)).format(value);
}

const currencyFormats = new Map<string, Intl.NumberFormat>();

function currencyFormat(currency: string): Intl.NumberFormat {
  const known = currencyFormats.get(currency);
  if (known) return known;
  const made = new Intl.NumberFormat('en', {
    style: 'currency',
    currency,
    currencyDisplay: 'narrowSymbol',
    minimumFractionDigits: 2,
    maximumFractionDigits: 2,
  });
  currencyFormats.set(currency, made);
  return made;
}

/** A time that is left, rounded up to whole seconds: `1:05`. */
export function timeLeft(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1_000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

export function count(value: number): string {
  return whole.format(value);
}

/** A rate, with decimals only where they are useful. */
export function rate(perSecond: number): string {
  const tenths = Math.round(perSecond * 10) / 10;
  return tenths < 10 && !Number.isInteger(tenths) ? tenths.toFixed(1) : whole.format(tenths);
}

/** At most three digits, with its unit. */
export function duration(ms: number): string {
  if (ms >= 10_000) return `${(ms / 1_000).toFixed(0)} s`;
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms >= 10 || ms === 0) return `${ms.toFixed(0)} ms`;
  return `${ms.toFixed(ms < 1 ? 2 : 1)} ms`;
}

/** One decimal, but never 100 unless the share is 1. */
export function percent(share: number): string {
  const tenths = share < 1 ? Math.min(999, Math.round(share * 1_000)) : 1_000;
  return `${tenths % 10 === 0 ? tenths / 10 : (tenths / 10).toFixed(1)} %`;
}

/** An amount of memory. */
export function megabytes(bytes: number): string {
  return `${whole.format(bytes / 1e6)} MB`;
}

/** The local day and time of an ISO moment. */
export function dayAndTime(iso: string): string {
  const moment = new Date(iso);
  return Number.isNaN(moment.getTime()) ? '' : dayClock.format(moment);
}

/** The local time of an ISO moment. */
export function timeOfDay(iso: string): string {
  const moment = new Date(iso);
  return Number.isNaN(moment.getTime()) ? '' : clock.format(moment);
}

export function plural(amount: number, one: string, many: string): string {
  return `${count(amount)} ${amount === 1 ? one : many}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(names: readonly string[]): string {
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}
