/**
 * Reads cancellations from the log, as order-book.ts reads orders: the machine knows the newest one of each
 * order, each record names the one before it and all that is cancelled so far. Uses no file.
 */
import { assert } from '../base/assert.js';
import { cancelLimits } from '../base/limits.js';
import { decode } from '../wire/codec.js';
import type { OrderCommand, Sale } from '../wire/internal.js';
import type { CancellationsAnswer, OrdersAnswer, OrderView } from '../wire/thread-requests.js';
import type { Cancellation } from '../wire/trade.js';
import { type ReadEntry, readBookEntry } from './order-book.js';
import type { OrderPlace } from './order-index.js';

export interface CancellationPlaces {
  readonly lastCancellation: number;
  newestCancellationOf(order: number): number | undefined;
  locateCancellation(number: number): OrderPlace | undefined;
}

/** Reads for one answer. Cancellations that were made together lie in one entry, which is decoded once. */
class CancellationReader {
  readonly #places: CancellationPlaces;
  readonly #readEntry: ReadEntry;
  /** Entries that were read. */
  entries = 0;
  #seq = 0;
  #run: readonly Cancellation[] = [];

  constructor(places: CancellationPlaces, readEntry: ReadEntry) {
    this.#places = places;
    this.#readEntry = readEntry;
  }

  /** Undefined if there is no cancellation with this number. */
  async read(number: number): Promise<Cancellation | undefined> {
    const place = this.#places.locateCancellation(number);
    if (!place) return undefined;
    if (place.seq !== this.#seq) {
      const entry = await readBookEntry(place.seq, this.#readEntry);
      const command = decode(entry.command) as OrderCommand;
      assert(command[0] === 'cancellations', `entry ${place.seq} holds cancellations`);
      this.#run = decode(command[3]) as readonly Cancellation[];
      this.#seq = place.seq;
      this.entries++;
    }
    const found = this.#run[place.offset];
    assert(found?.[0] === number, `cancellation ${number} lies where the index says`);
    return found;
  }
}

/** Undefined if there is no cancellation with this number. */
export function readCancellation(
  places: CancellationPlaces,
  number: number,
  readEntry: ReadEntry,
): Promise<Cancellation | undefined> {
  return new CancellationReader(places, readEntry).read(number);
}

/** The cancellations of an order below `before`, newest first, at most `limit`. */
export async function readCancellationsOf(
  places: CancellationPlaces,
  order: number,
  before: number | null,
  limit: number,
  readEntry: ReadEntry,
): Promise<CancellationsAnswer> {
  const reader = new CancellationReader(places, readEntry);
  const found: Cancellation[] = [];
  let lines = 0;
  let next = places.newestCancellationOf(order) ?? 0;
  while (next > 0) {
    const isFull = found.length === limit || lines >= cancelLimits.answerLinesMax;
    if (isFull) return [found, found.at(-1)?.[0] ?? null];
    const one = await reader.read(next);
    assert(one?.[2] === order, 'the cancellations of an order are a chain');
    next = one[8];
    if (before !== null && one[0] >= before) continue;
    found.push(one);
    lines += one[3].length;
  }
  return [found, null];
}

/** The order with what is cancelled of it. */
export async function orderView(
  places: CancellationPlaces,
  sale: Sale,
  readEntry: ReadEntry,
): Promise<OrderView> {
  return readView(new CancellationReader(places, readEntry), places, sale);
}

/**
 * As `orderView`, of a page of orders. Reading an entry is a disk read, so the page ends early after many:
 * it then continues at its last order. `next`: of the whole page.
 */
export async function pageWithCancelled(
  places: CancellationPlaces,
  sales: readonly Sale[],
  next: number | null,
  readEntry: ReadEntry,
): Promise<OrdersAnswer> {
  const reader = new CancellationReader(places, readEntry);
  const views: OrderView[] = [];
  for (const sale of sales) {
    const isFull = reader.entries >= cancelLimits.listEntriesMax;
    if (isFull && places.newestCancellationOf(sale[0]) !== undefined) {
      return [views, views.at(-1)?.[0] ?? null];
    }
    views.push(await readView(reader, places, sale));
  }
  return [views, next];
}

async function readView(
  reader: CancellationReader,
  places: CancellationPlaces,
  sale: Sale,
): Promise<OrderView> {
  const newest = places.newestCancellationOf(sale[0]);
  const cancellation = newest === undefined ? undefined : await reader.read(newest);
  return cancellation ? viewOf(sale, cancellation[9]) : sale;
}

/** An order of which something is cancelled. */
export function viewOf(sale: Sale, cancelled: readonly number[]): OrderView {
  const [number, key, lines, totalCents, at, customer = null] = sale;
  return [number, key, lines, totalCents, at, customer, cancelled];
}
