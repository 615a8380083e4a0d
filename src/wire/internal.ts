/**
 * The messages between services and the commands in the logs: fields by position, because half
 * the time and a third of the bytes go with the names (docs/ARCHITECTURE.md). What each place
 * means stands here and nowhere else.
 */

/** Digest of an idempotency key: the first 16 bytes of its SHA-256, or 16 random bytes for a frontend's. */
export type KeyDigest = Uint8Array;

export const keyKinds = { frontend: 0, client: 1 } as const;
export type KeyKind = (typeof keyKinds)[keyof typeof keyKinds];

/** A line as sent: a product's id or name, and how many. Names are resolved at apply. */
export type PurchaseLine = readonly [item: number | string, quantity: number];

/**
 * `seenTime` is the catalog's log time that the order leader knew when the request reached it, or
 * that of BuyParams where that is smaller.
 */
export type Purchase = readonly [
  key: KeyDigest,
  kind: KeyKind,
  /** First 8 bytes of the SHA-256 of the request as sent; empty for a frontend's key. */
  requestHash: Uint8Array,
  lines: readonly PurchaseLine[],
  seenTime: number,
  /**
   * The digest of the same key as the builds before rules 1 made it, of the header with its quotes.
   * For 24 hours of log time from rules 1 on, an outcome under it is the purchase's own.
   */
  oldKey?: KeyDigest,
];

/**
 * As a purchase travels from a frontend to the order leader. `seenTime` is the catalog's log time that
 * the frontend knew when the purchase first reached it, the same in each attempt. Builds before it
 * neither send nor take it.
 */
export type BuyParams = readonly [
  key: KeyDigest,
  kind: KeyKind,
  requestHash: Uint8Array,
  lines: readonly PurchaseLine[],
  seenTime?: number,
  /** As in a Purchase. */
  oldKey?: KeyDigest,
];

export type SaleLine = readonly [id: number, name: string, quantity: number, priceCents: number];

/** A committed sale, which is the order of the same number; `at` is wall time in milliseconds. */
export type Sale = readonly [
  number: number,
  key: KeyDigest,
  lines: readonly SaleLine[],
  totalCents: number,
  at: number,
];

/** What became of a purchase, sold or refused; stored under its key (A24). */
export type Outcome =
  | readonly ['sold', number: number, totalCents: number, replayed: boolean]
  | readonly ['out_of_stock', id: number, available: number, replayed: boolean]
  /** `totalTooLarge` in place of the line: the order would come to more than it may. */
  | readonly ['not_found', lineIndex: number, replayed: boolean]
  /** Another request under this key; nothing is stored. */
  | readonly ['key_reused']
  /**
   * Nothing is stored. `tooOldFrom`: too old by log time, counted from there. Absent: the order leader
   * is deposed, or the leader cannot log the purchase yet; builds before do not tell.
   */
  | readonly ['stale', tooOldFrom?: number]
  /** The key table or the unprojected sales are full; nothing is stored. */
  | readonly ['full'];

/** A line that no purchase has: builds before it take the outcome for a product that is not there. */
export const totalTooLarge = -1;

export interface NewProduct {
  readonly id?: number;
  readonly name: string;
  readonly topic: string;
  readonly priceCents: number;
  readonly quantity: number;
  /** The stock that each restock fills the product up to; null or absent: never. From rules 1 on. */
  readonly restockTo?: number | null;
}

export interface ProductChange {
  readonly priceCents?: number;
  /** Sets the stock. */
  readonly quantity?: number;
  /** Adds to the stock. */
  readonly add?: number;
  readonly topic?: string;
  /** As in NewProduct. */
  readonly restockTo?: number | null;
  readonly ifVersion?: number;
}

/**
 * The newest version of the rules by which this build applies entries. Each replica tells its own in
 * the handshake, and the leader logs a version once all replicas know it (docs/PROTOCOL.md, 5).
 */
export const rulesVersion = 1;

/** What the migration to a version of the rules depends on besides the state. */
export interface RulesSettings {
  /** The store's `--restock-to`; 0: no product gets a target. */
  readonly restockTo: number;
  /** Products that get the target if the store has them by this id and name. */
  readonly bundled: readonly (readonly [id: number, name: string])[];
}

/** A change of a product, as its command in the log. */
export type ChangeCommand =
  | readonly ['add', product: NewProduct]
  | readonly ['update', id: number, change: ProductChange]
  | readonly ['remove', id: number, ifVersion: number | null];

/** A change under a client's key, from rules 1 on. `requestHash` and `seenTime` as in a Purchase. */
export type KeyedCommand = readonly [
  'keyed',
  key: KeyDigest,
  requestHash: Uint8Array,
  seenTime: number,
  change: ChangeCommand,
];

