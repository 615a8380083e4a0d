/**
 * Asks the catalog for the numbers of its last sale, cancellation and movement of stock, at a read position
 * that is confirmed after the question (docs/PROTOCOL.md, R9). All questions of a turn share one message.
 * Invariant: an answer never comes from a message that was sent before the question.
 */
import type { Clock } from '../base/clock.js';
import type { BookNumbers } from './book-position.js';

export interface ReadPositionOptions {
  readonly clock: Clock;
  /**
   * Returns the numbers of the last sale, cancellation and movement that any customer may know of, or later
   * ones. `wanted`: the caller waits for the numbers from these on. Rejects with a BazarError.
   */
  readonly lastSale: (wanted: BookNumbers) => Promise<BookNumbers>;
}

/** In place of a number: the question does not wait for it. */
export const notAwaited = Number.MAX_SAFE_INTEGER;
const nothing: BookNumbers = [notAwaited, notAwaited, notAwaited];

export class ReadPosition {
  readonly #options: ReadPositionOptions;
  #next: Promise<BookNumbers> | undefined;
  /** The lowest numbers that a question of this turn waits for. */
  #wanted = nothing;

  constructor(options: ReadPositionOptions) {
    this.#options = options;
  }

  /** Resolves to the numbers of the last sale, cancellation and movement; 0 if there is none. */
  confirm([order, cancellation, movement]: BookNumbers): Promise<BookNumbers> {
    const { clock, lastSale } = this.#options;
    const [lowest, lowestCancellation, lowestMovement] = this.#wanted;
    this.#wanted = [
      Math.min(lowest, order),
      Math.min(lowestCancellation, cancellation),
      Math.min(lowestMovement, movement),
    ];
    this.#next ??= new Promise((resolve) => {
      clock.afterTurn(() => {
        const wanted = this.#wanted;
        this.#next = undefined;
        this.#wanted = nothing;
        resolve(lastSale(wanted));
      });
    });
    return this.#next;
  }
}
