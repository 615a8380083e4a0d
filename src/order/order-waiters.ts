/**
 * Callers that wait until an order, a cancellation or a movement is applied at this replica, by its number.
 * Invariant: every caller is called back once, unless it is removed.
 */
import type { Clock, Timer } from '../base/clock.js';
import { BazarError } from '../base/errors.js';
import { purchaseLimits } from '../base/limits.js';
import { NumberMap } from '../base/number-map.js';

/** Called without an error when the order is applied here. */
export type OrderWaiter = (error?: BazarError) => void;

export class OrderWaiters {
  readonly #clock: Clock;
  readonly #noun: 'order' | 'cancellation' | 'movement';
  readonly #waiters = new NumberMap<Set<OrderWaiter>>();
  /** All orders through this number are applied here, and their waiters called. */
  #reached: number;
  #reads = 0;

  constructor(clock: Clock, last: number, noun: 'order' | 'cancellation' | 'movement' = 'order') {
    this.#clock = clock;
    this.#noun = noun;
    this.#reached = last;
  }

  get reached(): number {
    return this.#reached;
  }

  /** Waits without a limit of time. Returns a function that removes the waiter. */
  add(number: number, waiter: OrderWaiter): () => void {
    const others = this.#waiters.get(number);
    if (others) others.add(waiter);
    else this.#waiters.set(number, new Set([waiter]));
    return () => this.#remove(number, waiter);
  }

  /**
   * Resolves when the order is applied here. Rejects with `unavailable` after `timeoutMs`, and with
   * `overloaded` if too many reads wait.
   */
  wait(number: number, timeoutMs: number): Promise<void> {
    if (number <= this.#reached) return Promise.resolve();
    if (this.#reads >= purchaseLimits.waitingMax) {
      return Promise.reject(new BazarError('overloaded', 'too many reads wait for orders'));
    }
    this.#reads++;
    return new Promise((resolve, reject) => {
      const waiter: OrderWaiter = (error) => {
        this.#reads--;
        timer.cancel();
        if (error) reject(error);
        else resolve();
      };
      const remove = this.add(number, waiter);
      const timer: Timer = this.#clock.after(timeoutMs, () => {
        remove();
        const state = this.#noun === 'order' ? 'sold' : 'made';
        const message = `${this.#noun} ${number} is ${state} and not yet in the book of this replica`;
        waiter(new BazarError('unavailable', message));
      });
    });
  }

  /** All orders through this number are applied here. */
  advance(lastOrder: number): void {
    if (this.#waiters.size === 0) {
      this.#reached = lastOrder;
      return;
    }
    if (lastOrder - this.#reached > this.#waiters.size) {
      // A book that is read seldom advances by many orders at once.
      this.#reached = lastOrder;
      for (const number of this.#waiters.keys()) if (number <= lastOrder) this.#call(number);
      return;
    }
    while (this.#reached < lastOrder) {
      this.#reached++;
      this.#call(this.#reached);
    }
  }

  /** Ends all waits, because this replica no longer leads. */
  fail(error: BazarError): void {
    const waiters = this.#waiters.values().flatMap((some) => [...some]);
    this.#waiters.clear();
    for (const waiter of waiters) waiter(error);
  }

  #call(number: number): void {
    const waiters = this.#waiters.get(number);
    if (!waiters) return;
    this.#waiters.delete(number);
    for (const waiter of waiters) waiter();
  }

  #remove(number: number, waiter: OrderWaiter): void {
    const waiters = this.#waiters.get(number);
    waiters?.delete(waiter);
    if (waiters?.size === 0) this.#waiters.delete(number);
  }
}
