/**
 * The order leader's projection of the catalog's sales, cancellations and movements of stock
 * (docs/PROTOCOL.md, section 5, step 4). It subscribes to what follows its own last numbers, and logs each
 * stream in the order of its numbers. Invariant: a new subscription begins after what is applied.
 */
import type { Clock, Timer } from '../base/clock.js';
import type { Logger } from '../base/logging.js';
import { encode } from '../wire/codec.js';
import type { OrderCommand, SalesMessage } from '../wire/internal.js';
import { movementsCommand } from './movement-command.js';

const restartMs = 50;
/** Interval at which the last committed order is reported to the catalog. */
const confirmEveryMs = 100;

/** The subscription to the streams of the catalog leader. */
export interface StreamSubscription {
  /**
   * Requests all sales from `from` on, and all cancellations and movements from `cancellationsFrom` and
   * `movementsFrom` on if they are given. They are passed to `sold`, `cancelled` and `moved` until the
   * connection breaks or is stopped. `gathers`: no customer waits for them, so they may come in fewer
   * messages.
   */
  tail(
    from: number,
    orderEpoch: number,
    gathers: boolean,
    cancellationsFrom?: number,
    movementsFrom?: number,
  ): Promise<void>;
  /** Tells the catalog that all orders, cancellations and movements through the numbers are committed. */
  confirm(number: number, orderEpoch: number, cancellation?: number, movement?: number): void;
}

export interface ProjectionOptions {
  readonly subscription: StreamSubscription;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly lastOrder: () => number;
  /** Undefined or absent: the rules of the order group have no cancellations. */
  readonly lastCancellation?: () => number | undefined;
  /** The same of movements. */
  readonly lastMovement?: () => number | undefined;
  /** Whether customers are answered without waiting for their orders. */
  readonly answersAtSale: () => boolean;
  /** Logs a command and resolves when it is applied. */
  readonly propose: (command: Uint8Array) => Promise<unknown>;
}

type Streamed = 'orders' | 'cancellations' | 'movements';

export class Projection {
  readonly #options: ProjectionOptions;
  /** The epoch in which this replica leads; undefined if it does not. */
  #epoch: number | undefined;
  /** The next number of each stream; 0 without a subscription. */
  readonly #next = { orders: 0, cancellations: 0, movements: 0 };
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
    this.#forget();
    this.#retry?.cancel();
    this.#retry = undefined;
    this.#confirming?.cancel();
    this.#confirming = undefined;
  }

  /** Other rules apply: subscribes again, because the rules decide which streams there are. */
  rulesChanged(): void {
    if (this.#epoch !== undefined) this.#restart();
  }

  /** The connection to the catalog leader broke, or another replica leads the catalog. */
  broken(): void {
    this.#forget();
    if (this.#epoch !== undefined) this.#later();
  }

  /** Takes sales from the catalog. */
  sold(sales: SalesMessage): void {
    this.#take('orders', sales);
  }

  /** Takes cancellations from the catalog. */
  cancelled(cancellations: SalesMessage): void {
    this.#take('cancellations', cancellations);
  }

  /** Takes movements from the catalog. */
  moved(movements: SalesMessage): void {
    this.#take('movements', movements);
  }

  /** Ignores a run of an older subscription. Subscribes again if the run leaves a gap. */
  #take(stream: Streamed, run: SalesMessage): void {
    const [first, count] = run;
    const next = this.#next[stream];
    if (this.#epoch === undefined || next === 0) return;
    if (first + count <= next) return;
    if (first > next) {
      this.broken();
      return;
    }
    this.#next[stream] = first + count;
    const epoch = this.#epoch;
    this.#options.propose(encode(commandOf(stream, run))).then(
      () => this.#confirmSoon(epoch),
      (error: unknown) => {
        const details = { stream, first, count, error: String(error) };
        this.#options.logger.warn(details, 'a part of a stream was not logged');
        if (this.#epoch === epoch) this.broken();
      },
    );
  }

  #confirmSoon(epoch: number): void {
    const { clock, subscription, lastOrder, lastCancellation, lastMovement } = this.#options;
    this.#confirming ??= clock.after(confirmEveryMs, () => {
      this.#confirming = undefined;
      if (this.#epoch !== epoch) return;
      subscription.confirm(lastOrder(), epoch, lastCancellation?.(), lastMovement?.());
    });
  }

  #forget(): void {
    Object.assign(this.#next, { orders: 0, cancellations: 0, movements: 0 });
  }

  #restart(): void {
    const epoch = this.#epoch;
    if (epoch === undefined) return;
    const { subscription, lastOrder, answersAtSale, logger } = this.#options;
    const from = lastOrder() + 1;
    const cancellations = after(this.#options.lastCancellation?.());
    const movements = after(this.#options.lastMovement?.());
    const next = { orders: from, cancellations: cancellations ?? 0, movements: movements ?? 0 };
    Object.assign(this.#next, next);
    subscription.tail(from, epoch, answersAtSale(), cancellations, movements).then(
      // A new catalog leader does not know which sales are orders. If it holds the maximum of
      // unconfirmed sales, it sells nothing, so no further sale would trigger a confirmation.
      () => {
        if (Object.values(next).some((number) => number > 1)) this.#confirmSoon(epoch);
      },
      (error: unknown) => {
        logger.debug({ from, error: String(error) }, 'subscription to the sales stream failed');
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

function commandOf(stream: Streamed, run: SalesMessage): OrderCommand {
  return stream === 'movements' ? movementsCommand(run) : [stream, ...run];
}

/** Where a stream continues; undefined if the rules do not have it. */
function after(last: number | undefined): number | undefined {
  return last === undefined ? undefined : last + 1;
}
