/** Products as commands and messages carry them. Records are positional, as in internal.ts. */

/** A purchase limit: units for one customer, and the window in seconds; null: until it is removed. */
export type LimitFields = readonly [quantity: number, windowSeconds: number | null];

export interface NewProduct {
  readonly id?: number;
  readonly name: string;
  readonly topic: string;
  readonly priceCents: number;
  readonly quantity: number;
  /** Each restock fills the stock up to this quantity; null or absent: never. From rules 1 on. */
  readonly restockTo?: number | null;
  /** Null or absent: none. From rules 3 on. */
  readonly limit?: LimitFields | null;
}

export interface ProductChange {
  readonly priceCents?: number;
  /** Sets the stock. */
  readonly quantity?: number;
  /** Adds to the stock. */
  readonly add?: number;
  readonly topic?: string;
  /** As in NewProduct. */
  readonly restockTo?: number | null;
  readonly limit?: LimitFields | null;
  readonly ifVersion?: number;
}

/** Why stock was corrected. */
export const adjustReasons = ['received', 'damaged', 'correction', 'return', 'count'] as const;
export type AdjustReason = (typeof adjustReasons)[number];

/** A correction of the stock, from rules 3 on: by a difference, or to the units counted. */
export interface Adjustment {
  readonly reason: AdjustReason;
  /** Added to the units on hand. */
  readonly delta?: number;
  /** The units on hand. */
  readonly count?: number;
  /** Given back in the ledger. */
  readonly reference?: string;
}

/** A product's record in the catalog. */
export type ProductRecord = readonly [
  id: number,
  name: string,
  topic: string,
  priceCents: number,
  quantity: number,
  version: number,
  /** Absent if the product has none; null if it has none and the next field follows. */
  restockTo?: number | null,
  /** Absent if the product has none. */
  limit?: LimitFields,
];
