/** How far an order book is, and the version of the rules from which on orders are cancelled. */

export const rulesOfCancellations = 3;

/** Of the last order and the last cancellation, or of the first ones that are awaited. */
export type BookNumbers = readonly [order: number, cancellation: number];

/** How far the order book is, as this replica knows. */
export interface BookPosition {
  /** Number of the newest order; 0 if there is none. */
  readonly lastOrder: number;
  /** Number of the newest cancellation; 0 if there is none. */
  readonly lastCancellation: number;
  /** The version of the rules that applies; 0 before the first one. */
  readonly rules: number;
}
