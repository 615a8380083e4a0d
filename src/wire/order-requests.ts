/** The messages from an order replica to the catalog's leader; fields are positional, as in internal.ts. */
import type { Outcome, Purchase } from './internal.js';

/**
 * Requests from an order leader to the catalog leader, on the replication port. A `sell` entry with an
 * older `orderEpoch` than one applied before sells nothing. `tail` and `cursor` carry the epoch too, but
 * the catalog does not check it there.
 */
export type SellParams = readonly [orderEpoch: number, purchases: readonly Purchase[]];
export type SellAnswer = readonly [outcomes: readonly Outcome[], logTime: number];
/**
 * `tail` requests all sales from a number on; they arrive as `sales` notifications (SalesMessage).
 * `gathers`: the catalog may gather them for some milliseconds. `cancellationsFrom`, from rules 3 on: also
 * all cancellations from this number on, as `cancellations` notifications. `movementsFrom`, from rules 4 on:
 * the same of the movements of stock, as `movements`; they may be gathered in any case.
 */
export type TailParams = readonly [
  from: number,
  orderEpoch: number,
  gathers?: boolean,
  cancellationsFrom?: number,
  movementsFrom?: number,
];
export type TailAnswer = readonly [logTime: number];
/**
 * `last_sale`, of an order replica to the catalog leader, from rules 2 on: the number of the last sale at
 * a read position confirmed after the request. If there are sales from `wanted` on, a read waits for
 * them, and the leader sends them to the order leader at once. The same of cancellations, which builds
 * before rules 3 neither send nor answer, and of movements, from rules 4 on.
 */
export type LastSaleParams = readonly [
  wanted: number,
  wantedCancellation?: number,
  wantedMovement?: number,
];
export type LastSaleAnswer = readonly [
  lastSale: number,
  logTime: number,
  lastCancellation?: number,
  lastMovement?: number,
];
/** `cursor`, a notification: orders, cancellations and movements through the numbers are committed. */
export type WatermarkParams = readonly [
  number: number,
  orderEpoch: number,
  cancellations?: number,
  movements?: number,
];
