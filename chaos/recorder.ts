/**
 * Records the requests and answers of all customers by one monotonic clock: the history for the checker,
 * the purchases to compare with the books, and the time of each acknowledgement. Invariant: an operation
 * is added once, when it has ended.
 */
import { performance } from 'node:perf_hooks';
import type {
  Bought,
  Confirmation,
  History,
  Operation,
  OrderLine,
  OrderRead,
  Purchase,
  Seen,
} from '../src/checker/types.js';
import type { Answer, Order, Placed, Product, WireError } from '../test/e2e/raw-client.js';
import { TradeLedger } from './trade-ledger.js';

/** A purchase that was decided or given up, with the key to repeat it. */
export interface Decided {
  readonly purchase: Purchase;
  /** The params as sent. */
  readonly params: Readonly<Record<string, unknown>>;
  /** Absent: `buy`. */
  readonly method?: 'confirm_hold';
}

export class Recorder {
  readonly first: readonly Product[];
  readonly operations: Operation[] = [];
  /** By order number. */
  readonly sold = new Map<number, Decided>();
  readonly refused: Decided[] = [];
  /** Purchases with an unknown outcome; each may have been placed. */
  readonly unknown: Purchase[] = [];
  /** Times of acknowledgement, in order. */
  readonly soldAtMs: number[] = [];
  /** Contradictions, one sentence each. */
  readonly wrong: string[] = [];
  /** Units by product that changes have added, and those with an unknown outcome. */
  readonly added = new Map<number, { known: number; unknown: number }>();
  /** Attempts without an answer, each repeated under its key. */
  attemptsLost = 0;
  /** The whole order book was read, so all sales are known. */
  hasWholeBook = false;
  /** Holds, cancellations, adjustments and purchase limits. */
  readonly trades: TradeLedger;
  readonly #now: () => string;

  /** @param now names the current fault, for problems. */
  constructor(first: readonly Product[], now: () => string) {
    this.first = first;
    this.trades = new TradeLedger(first, (text) => this.problem(text));
    this.#now = now;
  }

  nowMs(): number {
    return performance.now();
  }

  add(operation: Operation): void {
    this.operations.push(operation);
  }

  decided(decided: Decided): void {
    const { purchase } = decided;
    this.add(purchase);
    const { result } = purchase;
    if (result === undefined) this.unknown.push(purchase);
    else if ('sold' in result) this.#sells(decided, result.sold);
    else this.refused.push(decided);
  }

  /** A confirmation that sold these lines. */
  confirmed(confirmation: Confirmation, sold: Decided): void {
    this.add(confirmation);
    const { result } = sold.purchase;
    if (result && 'sold' in result) this.#sells(sold, result.sold);
  }

  #sells(decided: Decided, number: number): void {
    const other = this.sold.get(number);
    if (other) this.problem(`order ${number} is of ${name(other)} and of ${name(decided)}`);
    this.sold.set(number, decided);
    this.soldAtMs.push(decided.purchase.returnedMs);
  }

  /** Records a page of the order book. */
  readPage(orders: readonly Order[], invokedMs: number): void {
    const asked = {
      process: 'the books',
      invokedMs,
      returnedMs: this.nowMs(),
      ending: 'ok',
    } as const;
    for (const order of orders) {
      this.add({ kind: 'order', number: order.number, ...asked, result: orderRead(order) });
    }
  }

  adds(id: number, units: number, isKnown: boolean): void {
    const sum = this.added.get(id) ?? { known: 0, unknown: 0 };
    sum[isKnown ? 'known' : 'unknown'] += units;
    this.added.set(id, sum);
  }

  problem(text: string): void {
    this.wrong.push(`${text} [${this.#now()}]`);
  }

  history(): History {
    return {
      first: this.first.map(seen),
      restockTo: null,
      bookFrom: this.hasWholeBook ? 1 : null,
      operations: this.operations,
    };
  }
}

export function seen({ id, version, quantity, price }: Product): Seen {
  return { id, version, quantity, priceCents: cents(price) };
}

export function orderRead({ lines, total }: Order): NonNullable<OrderRead['result']> {
  return { lines: lines.map(lineRead), totalCents: cents(total) };
}

export function lineRead({ id, quantity, price, cancelled }: Order['lines'][number]): OrderLine {
  return { id, quantity, priceCents: cents(price), ...(cancelled !== undefined && { cancelled }) };
}

/** Undefined if the answer shows no outcome. */
export function bought(answer: Answer<Placed> | undefined): Bought | undefined {
  if (!answer) return undefined;
  const { error, result } = answer;
  if (error) return refusedFor(error);
  return { sold: result.order_number, totalCents: cents(result.total) };
}

export function refusedFor(error: WireError) {
  if (error.code !== 'out_of_stock') return undefined;
  const { id, available } = error as WireError & { id: number };
  return { refused: id, ...(available !== undefined && { available }) };
}

export function cents(price: number): number {
  return Math.round(price * 100);
}

function name({ purchase: { key, process } }: Decided): string {
  return `${process}'s ${key ?? 'purchase without a key'}`;
}
