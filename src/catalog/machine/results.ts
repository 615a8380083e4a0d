/**
 * The results of the catalog's commands, one kind for each. `touched` lists the ids of the products
 * whose record changed, each once. Results of keyed changes are stored with their field names
 * (write-keys.ts), so these names must stay.
 */
import type { Outcome, ProductRecord, SalesMessage } from '../../wire/internal.js';
import type { TradeOutcome } from '../../wire/trade.js';

/** Nothing changed. The client may get the code and the message unchanged. */
export interface Refused {
  readonly kind: 'refused';
  readonly code: RefusalCode;
  readonly message: string;
  /** For a conflict: the current record that causes it. */
  readonly current?: ProductRecord;
  /** True if this is the outcome stored under the key; also in the two results below. */
  readonly replayed?: true;
}

/** The last three occur only in changes under a key. */
export type RefusalCode =
  | 'conflict'
  | 'not_found'
  | 'invalid_argument'
  | 'key_reused'
  | 'unavailable'
  | 'overloaded';

/** A product was added or updated; `record` is the new record. */
export interface Stored {
  readonly kind: 'stored';
  readonly record: ProductRecord;
  readonly touched: readonly number[];
  readonly replayed?: true;
}

/** A product was removed; `record` is the last record. */
export interface Removed {
  readonly kind: 'removed';
  readonly record: ProductRecord;
  readonly touched: readonly number[];
  readonly replayed?: true;
}

/** The stock was corrected by `delta`; `reserved` units of it are in open holds. */
export interface Adjusted {
  readonly kind: 'adjusted';
  readonly record: ProductRecord;
  readonly reserved: number;
  readonly delta: number;
  readonly touched: readonly number[];
  readonly replayed?: true;
}

/** First stock, restock or new rules; `applied` is false for a duplicate or one out of order. */
export interface Stocked {
  readonly kind: 'stocked';
  readonly applied: boolean;
  readonly touched: readonly number[];
}

export interface Sold {
  readonly kind: 'sell';
  /** In the order of the purchases. */
  readonly outcomes: readonly Outcome[];
  /** The new sales, encoded once; undefined if nothing was sold. */
  readonly sales: SalesMessage | undefined;
  readonly touched: readonly number[];
}

/** As Sold, of a trade command. */
export interface Traded {
  readonly kind: 'trade';
  readonly outcomes: readonly TradeOutcome[];
  readonly sales: SalesMessage | undefined;
  /** The new cancellations, encoded once; undefined if there are none. */
  readonly cancellations: SalesMessage | undefined;
  readonly touched: readonly number[];
  /** Serial numbers of the holds that were opened, extended or resolved. */
  readonly holds: readonly number[];
}

/** Holds that were due have freed their stock. */
export interface Expired {
  readonly kind: 'expired';
  readonly touched: readonly number[];
  /** Serial numbers of these holds. */
  readonly holds: readonly number[];
}

export interface Audited {
  readonly kind: 'audit';
  readonly token: string;
  readonly hash: string;
  readonly lastSale: number;
}

export type CatalogResult =
  | { readonly kind: 'none' }
  | { readonly kind: 'cursor'; readonly watermark: number }
  /** `ok` is false if there was no room. */
  | { readonly kind: 'registered'; readonly ok: boolean }
  | Refused
  | Stored
  | Removed
  | Adjusted
  | Stocked
  | Sold
  | Traded
  | Expired
  | Audited;

/** The new cancellations of an entry; undefined if there are none. */
export function cancellationsOf(result: CatalogResult): SalesMessage | undefined {
  return result.kind === 'trade' ? result.cancellations : undefined;
}

/** The new sales of an entry; undefined if nothing was sold. */
export function salesOf(result: CatalogResult): SalesMessage | undefined {
  return result.kind === 'sell' || result.kind === 'trade' ? result.sales : undefined;
}
