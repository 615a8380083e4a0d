/**
 * Finds orders by number, time, product and key, from either end of the book. It reads the log
 * entry by entry, so one answer reads a bounded part of the book and returns the position at which
 * the next one continues. Uses no file. Invariant: following `next` visits every order of the range
 * once.
 */
import { assert } from '../base/assert.js';
import type { Sale } from '../wire/internal.js';
import type { FindOrdersParams } from '../wire/thread-requests.js';
import { type OrderPlaces, pickOrder, type ReadEntry, readSales } from './order-book.js';

/** Maxima of one answer. Reading an entry is a disk read, checking an order takes microseconds. */
const scannedEntriesMax = 256;
const scannedOrdersMax = 2_000;
/** Maximum of lines in all orders of an answer, so that it fits a frame. */
const answerLinesMax = 2_000;

export async function findOrders(
  places: OrderPlaces,
  params: FindOrdersParams,
  readEntry: ReadEntry,
): Promise<readonly [sales: readonly Sale[], next: number | null]> {
  const [descending, after, before, limit] = params;
  const first = after + 1;
  const last = Math.min(places.lastOrder, before === null ? Infinity : before - 1);
  const step = descending === 1 ? -1 : 1;
  const found: Sale[] = [];
  let sales: readonly Sale[] = [];
  let [seq, entries, lines] = [0, 0, 0];
  let number = step > 0 ? first : last;
  for (let scanned = 0; number >= first && number <= last; number += step) {
    const isFull = found.length === limit || lines >= answerLinesMax;
    if (isFull || scanned++ === scannedOrdersMax) return [found, number - step];
    const place = places.locate(number);
    assert(place, 'every order up to the last has a place');
    if (place.seq !== seq) {
      if (entries++ === scannedEntriesMax) return [found, number - step];
      seq = place.seq;
      sales = await readSales(seq, readEntry);
    }
    const sale = pickOrder(sales, place, number);
    if (!matches(sale, params)) continue;
    found.push(sale);
    lines += sale[2].length;
  }
  return [found, null];
}

function matches([, key, lines, , at]: Sale, params: FindOrdersParams): boolean {
  const [, , , , since, until, product, wantedKey] = params;
  if (since !== null && at < since) return false;
  if (until !== null && at >= until) return false;
  if (wantedKey !== null && Buffer.compare(key, wantedKey) !== 0) return false;
  return product === null || lines.some(([id, name]) => id === product || name === product);
}
