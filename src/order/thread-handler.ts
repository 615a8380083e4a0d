/**
 * Handles the calls of the order service's session threads on the owner, a whole turn at once. The
 * purchases of a turn go to the store together. Orders are read from the journal. Threads check the
 * shapes; field positions are defined in wire/internal.ts.
 */
import { BazarError, toBazarError } from '../base/errors.js';
import type { OwnerCall } from '../pool/types.js';
import type { BuyParams, Purchase, Sale } from '../wire/internal.js';
import type {
  FindOrdersParams,
  OrderParams,
  OrdersAnswer,
  OrdersParams,
} from '../wire/thread-requests.js';
import { type ReadEntry, readOrder, readOrders } from './order-book.js';
import { findOrders } from './order-search.js';
import type { Buy, OrderStore } from './store.js';

export class ThreadHandler {
  readonly #store: OrderStore;
  readonly #readEntry: ReadEntry;

  constructor(store: OrderStore, readEntry: ReadEntry) {
    this.#store = store;
    this.#readEntry = readEntry;
  }

  calls(calls: readonly OwnerCall[]): void {
    const buys: Buy[] = [];
    // Known at the arrival of this attempt, however long it waits in the store (docs/PROTOCOL.md, 5).
    const { logTime } = this.#store;
    for (const { operation, args, header, reply } of calls) {
      if (operation === 'buy') {
        buys.push({ purchase: toPurchase(args as BuyParams, logTime), header, reply });
      } else {
        this.#read(operation, args).then((answer) => reply(undefined, answer), failWith(reply));
      }
    }
    if (buys.length > 0) this.#store.buy(buys);
  }

  #read(operation: string, args: unknown): Promise<unknown> {
    switch (operation) {
      case 'order':
        return this.#order(args as OrderParams);
      case 'orders':
        return this.#orders(args as OrdersParams);
      case 'find_orders':
        return this.#find(args as FindOrdersParams);
      default:
        return Promise.reject(new BazarError('unknown_method', `unknown method "${operation}"`));
    }
  }

  /** An order never changes: only "not found" needs the read position (docs/PROTOCOL.md, R9). */
  async #order([number]: OrderParams): Promise<Sale | null> {
    await this.#store.caughtUpTo(number);
    if (number > this.#store.machine.lastOrder) return null;
    return (await readOrder(this.#store.machine, number, this.#readEntry)) ?? null;
  }

  async #orders([after, limit]: OrdersParams): Promise<OrdersAnswer> {
    await this.#store.caughtUp();
    const sales = await readOrders(this.#store.machine, after, limit, this.#readEntry);
    const last = sales.at(-1)?.[0];
    const more = last !== undefined && last < this.#store.machine.lastOrder;
    return [sales, more ? last : null];
  }

  async #find(params: FindOrdersParams): Promise<OrdersAnswer> {
    await this.#store.caughtUp();
    return findOrders(this.#store.machine, params, this.#readEntry);
  }
}

function failWith(reply: OwnerCall['reply']): (error: unknown) => void {
  return (error) => reply(toBazarError(error));
}

/**
 * The purchase that goes to the log. Its seen time is that of the first attempt, or of this attempt
 * where the frontend does not send one (A34); it is never later than `logTime`.
 */
export function toPurchase(params: BuyParams, logTime: number): Purchase {
  const [key, kind, requestHash, lines, seenTime = logTime, oldKey] = params;
  const purchase = [key, kind, requestHash, lines, Math.min(seenTime, logTime)] as const;
  return oldKey === undefined ? purchase : [...purchase, oldKey];
}
