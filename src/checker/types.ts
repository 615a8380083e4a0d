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
  /** The hold that it confirms. Only the checkers set it, for confirmations. */
  readonly hold?: string;
  readonly result?: Bought;
}

export interface OrderLine extends LineWanted {
  readonly priceCents: number;
  /** Units that the answer shows as cancelled. */
  readonly cancelled?: number;
}

type Shortage = Exclude<Bought, { readonly sold: number }>;

/** Reserves lines, all or none. */
export interface Hold extends Asked {
  readonly kind: 'hold';
  readonly key?: string;
  readonly lines: readonly LineWanted[];
  /** The hold does not end by itself before this time. */
  readonly endsMs: number;
  readonly result?:
    | { readonly held: string; readonly lines: readonly OrderLine[]; readonly totalCents: number }
    | Shortage;
}

/** The hold was not open any more. */
export interface Ended {
  readonly ended: 'confirmed' | 'released' | 'expired';
}

/** Sells units of a hold and gives the others back. */
export interface Confirmation extends Asked {
  readonly kind: 'confirm';
  readonly key?: string;
  readonly hold: string;
  /** Absent: all lines. */
  readonly lines?: readonly LineWanted[];
  readonly result?: { readonly sold: number; readonly totalCents: number } | Ended | 'not_found';
}

export interface Release extends Asked {
  readonly kind: 'release';
  readonly key?: string;
  readonly hold: string;
  readonly result?: 'done' | Ended | 'not_found';
}

export interface Extension extends Asked {
  readonly kind: 'extend';
  readonly key?: string;
  readonly hold: string;
  /** As of a hold, if it was extended. */
  readonly endsMs: number;
  readonly result?: 'done' | Ended | 'not_found';
}

/** Cancels units of an order. */
export interface Cancellation extends Asked {
  readonly kind: 'cancel';
  readonly key?: string;
  /** Of the order. */
  readonly number: number;
  /** Absent: all that is left. */
  readonly lines?: readonly LineWanted[];
  readonly restock: boolean;
  /** A conflict: fewer units were left. */
  readonly result?:
    | {
        readonly cancelled: number;
        readonly lines: readonly OrderLine[];
        readonly totalCents: number;
      }
    | 'conflict';
}

/** Corrects the units on hand: by `delta`, or to `count`. */
export interface Adjustment extends Asked {
  readonly kind: 'adjust';
  readonly key?: string;
  readonly id: number;
  readonly delta?: number;
  readonly count?: number;
  readonly result?: Adjusted | 'conflict' | 'not_found';
}

export interface Adjusted {
  readonly delta: number;
  readonly version: number;
  readonly quantity: number;
  readonly reserved: number;
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

/** What is decided about holds, orders and stock beside purchases. */
export type Trade = Hold | Confirmation | Release | Extension | Cancellation | Adjustment;

export type Operation =
  | LookUp
  | Search
  | Purchase
  | OrderRead
  | Change
  | Addition
  | Removal
  | Trade;

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
