/**
 * Handles the calls of the order service's session threads on the owner, a whole turn at once. The
 * purchases of a turn go to the store together. Orders are read from the book. Threads check the
 * shapes; field positions are defined in wire/internal.ts.
 */
import { BazarError, toBazarError } from '../base/errors.js';
import { cancelLimits } from '../base/limits.js';
import type { OwnerCall } from '../pool/types.js';
import type { BuyParams, Purchase, Sale } from '../wire/internal.js';
import type { LedgerAnswer, LedgerParams } from '../wire/movement.js';
import type {
  CancellationParams,
  CancellationsAnswer,
  CancellationsParams,
  FindOrdersParams,
  OrderParams,
  OrdersAnswer,
  OrdersParams,
  OrderView,
} from '../wire/thread-requests.js';
import type { Cancellation, CancelRequest, TradeRequest } from '../wire/trade.js';
import { isCancelRequest } from '../wire/trade-check.js';
import type { Buy, OrderStore } from './store.js';

/**
 * Reads of the order book. An answer has every order, cancellation or movement that any customer may know of
 * (docs/PROTOCOL.md, R9); without a read position it rejects with `unavailable`.
 */
export interface OrderBook {
  /** As it was bought, whatever is cancelled of it. Null if there is no such order. */
  sale(number: number): Promise<Sale | null>;
  /** Null if there is no such order. */
  order(number: number): Promise<OrderView | null>;
  /** Orders after `after`, oldest first, at most `limit`. */
  orders(after: number, limit: number): Promise<OrdersAnswer>;
  find(params: FindOrdersParams): Promise<OrdersAnswer>;
  /** Null if there is no such cancellation. */
  cancellation(number: number): Promise<Cancellation | null>;
  /** Null if there is no such order. */
  cancellations(
    order: number,
    before: number | null,
    limit: number,
  ): Promise<CancellationsAnswer | null>;
  /** The movements of a product with numbers above `after`, oldest first, at most `limit`. */
  ledger(product: number, after: number, limit: number): Promise<LedgerAnswer>;
}

export class ThreadHandler {
  readonly #store: OrderStore;
  readonly #book: OrderBook;
  /** Cancellations whose order is being read. */
  #cancelling = 0;

  constructor(store: OrderStore, book: OrderBook) {
    this.#store = store;
    this.#book = book;
  }

  calls(calls: readonly OwnerCall[]): void {
    const buys: Buy[] = [];
    // Known at the arrival of this attempt, however long it waits in the store (docs/PROTOCOL.md, 5).
    const { logTime } = this.#store;
    for (const call of calls) {
      const { operation, args, header, reply } = call;
      if (operation === 'buy') {
        buys.push({ purchase: toPurchase(args as BuyParams, logTime), header, reply });
      } else if (operation === 'trade') {
        const purchase = seenBy(args as TradeRequest, logTime);
        if (!isCancelRequest(purchase)) buys.push({ purchase, header, reply });
        else this.#cancel(purchase, call);
      } else {
        this.#read(operation, args).then((answer) => reply(undefined, answer), failWith(reply));
      }
    }
    if (buys.length > 0) this.#store.buy(buys);
  }

  /** The catalog knows no orders: the book says what this one has, which never changes. */
  #cancel(request: CancelRequest, call: OwnerCall): void {
    const [name, key, order, lines, restock, reason] = request;
    if (this.#cancelling >= cancelLimits.readingMax) {
      call.reply(new BazarError('overloaded', 'too many cancellations are under way'));
      return;
    }
    this.#cancelling++;
    this.#store
      .mayCancel()
      .then(() => this.#book.sale(order))
      .finally(() => {
        this.#cancelling--;
      })
      .then((sale) => {
        if (!sale) throw new BazarError('not_found', 'order not found');
        const [, , bought, , , customer = null] = sale;
        const purchase = [name, key, order, bought, customer, lines, restock, reason] as const;
        this.#store.buy([{ purchase, header: call.header, reply: call.reply }]);
      })
      .catch(failWith(call.reply));
  }

  #read(operation: string, args: unknown): Promise<unknown> {
    switch (operation) {
      case 'order':
        return this.#book.order(...(args as OrderParams));
      case 'orders':
        return this.#book.orders(...(args as OrdersParams));
      case 'find_orders':
        return this.#book.find(args as FindOrdersParams);
      case 'cancellation':
        return this.#book.cancellation(...(args as CancellationParams));
      case 'cancellations':
        return this.#book.cancellations(...(args as CancellationsParams));
      case 'ledger':
        return this.#book.ledger(...(args as LedgerParams));
      default:
        return Promise.reject(new BazarError('unknown_method', `unknown method "${operation}"`));
    }
  }
}

function failWith(reply: OwnerCall['reply']): (error: unknown) => void {
  return (error) => reply(toBazarError(error));
}

/** As `toPurchase`: the seen time is never later than `logTime`. */
function seenBy([name, key, ...fields]: TradeRequest, logTime: number): TradeRequest {
  const [digest, kind, requestHash, seenTime] = key;
  const seen = [digest, kind, requestHash, Math.min(seenTime, logTime)];
  return [name, seen, ...fields] as unknown as TradeRequest;
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
