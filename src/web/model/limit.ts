/** Says a purchase limit in words. Pure. */
import { count, plural } from './format.js';
import type { PurchaseLimit } from './shapes.js';

const units = [
  { seconds: 86_400, one: 'day', many: 'days' },
  { seconds: 3_600, one: 'hour', many: 'hours' },
  { seconds: 60, one: 'minute', many: 'minutes' },
  { seconds: 1, one: 'second', many: 'seconds' },
] as const;

/** `At most 2 for one customer in 1 day`. */
export function limitWords({ quantity, window_seconds: window }: PurchaseLimit): string {
  const words = `At most ${count(quantity)} for one customer`;
  return window === null ? words : `${words} in ${windowWords(window)}`;
}

/** In the greatest unit of which it is a whole number. */
export function windowWords(seconds: number): string {
  const unit = units.find((one) => seconds % one.seconds === 0) ?? units[3];
  return plural(seconds / unit.seconds, unit.one, unit.many);
}
