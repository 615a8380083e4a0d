/**
 * The order book in the journal: the machine knows where each order is, and a port reads the entry. Reads
 * wait until this replica has applied what they need (docs/PROTOCOL.md, R9).
 */
import type { Sale } from '../wire/internal.js';
import type { OrdersAnswer } from '../wire/thread-requests.js';
import { type OrderPlaces, type ReadEntry, readOrder, readOrders } from './order-book.js';
import { findOrders } from './order-search.js';
import type { OrderStore } from './store.js';
import type { OrderBook } from './thread-handler.js';

export function journalBook(
  store: Pick<OrderStore, 'caughtUp' | 'caughtUpTo'>,
  places: OrderPlaces,
  readEntry: ReadEntry,
): OrderBook {
  return {
    /** An order never changes: only "not found" needs the read position. */
    async order(number): Promise<Sale | null> {
      await store.caughtUpTo(number);
      if (number > places.lastOrder) return null;
      return (await readOrder(places, number, readEntry)) ?? null;
    },
    async orders(after, limit): Promise<OrdersAnswer> {
      await store.caughtUp();
      const sales = await readOrders(places, after, limit, readEntry);
      const last = sales.at(-1)?.[0];
      const more = last !== undefined && last < places.lastOrder;
      return [sales, more ? last : null];
    },
    async find(params): Promise<OrdersAnswer> {
      await store.caughtUp();
      return findOrders(places, params, readEntry);
    },
  };
}
