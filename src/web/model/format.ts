/** Formats numbers and times for the page. Pure, and the same everywhere, so that columns agree. */

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const two = new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const clock = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});

export function money(amount: number): string {
  return two.format(amount);
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