/** Commands in the catalog's log. */
export type CatalogCommand =
  | ChangeCommand
  | KeyedCommand
  /**
   * The first stock; applies once in the life of a cluster. A large one comes in parts, of which
   * each tells how many products came before it and how many there are in all.
   */
  | readonly ['stock', products: readonly NewProduct[], from?: number, total?: number]
  /**
   * `boundsTotals`: a total above the limit is refused. Absent in entries of builds before, and while a
   * replica of the group does not know it.
   */
  | readonly [
      'sell',
      orderEpoch: number,
      at: number,
      purchases: readonly Purchase[],
      boundsTotals?: boolean,
    ]
  /** `target` is absent from rules 1 on: each product has its own. */
  | readonly ['restock', k: number, target?: number]
  | readonly ['cursor', number: number]
  /** A process of a frontend may hold leases from here on; and from there on no more (R8). */
  | readonly ['register', process: string, frontend: string]
  | readonly ['deregister', process: string]
  | readonly ['audit', token: string]
  /** From here on entries apply by this version of the rules; a lower or the same one does nothing. */
  | readonly ['rules', version: number, settings: RulesSettings];

/** A product as the catalog knows it. */
export type ProductRecord = readonly [
  id: number,
  name: string,
  topic: string,
  priceCents: number,
  quantity: number,
  version: number,
  /** Absent if the product has none. */
  restockTo?: number,
];

/** Commands in the order group's log: `sales` is the MessagePack of Sale[], numbered from `first` on. */
export type OrderCommand =
  | readonly ['orders', first: number, count: number, sales: Uint8Array]
  | readonly ['audit', token: string];

/** The catalog's stream to the order leader, encoded once and logged there as these bytes. */
export type SalesMessage = readonly [first: number, count: number, sales: Uint8Array];

/** A product's books: received − sold = stock. */
export type ProductBook = readonly [
  id: number,
  name: string,
  received: number,
  sold: number,
  stock: number,
];

/** From a frontend to each member. Builds before it send no field, and count as answered. */
export interface HealthCheckParams {
  /** The member's last answer came in time. */
  readonly answered?: boolean;
}

/** A replica's state at the `audit` entry of its group. */
export type AuditMark = readonly [seq: number, hash: string];

/** The catalog at its audit entry, as its leader serves it and as its files tell it. */
export type CatalogAudit = readonly [
  seq: number,
  hash: string,
  /** Hash of the state recomputed from snapshot and journal, up to the same entry. */
  recomputedHash: string,
  lastSale: number,
  books: readonly ProductBook[],
];

/** The order book through the catalog's last sale, recomputed from the journal. */
export type OrderAudit = readonly [
  seq: number,
  hash: string,
  orders: number,
  units: readonly (readonly [id: number, units: number])[],
  problems: readonly string[],
];

/** Questions of an order leader to the catalog leader, on the replication port. */
export type SellParams = readonly [orderEpoch: number, purchases: readonly Purchase[]];
export type SellAnswer = readonly [outcomes: readonly Outcome[], logTime: number];
/** `tail` asks for all sales from a number on; they come as `sales` notifications (SalesMessage). */
export type TailParams = readonly [from: number, orderEpoch: number];
export type TailAnswer = readonly [logTime: number];
/** `cursor`, a notification: all orders through the number are committed. */
export type WatermarkParams = readonly [number: number, orderEpoch: number];

/**
 * `begin_session` of a frontend's process, which has dropped its cache, at the leader of an epoch:
 * from the answer on it holds a lease, counted from when it asked, and gets `invalidate` and
 * `records`. `attempt` counts up in the process, so that one that comes late is known as such.
 */
export type SessionParams = readonly [
  frontend: string,
  process: string,
  attempt: number,
  epoch: number,
];
export type SessionAnswer = readonly [logEnd: number, epoch: number, generation: number];
/** `renew_lease`, answered with null; `conflict` where the lease had run out. */
export type RenewParams = readonly [process: string, generation: number];
/** `end_session`: the process has dropped its cache and begins no more. */
export type EndSessionParams = readonly [process: string, attempt: number];
export type InvalidateParams = readonly [
  seq: number,
  ids: readonly number[],
  names: readonly string[],
  /** Whose lists change, in lower case. */
  topics: readonly string[],
];

/** Among the ids: those never used, of which an entry that names none may give any away. */
export const unusedIds = 0;
/** Among the topics: lists found by text alone, in any topic. */
export const anyTopic = '';

/** `records`, a notification: the products as they are at `seq`; what comes after it invalidates. */
export type RecordsParams = readonly [seq: number, records: readonly ProductRecord[]];

/**
 * `lend`, a question of another replica to the catalog leader: may a frontend keep answers about
 * these? Where it may, the leader will say when they change. Positions as in the question.
 */
export type GrantParams = readonly [
  ids: readonly number[],
  names: readonly string[],
  topics: readonly string[],
];
export type GrantAnswer = readonly [
  epoch: number,
  /** Good for an answer from this position or a later one. */
  appliedSeq: number,
  ids: readonly boolean[],
  names: readonly boolean[],
  topics: readonly boolean[],
];

/** `glance` of a frontend's session thread at any replica: a record that the frontend does not keep. */
export type UncachedReadParams = readonly [id: number];
export type UncachedReadAnswer = ProductRecord | null;

/**
 * `watch_changes` of a frontend at the catalog leader: whether it wants `changes`, notifications of
 * products that changed, told a few times a second with their newest record; null where some were
 * missed. A record that is null was removed.
 */
export type WatchChangesParams = readonly [wanted: boolean];
export const changeKinds = { stock: 0, add: 1, update: 2 } as const;
export type Change = readonly [
  kind: (typeof changeKinds)[keyof typeof changeKinds],
  id: number,
  record: ProductRecord | null,
];
export type Changes = readonly Change[] | null;
