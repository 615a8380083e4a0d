/**
 * A recorded history: what customers asked and were told, and when. Whoever records needs only these
 * shapes; whoever checks knows no clock, socket or client. Money is in cents, time in milliseconds
 * of one monotonic clock, the same for all processes of a history.
 */

/** A product as an answer told it. */
export interface Seen {
  readonly id: number;
  readonly version: number;
  readonly quantity: number;
  readonly priceCents: number;
}

/**
 * `ok`: answered, a refusal by the rules of the store too. `failed`: surely without effect, and told
 * nothing. `unknown`: may take effect at any time after it was asked, or never.
 */
export type Ending = 'ok' | 'failed' | 'unknown';

interface Asked {
  /** Who asked; one that asks again before it is answered is two. */
  readonly process: string;
  readonly invokedMs: number;
  /** When the answer was there, or nobody waited for it any more. */
  readonly returnedMs: number;
  readonly ending: Ending;
  /** Where known: the place in the catalog's log at which it took effect. */
  readonly position?: number;
}

export interface LookUp extends Asked {
  readonly kind: 'look-up';
  /** The product asked for; where asked by name, the one that was found or has the name. */
  readonly id: number;
  readonly result?: Seen | 'not_found';
}

/** Each record counts as a look-up of its product; what is missing from a page tells nothing. */
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
  /** Too little of this product; `available` where the answer told it. */
  | { readonly refused: number; readonly available?: number }
  /** There is no such product. */
  | { readonly missing: number };

export interface Purchase extends Asked {
  readonly kind: 'purchase';
  /** All purchases under one key are one purchase, tried again. Its attempts may be one operation. */
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
  /** The new record; the one that stood in the way. */
  readonly result?: Seen | { readonly conflict: Seen } | 'not_found';
}

/** A new product, under an id that the recorder chose: what it made is known without its answer. */
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
  /** The last record; the one that stood in the way. */
  readonly result?: Seen | { readonly conflict: Seen } | 'not_found';
}

export type Operation = LookUp | Search | Purchase | OrderRead | Change | Addition | Removal;

export type RestockTarget = readonly [id: number, restockTo: number];

export interface History {
  /** Every product as it was before the first operation; all others were not there. */
  readonly first: readonly Seen[];
  /** At any time the store may fill any other product up to so many; null: it never does. */
  readonly restockTo: number | null;
  /** Products that the store may fill up to a target of their own. */
  readonly targets?: readonly RestockTarget[];
  /**
   * Null: nobody else buys. A number: others may, but each order from this one on was read, after
   * everything else; those before it were sold before the first operation.
   */
  readonly bookFrom: number | null;
  readonly operations: readonly Operation[];
}
