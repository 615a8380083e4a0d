/**
 * The last order, cancellation and movement that this replica has seen in the tables. It looks often while a
 * later one is awaited. Invariant: the position does not go back.
 */
import { type Clock, every, sleep, type Timer } from '../base/clock.js';
import { rulesVersion } from '../wire/internal.js';
import type { BookEnds, BookPosition } from './book-position.js';

/** The tables follow the catalog's log within 50 ms, and at once if the catalog knows of a read. */
export const lookEveryMs = 10;

/** How often it looks without anyone who waits. */
const refreshEveryMs = 1_000;

export interface TablesPositionOptions {
  readonly clock: Clock;
  readonly ends: BookEnds;
  /** How far the tables are. */
  readonly readEnds: () => Promise<BookEnds>;
  /** The position has changed. */
  readonly advanced: () => void;
}

/** Where an empty book ends. */
export const nothing: BookEnds = { lastOrder: 0, lastCancellation: 0, lastMovement: 0 };

export class TablesPosition implements BookPosition {
  /** All services of a store over a database have these rules. */
  readonly rules = rulesVersion;
  readonly #options: TablesPositionOptions;
  #ends: BookEnds;
  #awaited = nothing;
  #isLooking = false;
  #isStopped = false;
  #timer: Timer | undefined;

  constructor(options: TablesPositionOptions) {
    this.#options = options;
    this.#ends = options.ends;
  }

  get lastOrder(): number {
    return this.#ends.lastOrder;
  }

  get lastCancellation(): number {
    return this.#ends.lastCancellation;
  }

  get lastMovement(): number {
    return this.#ends.lastMovement;
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

  /** A snapshot of the tables has these. */
  saw(ends: BookEnds): void {
    if (hasAll(this.#ends, ends)) return;
    this.#ends = furthest(this.#ends, ends);
    this.#options.advanced();
  }

  /** Looks until the tables have these. */
  seek(wanted: Partial<BookEnds>): void {
    this.#awaited = furthest(this.#awaited, { ...nothing, ...wanted });
    if (!this.#isLooking && !hasAll(this.#ends, this.#awaited)) void this.#look();
  }

  async #look(): Promise<void> {
    const { clock, readEnds } = this.#options;
    this.#isLooking = true;
    for (;;) {
      // Without the database there is no news; those that wait have a deadline of their own.
      const ends = await readEnds().catch(() => nothing);
      if (this.#isStopped) return;
      this.saw(ends);
      if (hasAll(this.#ends, this.#awaited)) break;
      await sleep(clock, lookEveryMs);
    }
    this.#isLooking = false;
  }
}

/** The first one is as far as the second, or further. */
export function hasAll(ends: BookEnds, wanted: BookEnds): boolean {
  const { lastOrder, lastCancellation, lastMovement } = wanted;
  const hasBook = ends.lastOrder >= lastOrder && ends.lastCancellation >= lastCancellation;
  return hasBook && ends.lastMovement >= lastMovement;
}

function furthest(one: BookEnds, other: BookEnds): BookEnds {
  return {
    lastOrder: Math.max(one.lastOrder, other.lastOrder),
    lastCancellation: Math.max(one.lastCancellation, other.lastCancellation),
    lastMovement: Math.max(one.lastMovement, other.lastMovement),
  };
}
