/**
 * The requests of a frontend's session threads to the replicas, on the service port: look-ups, searches,
 * changes of products and orders. Fields are positional, as in internal.ts.
 */
import type {
  Adjustment,
  KeyDigest,
  NewProduct,
  ProductChange,
  ProductRecord,
  SaleLine,
} from './internal.js';
import type { Cancellation, HoldId } from './trade.js';

/**
 * Requests of a frontend's session thread to a catalog replica, on the service port. The grant epoch is the
 * epoch of the leader that will report changes of the answered items; 0: the answer must not be cached.
 */
export type LookupParams = readonly [item: number | string];
export type LookupAnswer = readonly [
  record: ProductRecord | null,
  grantEpoch: number,
  appliedSeq: number,
];
/** `lookup_many`: records in the order of the ids. */
export type LookupManyParams = readonly [ids: readonly number[]];
export type LookupManyAnswer = readonly [
  records: readonly (ProductRecord | null)[],
  grantEpoch: number,
  appliedSeq: number,
  /** Which of the records may be cached. */
  kept: readonly boolean[],
];
/** `hold`: a HoldRecord, or null if the hold is unknown. Never cached. */
export type HoldParams = readonly [id: HoldId];
/** `stock`: the numbers of a product's stock, or null if there is no such product. Never cached. */
export type StockParams = readonly [id: number];
export type StockAnswer =
  | readonly [stock: number, reserved: number, received: number, sold: number, returned: number]
  | null;
export type SearchParams = readonly [
  topic: string | null,
  text: string | null,
  limit: number,
  after: number,
];
export type SearchAnswer = readonly [
  records: readonly ProductRecord[],
  next: number | null,
  grantEpoch: number,
  appliedSeq: number,
  /** Whether the list may be cached. */
  list: boolean,
  /** Which of the records may be cached. */
  kept: readonly boolean[],
];

/** A change of a product, with the params of the method of the same name. */
export type ChangeRequest =
  | readonly ['add', params: readonly [product: NewProduct]]
  | readonly ['update', params: readonly [id: number, change: ProductChange]]
  | readonly ['remove', params: readonly [id: number, ifVersion: number | null]]
  /** Only in `change_stock`. */
  | readonly ['adjust', params: readonly [id: number, adjustment: Adjustment]];

/**
 * `change` of a frontend's session thread at the catalog leader: a change that uses a feature of rules
 * 1. Older builds refuse the unknown method; otherwise they would ignore the feature.
 */
export type ChangeParams = readonly [request: ChangeRequest, key?: ChangeKey];
/** `seenTime` as in BuyParams; null if the frontend has none. */
export type ChangeKey = readonly [key: KeyDigest, requestHash: Uint8Array, seenTime: number | null];
export type ChangeAnswer = readonly [
  record: ProductRecord,
  replayed: boolean,
  /** Of an adjustment: units in open holds, and the change of the units on hand. */
  reserved?: number,
  delta?: number,
];

/** Requests of a frontend's session thread to an order replica, on the service port. */
export type OrderParams = readonly [number: number];
export type OrdersParams = readonly [after: number, limit: number];
export type OrdersAnswer = readonly [orders: readonly OrderView[], next: number | null];
/** An order as a read shows it: a Sale, and what is cancelled of it. */
export type OrderView = readonly [
  number: number,
  key: KeyDigest,
  lines: readonly SaleLine[],
  totalCents: number,
  at: number,
  customer?: KeyDigest | null,
  /** Id and units of each product, in one flat list; absent if nothing is cancelled. */
  cancelled?: readonly number[],
];
/** `cancellation`: a Cancellation, or null if there is none with this number. */
export type CancellationParams = readonly [number: number];
/** `cancellations`: those of an order below `before`, newest first; null if there is no such order. */
export type CancellationsParams = readonly [order: number, before: number | null, limit: number];
export type CancellationsAnswer = readonly [
  cancellations: readonly Cancellation[],
  next: number | null,
];
/**
 * `find_orders`: orders above `after` and below `before`, in the direction (1: newest first). A null
 * filter is unused. Filters are times in milliseconds, a product's id or its name in the order, and a
 * client's key. Older builds do not have the method.
 */
export type FindOrdersParams = readonly [
  direction: 0 | 1,
  after: number,
  before: number | null,
  limit: number,
  since: number | null,
  until: number | null,
  product: number | string | null,
  key: KeyDigest | null,
];
