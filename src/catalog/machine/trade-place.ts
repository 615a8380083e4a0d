/** Where a trade operation is decided, for those that decide them. */
import type { Sale } from '../../wire/internal.js';
import type { Cancellation } from '../../wire/trade.js';

/** Where and when an operation is decided, and what its entry has done so far. */
export interface TradePlace {
  readonly seq: number;
  /** Log time. */
  readonly time: number;
  /** Wall time in milliseconds. */
  readonly at: number;
  /** Number of the next sale. */
  readonly nextSale: () => number;
  readonly sales: Sale[];
  /** Number of the next cancellation. */
  readonly nextCancellation: () => number;
  readonly cancellations: Cancellation[];
  readonly touched: number[];
  /** Serial numbers of changed holds. */
  readonly holds: number[];
}
