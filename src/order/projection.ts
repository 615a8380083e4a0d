/**
 * The order leader's projection of the catalog's sales (docs/PROTOCOL.md, section 5, step 3): it
 * tails them continuously from its own last order on and logs them in sale order. Invariant: it
 * proposes sales only in order, and a restart of the tail begins after the last applied order.
 */
import type { Clock, Timer } from '../base/clock.js';
import type { Logger } from '../base/logging.js';
import { encode } from '../wire/codec.js';
import type { SalesMessage } from '../wire/internal.js';

const restartMs = 50;
/** How often the catalog hears how far the orders have got. */
const confirmEveryMs = 20;

/** The line to the catalog leader. */
export interface SalesSubscription {
  /** Asks for all sales from `from` on; they come to `sold` until the line breaks or is stopped. */
  tail(from: number, orderEpoch: number): Promise<void>;
  /** Tells the catalog that all orders through `number` are committed. */
  confirm(number: number, orderEpoch: number): void;
}

export interface ProjectionOptions {
  readonly line: SalesSubscription;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly lastOrder: () => number;
  /** Logs a command and resolves when it is applied. */
  readonly propose: (command: Uint8Array) => Promise<unknown>;
}

export class Projection {
  readonly #options: ProjectionOptions;
  /** The epoch in which this replica leads, while it does. */
  #epoch: number | undefined;
  #next = 0;
  #retry: Timer | undefined;
  #confirming: Timer | undefined;

  constructor(options: ProjectionOptions) {
    this.#options = options;
  }

  lead(epoch: number): void {
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

  /** The line to the catalog leader broke, or another catalog leads. */
  broken(): void {
    this.#next = 0;
    if (this.#epoch !== undefined) this.#later();
  }

  /** Sales from the catalog; those that do not continue what is under way belong to an older tail. */
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
      if (this.#epoch === epoch) this.#options.line.confirm(this.#options.lastOrder(), epoch);
    });
  }

  #restart(): void {
    const epoch = this.#epoch;
    if (epoch === undefined) return;
    const from = this.#options.lastOrder() + 1;
    this.#next = from;
    this.#options.line.tail(from, epoch).then(
      // A new catalog leader does not know which sales are orders. If they are as many as it keeps,
      // it sells nothing more, so no further sale would lead to a confirmation.
      () => {
        if (from > 1) this.#confirmSoon(epoch);
      },
      (error: unknown) => {
        this.#options.logger.debug({ from, error: String(error) }, 'the catalog has no sales line');
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
