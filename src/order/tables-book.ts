/**
 * The order book in the tables that the catalog writes (docs/SQL-ENGINE.md). Invariant: an answer that
 * needs the position of the sales and cancellations comes from a snapshot that has all through this position;
 * what was bought or cancelled never changes, and is answered at once if a snapshot has it. Only the ledger
 * waits for movements of stock.
 */
import { type Clock, countdown, sleep } from '../base/clock.js';
import { BazarError } from '../base/errors.js';
import { purchaseLimits } from '../base/limits.js';
import { toCancellation, toMovement, toSale } from '../database/book-rows.js';
import type { FoundOrder, PostgresTables } from '../database/postgres-tables.js';
import type { FindOrdersParams, OrdersAnswer, OrderView } from '../wire/thread-requests.js';
import type { BookEnds } from './book-position.js';
import { viewOf } from './cancellation-book.js';
import type { OrderStore } from './store.js';
import { hasAll, lookEveryMs, nothing, type TablesPosition } from './tables-position.js';
import type { OrderBook } from './thread-handler.js';

export interface TablesBookOptions {
  readonly store: Pick<
    OrderStore,
    | 'caughtUp'
    | 'caughtUpTo'
    | 'caughtUpWithCancellations'
    | 'cancellationReached'
    | 'caughtUpWithMovements'
  >;
  readonly position: Pick<
    TablesPosition,
    'lastOrder' | 'lastCancellation' | 'lastMovement' | 'saw'
  >;
  readonly tables: Pick<PostgresTables, 'readOrder' | 'readCancellation'>;
  /** On another session, so that a long list delays no single order. */
  readonly lists: Pick<PostgresTables, 'readOrders' | 'readCancellations' | 'readLedger'>;
  readonly clock: Clock;
}

export function tablesBook(options: TablesBookOptions): OrderBook {
  const { store, position, tables, lists } = options;
  const list = async (params: FindOrdersParams): Promise<OrdersAnswer> => {
    await store.caughtUp();
    const answer = await readComplete(options, allSeen(position), () => lists.readOrders(params));
    return [answer.orders.map(viewIn), answer.next];
  };
  /** Null if there is no such order. */
  const found = async (number: number, lastCancellation: number): Promise<FoundOrder | null> => {
    if (number > position.lastOrder) return null;
    const needed = { ...nothing, lastOrder: number, lastCancellation };
    const { order } = await readComplete(options, needed, () => tables.readOrder(number));
    if (order) return order;
    throw new BazarError('internal', `the table orders has no row for order ${number}`);
  };
  return {
    async sale(number) {
      const known = await tables.readOrder(number);
      position.saw(known);
      if (known.order) return toSale(known.order);
      await store.caughtUpTo(number);
      const order = await found(number, 0);
      return order && toSale(order);
    },
    async order(number) {
      await store.caughtUpWithCancellations(number);
      const order = await found(number, position.lastCancellation);
      return order && viewIn(order);
    },
    orders: (after, limit) => list([0, after, null, limit, null, null, null, null]),
    find: list,
    /** The catalog has made this one. The read position also tells it that the tables are awaited. */
    async cancellation(number) {
      const known = await tables.readCancellation(number);
      position.saw(known);
      if (known.cancellation) return toCancellation(known.cancellation);
      await store.caughtUp();
      await store.cancellationReached(number);
      const needed = { ...nothing, lastCancellation: number };
      const { cancellation } = await readComplete(options, needed, () =>
        tables.readCancellation(number),
      );
      if (cancellation) return toCancellation(cancellation);
      const message = `the table cancellations has no row for cancellation ${number}`;
      throw new BazarError('internal', message);
    },
    async cancellations(order, before, limit) {
      await store.caughtUpWithCancellations(order);
      if (order > position.lastOrder) return null;
      const { cancellations, next } = await readComplete(options, allSeen(position), () =>
        lists.readCancellations(order, before, limit),
      );
      return [cancellations.map(toCancellation), next];
    },
    async ledger(product, after, limit) {
      await store.caughtUpWithMovements();
      const needed = { ...nothing, lastMovement: position.lastMovement };
      const { movements, next } = await readComplete(options, needed, () =>
        lists.readLedger(product, after, limit),
      );
      return [movements.map(toMovement), next];
    },
  };
}

function allSeen({ lastOrder, lastCancellation }: Omit<BookEnds, 'lastMovement'>): BookEnds {
  return { ...nothing, lastOrder, lastCancellation };
}

/** Reads until the snapshot has what is needed: after a failover the tables may first lack some. */
async function readComplete<Answer extends BookEnds>(
  { position, clock }: Pick<TablesBookOptions, 'position' | 'clock'>,
  needed: BookEnds,
  read: () => Promise<Answer>,
): Promise<Answer> {
  const left = countdown(clock, purchaseLimits.orderWaitMs);
  for (;;) {
    const answer = await read();
    position.saw(answer);
    if (hasAll(answer, needed)) return answer;
    if (left() <= 0) {
      const message = `${firstLacking(answer, needed)} is not in the tables of this database`;
      throw new BazarError('unavailable', message);
    }
    await sleep(clock, lookEveryMs);
  }
}

function firstLacking(ends: BookEnds, { lastOrder, lastCancellation, lastMovement }: BookEnds) {
  if (ends.lastOrder < lastOrder) return `order ${lastOrder}`;
  if (ends.lastCancellation < lastCancellation) return `cancellation ${lastCancellation}`;
  return `movement ${lastMovement}`;
}

function viewIn(order: FoundOrder): OrderView {
  const sale = toSale(order);
  return order.cancelled ? viewOf(sale, order.cancelled) : sale;
}
