/**
 * The order book in the tables that the catalog writes (docs/SQL-ENGINE.md). Invariant: an answer that
 * needs the position of the sales comes from a snapshot that has all orders through this position; an
 * order that a snapshot has is answered at once.
 */
import { type Clock, countdown, sleep } from '../base/clock.js';
import { BazarError } from '../base/errors.js';
import { purchaseLimits } from '../base/limits.js';
import type { PostgresTables } from '../database/postgres-tables.js';
import type { OrderRow } from '../database/rows.js';
import type { Sale } from '../wire/internal.js';
import type { FindOrdersParams, OrdersAnswer } from '../wire/thread-requests.js';
import type { OrderStore } from './store.js';
import { lookEveryMs, type TablesPosition } from './tables-position.js';
import type { OrderBook } from './thread-handler.js';

export interface TablesBookOptions {
  readonly store: Pick<OrderStore, 'caughtUp' | 'caughtUpTo'>;
  readonly position: Pick<TablesPosition, 'lastOrder' | 'saw'>;
  readonly tables: Pick<PostgresTables, 'readOrder'>;
  /** On another session, so that a long list delays no single order. */
  readonly lists: Pick<PostgresTables, 'readOrders'>;
  readonly clock: Clock;
}

export function tablesBook(options: TablesBookOptions): OrderBook {
  const { store, position, tables, lists } = options;
  const list = async (params: FindOrdersParams): Promise<OrdersAnswer> => {
    await store.caughtUp();
    const { orders, next } = await readComplete(options, position.lastOrder, () =>
      lists.readOrders(params),
    );
    return [orders.map(toSale), next];
  };
  return {
    async order(number) {
      const { order: known, lastOrder } = await tables.readOrder(number);
      position.saw(lastOrder);
      if (known) return toSale(known);
      await store.caughtUpTo(number);
      if (number > position.lastOrder) return null;
      const { order } = await readComplete(options, number, () => tables.readOrder(number));
      if (order) return toSale(order);
      throw new BazarError('internal', `the table orders has no row for order ${number}`);
    },
    orders: (after, limit) => list([0, after, null, limit, null, null, null, null]),
    find: list,
    sale: noCancellations,
    cancellation: noCancellations,
    cancellations: noCancellations,
    ledger: noLedger,
  };
}

/** Not `unavailable`, which clients repeat. */
async function noCancellations(): Promise<never> {
  throw new BazarError('conflict', 'a store over a database cannot cancel orders yet');
}

async function noLedger(): Promise<never> {
  throw new BazarError('conflict', 'a store over a database has no ledger yet');
}

/** Reads until the snapshot has the needed order: after a failover the tables may first lack some. */
async function readComplete<Answer extends { readonly lastOrder: number }>(
  { position, clock }: Pick<TablesBookOptions, 'position' | 'clock'>,
  needed: number,
  read: () => Promise<Answer>,
): Promise<Answer> {
  const left = countdown(clock, purchaseLimits.orderWaitMs);
  for (;;) {
    const answer = await read();
    position.saw(answer.lastOrder);
    if (answer.lastOrder >= needed) return answer;
    if (left() <= 0) {
      throw new BazarError('unavailable', `order ${needed} is not in the tables of this database`);
    }
    await sleep(clock, lookEveryMs);
  }
}

function toSale({ number, key, lines, totalCents, at }: OrderRow): Sale {
  const sold = lines.map(({ productId, name, quantity, priceCents }) => {
    return [productId, name, quantity, priceCents] as const;
  });
  return [number, key, sold, totalCents, at];
}
