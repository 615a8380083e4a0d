/**
 * What the catalog's commands come to, one kind for each. `touched` are the ids of the products
 * whose record changed, each once.
 */
import type { Outcome, ProductRecord, SalesMessage } from '../../wire/internal.js';

/** Nothing has changed; the code and the message may go to the client as they are. */
export interface Refused {
  readonly kind: 'refused';
  readonly code: RefusalCode;
  readonly message: string;
  /** With a conflict: the record that stands in the way. */
  readonly current?: ProductRecord;
  /** The outcome that was stored under the key; also of the two below. */
  readonly replayed?: true;
}

/** The last three only of changes under a key. */
export type RefusalCode =
  | 'conflict'
  | 'not_found'
  | 'invalid_argument'
  | 'key_reused'
  | 'unavailable'
  | 'overloaded';

/** A product was added or updated; `record` is the new one. */
export interface Stored {
  readonly kind: 'stored';
  readonly record: ProductRecord;
  readonly touched: readonly number[];
  readonly replayed?: true;
}

/** `record` is the last one. */
export interface Removed {
  readonly kind: 'removed';
  readonly record: ProductRecord;
  readonly touched: readonly number[];
  readonly replayed?: true;
}

/** The first stock, a restock or new rules; `applied` is false if it came twice or out of turn. */
export interface Stocked {
  readonly kind: 'stocked';
  readonly applied: boolean;
  readonly touched: readonly number[];
}

export interface Sold {
  readonly kind: 'sell';
  /** In the order of the purchases. */
  readonly outcomes: readonly Outcome[];
  /** The new sales, encoded once; undefined where nothing was sold. */
  readonly sales: SalesMessage | undefined;
  readonly touched: readonly number[];
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
  /** `ok` is false where there was no room. */
  | { readonly kind: 'registered'; readonly ok: boolean }
  | Refused
  | Stored
  | Removed
  | Stocked
  | Sold
  | Audited;
