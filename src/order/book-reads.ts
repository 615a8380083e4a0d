/**
 * The read positions of an order replica. A read waits until this replica has all that a customer may know of
 * and that the read may show: sales, and cancellations or movements of stock. Uses no socket or file.
 * Invariant: what was answered is never read as absent (docs/PROTOCOL.md, R9, A42).
 */
import type { Clock } from '../base/clock.js';
import { BazarError } from '../base/errors.js';
import { purchaseLimits } from '../base/limits.js';
import {
  type BookEnds,
  type BookNumbers,
  type BookPosition,
  rulesOfMovements,
} from './book-position.js';
import { OrderWaiters } from './order-waiters.js';
import { notAwaited, ReadPosition } from './read-position.js';

export interface BookReadsOptions {
  readonly clock: Clock;
  readonly machine: BookPosition;
  readonly lastSale: (wanted: BookNumbers) => Promise<BookNumbers>;
  /** Whether a customer gets the answer when the catalog has committed the sale. */
  readonly answersAtSale: () => boolean;
  /** Whether the rules here have cancellations. */
  readonly cancels: () => boolean;
  /** Resolves when all entries of the own group that were committed before are applied here. */
  readonly readBarrier: () => Promise<unknown>;
  /** As in OrderStoreOptions. */
  readonly awaited?: ((wanted: Partial<BookEnds>) => void) | undefined;
}

export class BookReads {
  readonly #options: BookReadsOptions;
  /** Callers that wait for an order; purchases too. */
  readonly orders: OrderWaiters;
  readonly #cancellations: OrderWaiters;
  readonly #movements: OrderWaiters;
  readonly #position: ReadPosition;

  constructor(options: BookReadsOptions) {
    this.#options = options;
    const { clock, machine, lastSale } = options;
    this.orders = new OrderWaiters(clock, machine.lastOrder);
    this.#cancellations = new OrderWaiters(clock, machine.lastCancellation, 'cancellation');
    this.#movements = new OrderWaiters(clock, machine.lastMovement, 'movement');
    this.#position = new ReadPosition({ clock, lastSale });
  }

  /** The book has more orders, cancellations or movements. */
  advance(): void {
    const { lastOrder, lastCancellation, lastMovement } = this.#options.machine;
    this.orders.advance(lastOrder);
    this.#cancellations.advance(lastCancellation);
    this.#movements.advance(lastMovement);
  }

  /** As in OrderStore, for all methods below. */
  async caughtUp(): Promise<void> {
    const [order] = (await this.#lastNumbers(this.#options.machine.lastOrder + 1)) ?? [];
    if (order !== undefined) await this.reached(order);
  }

  async caughtUpTo(number: number): Promise<void> {
    const { machine, answersAtSale, readBarrier } = this.#options;
    if (number <= machine.lastOrder) return;
    if (!answersAtSale()) await readBarrier();
    if (!answersAtSale() || number <= machine.lastOrder) return;
    const [last] = await this.#position.confirm([number, notAwaited, notAwaited]);
    if (number <= last) await this.reached(number);
  }

  async caughtUpWithCancellations(number: number): Promise<void> {
    const [last = 0] = (await this.#lastNumbers(number)) ?? [];
    if (number <= last) await this.reached(number);
  }

  /** Only the ledger shows movements. It always asks the catalog for the last one. */
  async caughtUpWithMovements(): Promise<void> {
    const { machine, readBarrier } = this.#options;
    // The entry of the new rules may not have reached this replica.
    if (machine.rules < rulesOfMovements) await readBarrier();
    if (machine.rules < rulesOfMovements) {
      const message = 'the ledger needs all replicas to run a build that supports it';
      throw new BazarError('unavailable', message);
    }
    const wanted = [notAwaited, notAwaited, machine.lastMovement + 1] as const;
    const [, , movement] = await this.#position.confirm(wanted);
    await this.movementReached(movement);
  }

  reached(number: number): Promise<void> {
    this.#options.awaited?.({ lastOrder: number });
    return this.orders.wait(number, purchaseLimits.orderWaitMs);
  }

  cancellationReached(number: number): Promise<void> {
    this.#options.awaited?.({ lastCancellation: number });
    return this.#cancellations.wait(number, purchaseLimits.orderWaitMs);
  }

  movementReached(number: number): Promise<void> {
    this.#options.awaited?.({ lastMovement: number });
    return this.#movements.wait(number, purchaseLimits.orderWaitMs);
  }

  /**
   * Confirms the numbers, and waits for the last cancellation. Undefined if what is applied after a read
   * of the own group suffices: customers are answered when their orders are in the book. Cancellations
   * are always answered from the book.
   */
  async #lastNumbers(order: number): Promise<BookNumbers | undefined> {
    const { machine, answersAtSale, cancels, readBarrier } = this.#options;
    // The entry of the new rules may not have reached this replica.
    if (!answersAtSale() || !cancels()) await readBarrier();
    if (!answersAtSale()) return undefined;
    const numbers = await this.#position.confirm([order, machine.lastCancellation + 1, notAwaited]);
    if (cancels()) await this.cancellationReached(numbers[1]);
    return numbers;
  }
}
