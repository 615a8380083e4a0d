/**
 * Reads orders from the log: the machine knows the position of each, a port reads the entry. An
 * order never changes, so every replica that has applied it may read it. Uses no file.
 */
import { assert } from '../base/assert.js';
import { BazarError } from '../base/errors.js';
import type { Entry } from '../consensus/types.js';
import { decode } from '../wire/codec.js';
import type { OrderCommand, Sale } from '../wire/internal.js';
import type { OrderPlace } from './order-index.js';

/** Reads one entry of the own log; undefined if it is no longer there. */
export type ReadEntry = (seq: number) => Promise<Entry | undefined>;

export interface OrderPlaces {
  readonly lastOrder: number;
  locate(number: number): OrderPlace | undefined;
}

/** Undefined if there is no order with this number. */
export async function readOrder(
  places: OrderPlaces,
  number: number,
  readEntry: ReadEntry,
): Promise<Sale | undefined> {
  const place = places.locate(number);
  if (!place) return undefined;
  return pickOrder(await readSales(place.seq, readEntry), place, number);
}

/** Orders after `after`, oldest first, at most `limit`. Reads each entry once. */
export async function readOrders(
  places: OrderPlaces,
  after: number,
  limit: number,
  readEntry: ReadEntry,
): Promise<Sale[]> {
  const orders: Sale[] = [];
  let seq = 0;
  let sales: readonly Sale[] = [];
  const last = Math.min(places.lastOrder, after + limit);
  for (let number = after + 1; number <= last; number++) {
    const place = places.locate(number);
    assert(place, 'every order up to the last has a place');
    if (place.seq !== seq) {
      seq = place.seq;
      sales = await readSales(seq, readEntry);
    }
    orders.push(pickOrder(sales, place, number));
  }
  return orders;
}

/** All sales of one entry, including those that were orders already. */
export async function readSales(seq: number, readEntry: ReadEntry): Promise<readonly Sale[]> {
  const entry = await readBookEntry(seq, readEntry);
  const command = decode(entry.command) as OrderCommand;
  assert(command[0] === 'orders', `entry ${seq} holds orders`);
  return decode(command[3]) as readonly Sale[];
}

export async function readBookEntry(seq: number, readEntry: ReadEntry): Promise<Entry> {
  const entry = await readEntry(seq).catch((cause: unknown) => {
    // This replica fails; the others have the order as well.
    throw new BazarError('unavailable', 'this replica cannot read its book', { cause });
  });
  assert(entry, `the journal holds every order's entry, and so entry ${seq}`);
  return entry;
}

export function pickOrder(sales: readonly Sale[], place: OrderPlace, number: number): Sale {
  const sale = sales[place.offset];
  assert(sale?.[0] === number, `order ${number} lies where the index says`);
  return sale;
}
