/**
 * The order book in the journal: the machine knows where each order is, and a port reads the entry. Reads
 * wait until this replica has applied what they need (docs/PROTOCOL.md, R9).
 */
import {
  type CancellationPlaces,
  orderView,
  pageWithCancelled,
  readCancellation,
  readCancellationsOf,
} from './cancellation-book.js';
import { type MovementPlaces, readLedger } from './ledger-book.js';
import { type OrderPlaces, type ReadEntry, readOrder, readOrders } from './order-book.js';
import { findOrders } from './order-search.js';
import type { OrderStore } from './store.js';
import type { OrderBook } from './thread-handler.js';

export function journalBook(
  store: Pick<
    OrderStore,
    | 'caughtUp'
    | 'caughtUpTo'
    | 'caughtUpWithCancellations'
    | 'cancellationReached'
    | 'caughtUpWithMovements'
  >,
  places: OrderPlaces & CancellationPlaces & MovementPlaces,
  readEntry: ReadEntry,
): OrderBook {
  return {
    /** What was bought never changes: only "not found" needs the read position. */
    async sale(number) {
      await store.caughtUpTo(number);
      return (await readOrder(places, number, readEntry)) ?? null;
    },
    async order(number) {
      await store.caughtUpWithCancellations(number);
      const sale = await readOrder(places, number, readEntry);
      return sale ? orderView(places, sale, readEntry) : null;
    },
    async orders(after, limit) {
      await store.caughtUp();
      const sales = await readOrders(places, after, limit, readEntry);
      const last = sales.at(-1)?.[0];
      const more = last !== undefined && last < places.lastOrder;
      return pageWithCancelled(places, sales, more ? last : null, readEntry);
    },
    async find(params) {
      await store.caughtUp();
      const [sales, next] = await findOrders(places, params, readEntry);
      return pageWithCancelled(places, sales, next, readEntry);
    },
    /**
     * As `sale`: a cancellation never changes. The catalog has made this one; while a sale is safe only as
     * an order, no read position includes it before it is in the book.
     */
    async cancellation(number) {
      const known = await readCancellation(places, number, readEntry);
      if (known) return known;
      await store.caughtUp();
      await store.cancellationReached(number);
      return (await readCancellation(places, number, readEntry)) ?? null;
    },
    async cancellations(order, before, limit) {
      await store.caughtUpWithCancellations(order);
      if (order > places.lastOrder) return null;
      return readCancellationsOf(places, order, before, limit, readEntry);
    },
    async ledger(product, after, limit) {
      await store.caughtUpWithMovements();
      return readLedger(places, product, after, limit, readEntry);
    },
  };
}
