/**
 * The questions of a frontend's session threads to the replicas, on the service port: look-ups,
 * searches, changes of products and orders. Fields by position, as in internal.ts.
 */
import type { KeyDigest, NewProduct, ProductChange, ProductRecord, Sale } from './internal.js';

/**
 * Questions of a frontend's session thread to a catalog replica, on the service port. `lender` is
 * the epoch of the leader that will say when what was answered changes; 0: nothing may be kept.
 */
export type LookupParams = readonly [item: number | string];
export type LookupAnswer = readonly [
  record: ProductRecord | null,
  grantor: number,
  appliedSeq: number,
];
/** `lookup_many`: records in the order of the ids. */
export type LookupManyParams = readonly [ids: readonly number[]];
export type LookupManyAnswer = readonly [
  records: readonly (ProductRecord | null)[],
  grantor: number,
  appliedSeq: number,
  /** Which of the records may be kept. */
  kept: readonly boolean[],
];
export type SearchParams = readonly [
  topic: string | null,
  text: string | null,
  limit: number,
  after: number,
];
export type SearchAnswer = readonly [
  records: readonly ProductRecord[],
  next: number | null,
  grantor: number,
  appliedSeq: number,
  /** May the list be kept? */
  list: boolean,
  /** Which of the records may be kept. */
  kept: readonly boolean[],
];

/** A change of a product, as the methods of the same names take it. */
export type ChangeRequest =
  | readonly ['add', params: readonly [product: NewProduct]]
  | readonly ['update', params: readonly [id: number, change: ProductChange]]
  | readonly ['remove', params: readonly [id: number, ifVersion: number | null]];

/**
 * `change` of a frontend's session thread at the catalog leader: a change that uses a feature of
 * rules 1. Builds before do not know the method and refuse it, where they would ignore the feature.
 */
export type ChangeParams = readonly [request: ChangeRequest, key?: ChangeKey];
/** `seenTime` as in BuyParams; null where the frontend knows none. */
export type ChangeKey = readonly [key: KeyDigest, requestHash: Uint8Array, seenTime: number | null];
export type ChangeAnswer = readonly [record: ProductRecord, replayed: boolean];

/** Questions of a frontend's session thread to an order replica, on the service port. */
export type OrderParams = readonly [number: number];
export type OrdersParams = readonly [after: number, limit: number];
export type OrdersAnswer = readonly [sales: readonly Sale[], next: number | null];
/**
 * `find_orders`: orders above `after` and below `before`, in the direction (1: newest first). The
 * filters are null where there is none: times in milliseconds, a product's id or its name in the
 * order, a client's key. Builds before it do not know the method.
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
