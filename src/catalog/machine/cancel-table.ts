/**
 * What is cancelled of each order that has cancellations (docs/STOCK.md, C2 and C6). Nothing is ever
 * dropped, because an order can be cancelled at any time. Does not depend on products or keys. Invariant:
 * the orders and their lines are counted, and never more than their maxima.
 */
import { assert } from '../../base/assert.js';
import { cancelLimits } from '../../base/limits.js';
import { type Mixer, UnorderedSum } from './unordered-sum.js';

export interface CancelledOrder {
  readonly order: number;
  /** Number of its newest cancellation. */
  readonly last: number;
  /** Number of its cancellations. */
  readonly count: number;
  /** Id and cancelled units of each product that has some, in one flat list. */
  readonly units: readonly number[];
}

export class CancelTable {
  readonly #orders = new Map<number, CancelledOrder>();
  readonly #sum = new UnorderedSum<CancelledOrder>(mixOrder);
  #lines = 0;

  /** Number of orders with cancellations. */
  get size(): number {
    return this.#orders.size;
  }

  find(order: number): CancelledOrder | undefined {
    return this.#orders.get(order);
  }

  /** True if there is no room for a cancellation of this order that names so many more products. */
  isFull(order: number, lines: number): boolean {
    const known = this.#orders.get(order);
    const { cancelledOrdersMax, cancelledLinesMax, perOrderMax } = cancelLimits;
    if (this.#lines + lines > cancelledLinesMax) return true;
    return known ? known.count >= perOrderMax : this.size >= cancelledOrdersMax;
  }

  /** Stores what is cancelled of an order now. */
  put(cancelled: CancelledOrder): void {
    const before = this.#orders.get(cancelled.order);
    if (before) {
      this.#sum.remove(before);
      this.#lines -= before.units.length / 2;
    }
    this.#orders.set(cancelled.order, cancelled);
    this.#sum.add(cancelled);
    this.#lines += cancelled.units.length / 2;
  }

  all(): Iterable<CancelledOrder> {
    return this.#orders.values();
  }

  get sum(): string {
    return this.#sum.text();
  }

  invariants(): void {
    const counted = new UnorderedSum<CancelledOrder>(mixOrder);
    let lines = 0;
    for (const cancelled of this.all()) {
      const { units, count, last } = cancelled;
      assert(count > 0 && last >= count && units.length > 0, 'a cancelled order has cancellations');
      assert(
        units.every((units) => units > 0),
        'something is cancelled of each product',
      );
      counted.add(cancelled);
      lines += units.length / 2;
    }
    assert(lines === this.#lines && lines <= cancelLimits.cancelledLinesMax, 'lines are counted');
    assert(this.size <= cancelLimits.cancelledOrdersMax, 'cancelled orders are bounded');
    assert(counted.text() === this.#sum.text(), 'the sum is that of the orders');
  }
}

function mixOrder(into: Mixer, { order, last, count, units }: CancelledOrder): void {
  into.number(order);
  into.number(last);
  into.number(count);
  for (const value of units) into.number(value);
}
