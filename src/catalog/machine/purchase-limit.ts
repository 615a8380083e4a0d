/** A purchase limit of a product, and what counts for it (docs/STOCK.md, L1 to L5). */

export interface PurchaseLimit {
  readonly quantity: number;
  /** Null: the limit holds until it is removed. */
  readonly windowMs: number | null;
}

export function isSameLimit(a: PurchaseLimit | null, b: PurchaseLimit | null): boolean {
  return a?.quantity === b?.quantity && a?.windowMs === b?.windowMs;
}

/** A number of an order; negative: a serial number of a hold; 0: all of a limit without window. */
export type Source = number;

export interface Use {
  readonly product: number;
  readonly customer: Uint8Array;
  readonly source: Source;
  /** Log time; without a window that of the first units. */
  readonly time: number;
  /** Number of the last sale before the first units. */
  readonly since: number;
  readonly quantity: number;
}

/** Why a customer gets no more. */
export interface LimitExceeded {
  readonly remaining: number;
  /** When enough units are free again; null: not by waiting. */
  readonly retryAfterMs: number | null;
}
