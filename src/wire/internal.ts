/**
 * The messages between services and the commands in the logs. Fields are positional: field names would
 * take half of the coding time and a third of the bytes. This file alone defines the meaning of each
 * position.
 */
import type { ErrorCode } from '../base/errors.js';
import type { Adjustment, NewProduct, ProductChange, ProductRecord } from './product-messages.js';
import type { KeyDigest, KeyKind, PurchaseLine, SaleLine } from './purchase-parts.js';
import type { TradeOperation } from './trade-operations.js';

export {
  type Adjustment,
  type AdjustReason,
  adjustReasons,
  type LimitFields,
  type NewProduct,
  type ProductChange,
  type ProductRecord,
} from './product-messages.js';
export {
  type KeyDigest,
  type KeyKind,
  keyKinds,
  type PurchaseLine,
  type SaleLine,
} from './purchase-parts.js';

/**
 * A purchase as the order leader sends it to the catalog. Its age counts from `seenTime`: the smaller of
 * the `seenTime` in BuyParams and the newest catalog log time that the order leader knew when the request
 * arrived.
 */
export type Purchase = readonly [
  key: KeyDigest,
  kind: KeyKind,
  /** First 8 bytes of the SHA-256 of the request as sent; empty for a frontend's key. */
  requestHash: Uint8Array,
  lines: readonly PurchaseLine[],
  seenTime: number,
  /**
   * The digest of the same key as made by builds before rules 1, which used the header with its quotes.
   * For 24 hours of log time after rules 1, an outcome under this digest also belongs to the purchase.
   */
  oldKey?: KeyDigest,
];

/**
 * A purchase as sent from a frontend to the order leader. `seenTime` is the catalog's log time known to
 * the frontend when the purchase first reached it; it is the same in each attempt. Older builds neither
 * send nor accept it.
 */
export type BuyParams = readonly [
  key: KeyDigest,
  kind: KeyKind,
  requestHash: Uint8Array,
  lines: readonly PurchaseLine[],
  seenTime?: number,
  /** As in Purchase. */
  oldKey?: KeyDigest,
];

/**
 * `buys`, from a frontend to the order leader on its replication port: several purchases. The answer has
 * one element for each, in their order.
 */
export type BuysParams = readonly BuyParams[];
export type BuysAnswer = readonly (Outcome | BuyFailure)[];
/** `unknown`: whether the purchase may exist; null if the code alone says it. */
export type BuyFailure = readonly [
  'failed',
  code: ErrorCode,
  message: string,
  unknown: boolean | null,
];

/** A committed sale, which is the order of the same number; `at` is wall time in milliseconds. */
export type Sale = readonly [
  number: number,
  key: KeyDigest,
  lines: readonly SaleLine[],
  totalCents: number,
  at: number,
  /** Digest of the customer's name, if the purchase stated one; from rules 3 on. */
  customer?: KeyDigest,
];

/** The outcome of a purchase, sold or refused; stored under its key (A24). */
export type Outcome =
  | readonly ['sold', number: number, totalCents: number, replayed: boolean]
  | readonly ['out_of_stock', id: number, available: number, replayed: boolean]
  /** `totalTooLarge` in place of the line: the order's total would exceed its limit. */
  | readonly ['not_found', lineIndex: number, replayed: boolean]
  /** From rules 3 on: the product has a purchase limit, and the purchase names no customer. */
  | readonly ['customer_required', id: number, replayed: boolean]
  /** Another request used this key; nothing is stored. */
  | readonly ['key_reused']
  /**
   * Nothing is stored. `tooOldFrom`: the purchase is too old by log time, counted from there. Absent:
   * the order leader is deposed, or the leader cannot log the purchase yet; older builds do not set it.
   */
  | readonly ['stale', tooOldFrom?: number]
  /**
   * The key table, or what the order book lacks of sales or movements, is full; nothing is stored. Older
   * builds do not say which.
   */
  | readonly ['full', what?: 'keys' | 'sales' | 'holds' | 'limits' | 'cancellations'];

/** A line index that no purchase has: older builds read the outcome as a missing product. */
export const totalTooLarge = -1;

/**
 * The newest version of the rules by which this build applies entries. Each replica sends its own in the
 * handshake, and the leader logs a version once all replicas support it (docs/PROTOCOL.md, 5).
 */
export const rulesVersion = 4;

/** The inputs of the migration to a version of the rules, in addition to the state. */
export interface RulesSettings {
  /** The store's `--restock-to`; 0: no product gets a target. */
  readonly restockTo: number;
  /** ISO 4217 code of a new store's currency. Absent: EUR; an older store has EUR too. From rules 3 on. */
  readonly currency?: string;
  /** Products that get the target if the store has them with this id and name. */
  readonly bundled: readonly (readonly [id: number, name: string])[];
}

/** A change of a product, as its command in the log. `at`: wall time in milliseconds, if it has no key. */
export type ChangeCommand =
  | readonly ['add', product: NewProduct, at?: number]
  | readonly ['update', id: number, change: ProductChange, at?: number]
  | readonly ['remove', id: number, ifVersion: number | null, at?: number]
  /** From rules 3 on. */
  | readonly ['adjust', id: number, adjustment: Adjustment, at?: number];

/** A change under a client's key, from rules 1 on. `requestHash` and `seenTime` as in a Purchase. */
export type KeyedCommand = readonly [
  'keyed',
  key: KeyDigest,
  requestHash: Uint8Array,
  seenTime: number,
  change: ChangeCommand,
  at?: number,
];

