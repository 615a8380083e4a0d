/**
 * Asks the catalog for the number of its last sale, at a read position that is confirmed after the
 * question (docs/PROTOCOL.md, R9). All questions of a turn share one message. Invariant: an answer
 * never comes from a message that was sent before the question.
 */
import type { Clock } from '../base/clock.js';

export interface SalesPositionOptions {
  readonly clock: Clock;
  /** The last sale that any customer may know of, or more. Rejects with a BazarError. */
  readonly lastSale: () => Promise<number>;
}

export class SalesPosition {
  readonly #options: SalesPositionOptions;
  #next: Promise<number> | undefined;

  constructor(options: SalesPositionOptions) {
    this.#options = options;
  }

  /** Resolves to the number of the last sale; 0 if there is none. */
  confirm(): Promise<number> {
    const { clock, lastSale } = this.#options;
    this.#next ??= new Promise((resolve) => {
      clock.afterTurn(() => {
        this.#next = undefined;
        resolve(lastSale());
      });
    });
    return this.#next;
  }
}
