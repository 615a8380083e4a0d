/**
 * How far the tables are with the orders, as far as this replica has seen. It looks often while an order is
 * awaited that it has not seen. Invariant: the position does not go back.
 */
import { type Clock, every, sleep, type Timer } from '../base/clock.js';
import { rulesVersion } from '../wire/internal.js';
import type { BookPosition } from './book-position.js';

/** The tables follow the catalog's log within 50 ms, and at once if the catalog knows of a read. */
export const lookEveryMs = 10;

/** How often it looks without anyone who waits. */
const refreshEveryMs = 1_000;

export interface TablesPositionOptions {
  readonly clock: Clock;
  readonly lastOrder: number;
  /** Number of the last order in the tables. */
  readonly readLastOrder: () => Promise<number>;
  /** The position has changed. */
  readonly advanced: () => void;
}

export class TablesPosition implements BookPosition {
  /** All services of a store over a database have these rules. */
  readonly rules = rulesVersion;
  /** The tables have no cancellations yet. */
  readonly lastCancellation = 0;
  /** Nor movements. */
  readonly lastMovement = 0;
  readonly #options: TablesPositionOptions;
  #lastOrder: number;
  #awaited = 0;
  #isLooking = false;
  #isStopped = false;
  #timer: Timer | undefined;

  constructor(options: TablesPositionOptions) {
    this.#options = options;
    this.#lastOrder = options.lastOrder;
  }

  get lastOrder(): number {
    return this.#lastOrder;
  }

  start(): void {
    this.#timer = every(this.#options.clock, refreshEveryMs, () => {
      if (!this.#isLooking) void this.#look();
    });
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  /** A snapshot of the tables has this last order. */
  saw(lastOrder: number): void {
    if (lastOrder <= this.#lastOrder) return;
    this.#lastOrder = lastOrder;
    this.#options.advanced();
  }

  /** Looks until the tables have this order. */
  seek(number: number): void {
    this.#awaited = Math.max(this.#awaited, number);
    if (!this.#isLooking && this.#awaited > this.#lastOrder) void this.#look();
  }

  async #look(): Promise<void> {
    const { clock, readLastOrder } = this.#options;
    this.#isLooking = true;
    for (;;) {
      // Without the database there is no news; those that wait have a deadline of their own.
      const lastOrder = await readLastOrder().catch(() => 0);
      if (this.#isStopped) return;
      this.saw(lastOrder);
      if (this.#awaited <= this.#lastOrder) break;
      await sleep(clock, lookEveryMs);
    }
    this.#isLooking = false;
  }
}
