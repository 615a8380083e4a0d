/**
 * The order leader's projection of the catalog's sales (docs/PROTOCOL.md, section 5, step 4). It
 * subscribes to the sales after its own last order and logs them in sale order. Invariant: it
 * proposes sales only in order, and a new subscription begins after the last applied order.
 */
import type { Clock, Timer } from '../base/clock.js';
import type { Logger } from '../base/logging.js';
import { encode } from '../wire/codec.js';
import type { SalesMessage } from '../wire/internal.js';

const restartMs = 50;
/** Interval at which the last committed order is reported to the catalog. */
const confirmEveryMs = 100;

/** The subscription at the catalog leader. */
export interface SalesSubscription {
  /**
   * Requests all sales from `from` on. They are passed to `sold` until the connection breaks or is
   * stopped. `gathers`: no customer waits for them, so they may come in fewer messages.
   */
  tail(from: number, orderEpoch: number, gathers: boolean): Promise<void>;
  /** Tells the catalog that all orders through `number` are committed. */
  confirm(number: number, orderEpoch: number): void;
}

export interface ProjectionOptions {
  readonly subscription: SalesSubscription;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly lastOrder: () => number;
  /** Whether customers are answered without waiting for their orders. */
  readonly answersAtSale: () => boolean;
  /** Logs a command and resolves when it is applied. */
  readonly propose: (command: Uint8Array) => Promise<unknown>;
}

export class Projection {
  readonly #options: ProjectionOptions;
  /** The epoch in which this replica leads; undefined if it does not. */
  #epoch: number | undefined;
  #next = 0;
  #retry: Timer | undefined;
  #confirming: Timer | undefined;

  constructor(options: ProjectionOptions) {
    this.#options = options;
  }

  startProjection(epoch: number): void {
    this.#epoch = epoch;
    this.#restart();
  }

  resign(): void {
    this.#epoch = undefined;
    this.#next = 0;
    this.#retry?.cancel();
    this.#retry = undefined;
    this.#confirming?.cancel();
    this.#confirming = undefined;
  }

  /** Customers are answered in another way than at the start. */
  answersChanged(): void {
    if (this.#epoch !== undefined) this.#restart();
  }

  /** The connection to the catalog leader broke, or another replica leads the catalog. */
  broken(): void {
    this.#next = 0;
    if (this.#epoch !== undefined) this.#later();
  }

  /**
   * Takes sales from the catalog. Ignores those of an older subscription, which do not continue the
   * pending ones.
   */
  sold(sales: SalesMessage): void {
    const [first, count, bytes] = sales;
    if (this.#epoch === undefined || this.#next === 0) return;
    if (first + count <= this.#next) return;
    if (first > this.#next) {
      this.broken();
      return;
    }
    this.#next = first + count;
    const epoch = this.#epoch;
    this.#options.propose(encode(['orders', first, count, bytes])).then(
      () => this.#confirmSoon(epoch),
      (error: unknown) => {
        this.#options.logger.warn({ first, count, error: String(error) }, 'sales were not logged');
        if (this.#epoch === epoch) this.broken();
      },
    );
  }

  #confirmSoon(epoch: number): void {
    this.#confirming ??= this.#options.clock.after(confirmEveryMs, () => {
      this.#confirming = undefined;
      if (this.#epoch === epoch)
        this.#options.subscription.confirm(this.#options.lastOrder(), epoch);
    });
  }

  #restart(): void {
    const epoch = this.#epoch;
    if (epoch === undefined) return;
    const from = this.#options.lastOrder() + 1;
    this.#next = from;
    this.#options.subscription.tail(from, epoch, this.#options.answersAtSale()).then(
      // A new catalog leader does not know which sales are orders. If it holds the maximum of
      // unconfirmed sales, it sells nothing, so no further sale would trigger a confirmation.
      () => {
        if (from > 1) this.#confirmSoon(epoch);
      },
      (error: unknown) => {
        this.#options.logger.debug(
          { from, error: String(error) },
          'subscription to the sales stream failed',
        );
        if (this.#epoch === epoch) this.broken();
      },
    );
  }

  #later(): void {
    if (this.#retry) return;
    this.#retry = this.#options.clock.after(restartMs, () => {
      this.#retry = undefined;
      this.#restart();
    });
  }
}
