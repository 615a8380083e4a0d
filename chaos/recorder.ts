/**
 * Records the requests and answers of all customers by one monotonic clock: the history for the checker,
 * the purchases to compare with the books, and the time of each acknowledgement. Invariant: an operation
 * is added once, when it has ended.
 */
import { performance } from 'node:perf_hooks';
import type {
  History,
  Operation,
  OrderLine,
  OrderRead,
  Purchase,
  Seen,
} from '../src/checker/types.js';
import type { Order, Product } from '../test/e2e/raw-client.js';

/** A purchase that was decided or given up, with the key to repeat it. */
export interface Decided {
  readonly purchase: Purchase;
  /** The params as sent. */
  readonly params: Readonly<Record<string, unknown>>;
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
  readonly #now: () => string;

  /** @param now names the current fault, for problems. */
  constructor(first: readonly Product[], now: () => string) {
    this.first = first;
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
    if (result === undefined) {
      this.unknown.push(purchase);
    } else if ('sold' in result) {
      const other = this.sold.get(result.sold);
      if (other) this.problem(`order ${result.sold} is of ${name(other)} and of ${name(decided)}`);
      this.sold.set(result.sold, decided);
      this.soldAtMs.push(purchase.returnedMs);
    } else {
      this.refused.push(decided);
    }
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
  const read = ({ id, quantity, price }: Order['lines'][number]): OrderLine => ({
    ...{ id, quantity, priceCents: cents(price) },
  });
  return { lines: lines.map(read), totalCents: cents(total) };
}

export function cents(price: number): number {
  return Math.round(price * 100);
}

function name({ purchase: { key, process } }: Decided): string {
  return `${process}'s ${key ?? 'purchase without a key'}`;
}
