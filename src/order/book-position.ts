/** How far an order book is, and the versions of the rules from which on it has more than orders. */

export const rulesOfCancellations = 3;
export const rulesOfMovements = 4;

/** Of the last order, cancellation and movement, or of the first ones that are awaited. */
export type BookNumbers = readonly [order: number, cancellation: number, movement: number];

/** How far an order book is, or how far it is awaited. */
export interface BookEnds {
  /** Number of the newest order; 0 if there is none. */
  readonly lastOrder: number;
  /** Number of the newest cancellation; 0 if there is none. */
  readonly lastCancellation: number;
  /** Number of the newest movement of stock; 0 if there is none. */
  readonly lastMovement: number;
}

/** How far the order book is, as this replica knows. */
export interface BookPosition extends BookEnds {
  /** The version of the rules that applies; 0 before the first one. */
  readonly rules: number;
}
