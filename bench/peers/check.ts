/** Compares the state of a system after the load with the accepted purchases. Pure. */
import type { Books } from './peer.js';

const shownMax = 5;

/**
 * Returns one sentence for each fault. `start` and `sold` are units by item; every purchase takes one
 * unit.
 */
export function faultsOf(
  books: Books,
  start: readonly number[],
  sold: ArrayLike<number>,
): readonly string[] {
  const faults = [...books.problems];
  const accepted = Array.from(sold).reduce((sum, units) => sum + units, 0);
  if (books.orders !== accepted) {
    faults.push(`${books.orders} orders for ${accepted} accepted purchases`);
  }
  if (books.lastOrder !== accepted) {
    faults.push(`the last order is ${books.lastOrder} after ${accepted} accepted purchases`);
  }
  const wrong = start.flatMap((units, item) => {
    const left = books.stock[item];
    const expected = units - (sold[item] ?? 0);
    return left === expected && expected >= 0
      ? []
      : [`item ${item}: ${left} units instead of ${expected}`];
  });
  faults.push(...wrong.slice(0, shownMax));
  if (wrong.length > shownMax) faults.push(`${wrong.length - shownMax} more items are wrong`);
  return faults;
}
