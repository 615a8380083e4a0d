/**
 * A recorded history: the requests and answers of customers, with their times. Recorders depend only on
 * these shapes; checkers depend on no clock, socket or client. Money is in cents. Times are milliseconds
 * of one monotonic clock, shared by all processes of a history.
 */

/** A product as in an answer. */
export interface Seen {
  readonly id: number;
  readonly version: number;
  readonly quantity: number;
  readonly priceCents: number;
}

/**
 * `ok`: answered, including refusals by the store's rules. `failed`: certainly without effect and
 * without information. `unknown`: may take effect at any time after the request, or never.
 */
export type Ending = 'ok' | 'failed' | 'unknown';

interface Asked {
  /** The requester. A process that sends a second request before the first is answered counts as two. */
  readonly process: string;
  readonly invokedMs: number;
  /** When the answer arrived, or the requester stopped waiting. */
  readonly returnedMs: number;
  readonly ending: Ending;
  /** If known: the position in the catalog's log at which it took effect. */
  readonly position?: number;
}

export interface LookUp extends Asked {
  readonly kind: 'look-up';
  /** The requested product; for a request by name, the product found or the one with the name. */
  readonly id: number;
  readonly result?: Seen | 'not_found';
}

/**
 * Each record counts as a look-up of its product; a product missing from a page gives no information.
 */
export interface Search extends Asked {
  readonly kind: 'search';
  readonly result?: readonly Seen[];
}

export interface LineWanted {
  readonly id: number;
  readonly quantity: number;
}

export type Bought =
  | { readonly sold: number; readonly totalCents: number }
  /** Too little stock of this product; `available` if the answer contained it. */
  | { readonly refused: number; readonly available?: number }
  /** The product does not exist. */
  | { readonly missing: number };

export interface Purchase extends Asked {
  readonly kind: 'purchase';
  /** All purchases under one key are attempts of one purchase. They may be one operation. */
  readonly key?: string;
  readonly lines: readonly LineWanted[];
  readonly result?: Bought;
}

export interface OrderLine extends LineWanted {
  readonly priceCents: number;
}

export interface OrderRead extends Asked {
  readonly kind: 'order';
  readonly number: number;
  readonly result?:
    | { readonly lines: readonly OrderLine[]; readonly totalCents: number }
    | 'not_found';
}

export interface Change extends Asked {
  readonly kind: 'change';
  readonly id: number;
  /** Sets the stock. */
  readonly quantity?: number;
  /** Adds to the stock. */
  readonly add?: number;
  readonly priceCents?: number;
  readonly topic?: string;
  readonly ifVersion?: number;
  /** The new record, or the one that conflicted. */
  readonly result?: Seen | { readonly conflict: Seen } | 'not_found';
}

/** A new product under an id that the recorder chose, so its effect is known without the answer. */
export interface Addition extends Asked {
  readonly kind: 'add';
  readonly id: number;
  readonly quantity: number;
  readonly priceCents: number;
  readonly result?: Seen | 'conflict';
}

export interface Removal extends Asked {
  readonly kind: 'remove';
  readonly id: number;
  readonly ifVersion?: number;
  /** The last record, or the one that conflicted. */
  readonly result?: Seen | { readonly conflict: Seen } | 'not_found';
}

export type Operation = LookUp | Search | Purchase | OrderRead | Change | Addition | Removal;

export type RestockTarget = readonly [id: number, restockTo: number];

export interface History {
  /** Every product before the first operation; other products did not exist. */
  readonly first: readonly Seen[];
  /** The store may restock any other product up to this quantity at any time; null: it never does. */
  readonly restockTo: number | null;
  /** Products that the store may restock up to their own target. */
  readonly targets?: readonly RestockTarget[];
  /**
   * Null: there are no other buyers. A number: there may be, but each order from this one on was read
   * after all other operations; earlier orders were sold before the first operation.
   */
  readonly bookFrom: number | null;
  readonly operations: readonly Operation[];
}
