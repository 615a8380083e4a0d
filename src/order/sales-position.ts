/**
 * Asks the catalog for the number of its last sale, at a read position that is confirmed after the
 * question (docs/PROTOCOL.md, R9). All questions of a turn share one message. Invariant: an answer
 * never comes from a message that was sent before the question.
 */
import type { Clock } from '../base/clock.js';

export interface SalesPositionOptions {
  readonly clock: Clock;
  /**
   * The last sale that any customer may know of, or a later one; the caller waits for those from
   * `wanted` on. Rejects with a BazarError.
   */
  readonly lastSale: (wanted: number) => Promise<number>;
}

export class SalesPosition {
  readonly #options: SalesPositionOptions;
  #next: Promise<number> | undefined;
  /** The lowest number that a question of this turn waits for. */
  #wanted = Number.POSITIVE_INFINITY;

  constructor(options: SalesPositionOptions) {
    this.#options = options;
  }

  /** Resolves to the number of the last sale; 0 if there is none. */
  confirm(wanted: number): Promise<number> {
    const { clock, lastSale } = this.#options;
    this.#wanted = Math.min(this.#wanted, wanted);
    this.#next ??= new Promise((resolve) => {
      clock.afterTurn(() => {
        const lowest = this.#wanted;
        this.#next = undefined;
        this.#wanted = Number.POSITIVE_INFINITY;
        resolve(lastSale(lowest));
      });
    });
    return this.#next;
  }
}
