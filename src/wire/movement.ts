/**
 * Stock movements: each change of a product's stock, as the ledger keeps it. Fields are positional, as in
 * internal.ts.
 */

/** Why the stock changed. Numbers in the log; they never change. */
export const movementCauses = {
  /** A new product, or one of the first stock. */
  added: 0,
  /** An order. With a negative `reservedDelta`, of a confirmed hold. */
  sale: 1,
  hold: 2,
  release: 3,
  expiry: 4,
  adjustment: 5,
  restock: 6,
  /** A cancellation that restocks. */
  cancellation: 7,
  /** A change of the quantity by an administrator or an import. */
  change: 8,
  removed: 9,
  /** What a product had when the ledger began, counted from 0. */
  opening: 10,
} as const;
export type MovementCause = (typeof movementCauses)[keyof typeof movementCauses];

/** Reason and reference of an adjustment. */
export type MovementNote = readonly [reason: string, reference: string | null];

/**
 * A committed movement. The numbers count the movements of all products, without gaps; those of one product
 * ascend. The units on hand are `available + reserved`.
 */
export type Movement = readonly [
  number: number,
  productId: number,
  cause: MovementCause,
  /** Number of the order, hold (serial number), restock or cancellation; 0 for other causes. */
  source: number,
  /** Change of the units that can be sold or reserved. */
  delta: number,
  /** Change of the units in open holds. */
  reservedDelta: number,
  /** Units after the movement. */
  available: number,
  reserved: number,
  /** Wall time in milliseconds. */
  at: number,
  note?: MovementNote,
];

/**
 * `ledger`, from a frontend's session thread to an order replica: the movements of a product with numbers
 * above `after`, oldest first.
 */
export type LedgerParams = readonly [productId: number, after: number, limit: number];
/** `next`: the value of `after` for the next page; null if there is none. */
export type LedgerAnswer = readonly [movements: readonly Movement[], next: number | null];