/** Commands in the catalog's log. `at` is wall time in milliseconds; builds before rules 4 do not send it. */
export type CatalogCommand =
  | ChangeCommand
  | KeyedCommand
  /**
   * The first stock; it applies once in the life of a cluster. A large one comes in parts. Each part
   * contains the number of products before it and the total.
   */
  | readonly ['stock', products: readonly NewProduct[], from?: number, total?: number, at?: number]
  /**
   * `boundsTotals`: a total above the limit is refused. Absent in entries of older builds, and while a
   * replica of the group does not support it.
   */
  | readonly [
      'sell',
      orderEpoch: number,
      at: number,
      purchases: readonly Purchase[],
      boundsTotals?: boolean,
    ]
  /** `target` is absent from rules 1 on, because each product has its own. */
  | readonly ['restock', k: number, target?: number, at?: number]
  /**
   * All through these numbers is in the order book: sales, from rules 3 on cancellations, and from rules 4
   * on movements.
   */
  | readonly ['cursor', number: number, cancellations?: number, movements?: number]
  /** A frontend's process may hold leases from `register` on until `deregister` (R8). */
  | readonly ['register', process: string, frontend: string]
  | readonly ['deregister', process: string]
  | readonly ['audit', token: string]
  /** Entries apply by this version of the rules from here on; a lower or equal version has no effect. */
  | readonly ['rules', version: number, settings: RulesSettings, at?: number]
  /** From rules 2 on: the number of clients' purchase keys at which new ones are refused. */
  | readonly ['capacity', clientKeys: number]
  /** From rules 3 on. `at` is wall time in milliseconds. */
  | readonly ['trade', orderEpoch: number, at: number, operations: readonly TradeOperation[]]
  /** From rules 3 on: frees the stock of these holds that are due. Without holds it only moves log time. */
  | readonly ['expire', serials: readonly number[], at?: number];

/** Commands in the order group's log: `sales` is the MessagePack of Sale[], numbered from `first` on. */
export type OrderCommand =
  | readonly ['orders', first: number, count: number, sales: Uint8Array]
  /** From rules 3 on: the MessagePack of Cancellation[], numbered from `first` on. */
  | readonly ['cancellations', first: number, count: number, cancellations: Uint8Array]
  /**
   * From rules 4 on: the MessagePack of Movement[], numbered from `first` on, and the ids of their products,
   * each once, ascending.
   */
  | readonly [
      'movements',
      first: number,
      count: number,
      movements: Uint8Array,
      products: readonly number[],
    ]
  | readonly ['audit', token: string]
  /** Starts a version of the rules; a lower or equal version has no effect. */
  | readonly ['rules', version: number];

/**
 * The catalog's stream to the order leader, of sales, cancellations or movements. It is encoded once and
 * logged there as these bytes.
 */
export type SalesMessage = readonly [first: number, count: number, sales: Uint8Array];

/** From a frontend to each member. Older builds send no field and count as answered. */
export interface HealthCheckParams {
  /** The member's last answer arrived in time. */
  readonly answered?: boolean;
}

/**
 * `begin_session` of a frontend's process, which has dropped its cache, at the leader of an epoch. From
 * the answer on it holds a lease, counted from the time of the request, and receives `invalidate` and
 * `records`. `attempt` counts up in the process, so that a late one is recognised.
 */
export type SessionParams = readonly [
  frontend: string,
  process: string,
  attempt: number,
  epoch: number,
];
export type SessionAnswer = readonly [logEnd: number, epoch: number, sessionNumber: number];
/** `renew_lease`, answered with null, or with `conflict` if the lease had expired. */
export type RenewParams = readonly [process: string, sessionNumber: number];
/** `end_session`: the process has dropped its cache and begins no more sessions. */
export type EndSessionParams = readonly [process: string, attempt: number];
export type InvalidateParams = readonly [
  seq: number,
  ids: readonly number[],
  names: readonly string[],
  /** Topics whose lists change, in lower case. */
  topics: readonly string[],
];

/** Among the ids: ids never used; an entry without an id may assign any of them. */
export const unusedIds = 0;
/** Among the topics: lists found by text only, in any topic. */
export const anyTopic = '';

/** `records`, a notification: the products as of `seq`; later changes invalidate them. */
export type RecordsParams = readonly [seq: number, records: readonly ProductRecord[]];

/**
 * `lend`, a request of another replica to the catalog leader for cache grants: may a frontend cache
 * answers about these items? If it may, the leader will report when they change. Positions are those of
 * the request.
 */
export type GrantParams = readonly [
  ids: readonly number[],
  names: readonly string[],
  topics: readonly string[],
];
export type GrantAnswer = readonly [
  epoch: number,
  /** Valid for an answer from this position or a later one. */
  appliedSeq: number,
  ids: readonly boolean[],
  names: readonly boolean[],
  topics: readonly boolean[],
];

/**
 * `glance`: an uncached read of a frontend's session thread at any replica; the frontend does not cache
 * the record.
 */
export type UncachedReadParams = readonly [id: number];
export type UncachedReadAnswer = ProductRecord | null;

/**
 * `watch_changes` of a frontend at the catalog leader: whether it subscribes to `changes`. These
 * notifications list changed products with their newest record, several times a second; null if some
 * were missed. A null record was removed.
 */
export type WatchChangesParams = readonly [wanted: boolean];
export const changeKinds = { stock: 0, add: 1, update: 2 } as const;
export type Change = readonly [
  kind: (typeof changeKinds)[keyof typeof changeKinds],
  id: number,
  record: ProductRecord | null,
];
export type Changes = readonly Change[] | null;
