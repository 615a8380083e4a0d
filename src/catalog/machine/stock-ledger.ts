/**
 * Records each change of a product's stock as a movement, from rules 4 on (docs/STOCK.md, M1 to M6). The
 * movements of an entry are collected while it is applied, and then kept until they are in the order book.
 * Invariant: a movement is recorded in the call that changes the stock.
 */
import { purchaseLimits } from '../../base/limits.js';
import type { SalesMessage } from '../../wire/internal.js';
import type { Movement, MovementCause, MovementNote } from '../../wire/movement.js';
import { NumberedRuns, type ReadonlyRuns, type RunsPosition } from './numbered-runs.js';

/** Why stock changes, as its movement says. */
export interface Reason {
  readonly cause: MovementCause;
  /** As in a Movement; 0 if it is absent. */
  readonly source?: number;
  readonly note?: MovementNote;
}

/** A product after the change. */
interface Units {
  readonly id: number;
  readonly stock: number;
  readonly reserved: number;
}

export class StockLedger {
  readonly #runs = new NumberedRuns('movement');
  #isOn = false;
  #at = 0;
  #open: Movement[] = [];

  /** The movements that may not be in the order book yet. */
  get runs(): ReadonlyRuns & Pick<NumberedRuns, 'runs' | 'kept' | 'first'> {
    return this.#runs;
  }

  /** From now on movements are recorded. */
  start(): void {
    this.#isOn = true;
  }

  /** True if at least `max` movements are not known to be in the order book. */
  isFull(max: number): boolean {
    return this.#runs.last + this.#open.length - this.#runs.watermark >= max;
  }

  /** An entry begins. `at`: its wall time in milliseconds. */
  begin(at: number): void {
    this.#at = at;
  }

  /**
   * `delta`: change of the available units. `reservedDelta`: of the units in open holds. Records nothing
   * if both are 0.
   */
  record({ id, stock, reserved }: Units, delta: number, reservedDelta: number, why: Reason): void {
    if (!this.#isOn || (delta === 0 && reservedDelta === 0)) return;
    const { cause, source = 0, note } = why;
    const number = this.#runs.last + this.#open.length + 1;
    const movement = [number, id, cause, source, delta, reservedDelta, stock, reserved] as const;
    this.#open.push(note ? [...movement, this.#at, note] : [...movement, this.#at]);
  }

  /** The entry ends: its movements are kept, in runs that fit a message. */
  end(): void {
    const all = this.#open;
    if (all.length === 0) return;
    this.#open = [];
    for (let from = 0; from < all.length; from += purchaseLimits.salesBatch) {
      this.#runs.add(all.slice(from, from + purchaseLimits.salesBatch));
    }
  }

  /** Movements through this number are in the order book. */
  advance(number: number): void {
    this.#runs.advance(number);
  }

  load(position: RunsPosition, runs: readonly SalesMessage[]): void {
    this.#runs.load(position, runs);
  }

  invariants(): void {
    this.#runs.invariants();
  }
}
