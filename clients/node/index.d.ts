/**
 * The public types of the package, written out so that they need no other package. The build copies
 * them beside both forms of the code; test/client/package-types.ts holds them to the sources.
 */

export interface Address {
  readonly host: string;
  readonly port: number;
}

export type ErrorCode =
  | 'invalid_argument'
  | 'not_found'
  | 'out_of_stock'
  | 'conflict'
  | 'hold_expired'
  | 'hold_confirmed'
  | 'hold_released'
  | 'price_changed'
  | 'limit_exceeded'
  | 'customer_required'
  | 'key_reused'
  | 'unavailable'
  | 'overloaded'
  | 'deadline_exceeded'
  | 'unauthenticated'
  | 'permission_denied'
  | 'too_large'
  | 'unknown_method'
  | 'internal';

/** Every failure of the store. `details` holds the fields of the wire, as `available`. */
export declare class BazarError extends Error {
  readonly name: 'BazarError';
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;
  constructor(
    code: ErrorCode,
    message: string,
    options?: { readonly details?: Readonly<Record<string, unknown>>; readonly cause?: unknown },
  );
  /** The same call may succeed a little later. */
  get retryable(): boolean;
}

/** By id or by name. */
export type Item = { id: number } | { name: string };

export type Line = { id: number; quantity: number } | { name: string; quantity: number };

/** What a purchase or a hold may state. */
export interface Terms {
  /** Who buys: 1 to 128 bytes, which the store keeps as a digest. */
  customer?: string;
  /** The total that the customer has seen; another one is refused as `price_changed`. */
  expected_total?: number | string;
  key?: string;
}

export type Purchase =
  | ({ id: number; quantity: number } & Terms)
  | ({ name: string; quantity: number } & Terms)
  | ({ lines: Line[] } & Terms);

export interface HoldRequest extends Terms {
  lines: Line[];
  /** 1 to 86,400. */
  ttl_seconds: number;
  /** Given back unchanged; up to 200 bytes. */
  reference?: string;
}

export interface Confirmation {
  id: string;
  /** A part of the hold; absent: all of it. */
  lines?: Line[];
  key?: string;
}

export interface PricedLine {
  id: number;
  name: string;
  quantity: number;
  price: number;
}

export interface Held {
  hold_id: string;
  /** ISO 8601 in UTC. The hold does not end by itself before this time. */
  expires_at: string;
  lines: PricedLine[];
  total: number;
  replayed?: boolean;
}

export interface Hold {
  hold_id: string;
  status: 'open' | 'confirmed' | 'released' | 'expired';
  lines: PricedLine[];
  total: number;
  expires_at?: string;
  /** Of a confirmed hold. */
  order_number?: number;
  reference?: string;
}

export interface HoldReleased {
  hold_id: string;
  status: 'released';
  replayed?: boolean;
}

export interface HoldExtended {
  hold_id: string;
  expires_at: string;
  replayed?: boolean;
}

export interface Product {
  id: number;
  name: string;
  topic: string;
  price: number;
  quantity: number;
  /** What a restock fills the product up to; absent: nothing restocks it. */
  restock_to?: number;
  /** How much one customer may buy; absent: any number. */
  purchase_limit?: PurchaseLimit;
  version: number;
}

export interface PurchaseLimit {
  /** Units for one customer. */
  quantity: number;
  /** In any time of this length; null: as long as the product has the limit. */
  window_seconds: number | null;
}

/** A product that a change answers with. */
export type Changed = Product & {
  /** The change was made before, under the same key. */
  readonly replayed?: boolean;
};

export interface Products {
  items: Product[];
  /** Give it as `after` for the next page. */
  next?: number;
}

export interface Placed {
  order_number: number;
  total: number;
  /** True where the key had been used and this is the first answer again. */
  replayed?: boolean;
}

export interface Order {
  number: number;
  name: string;
  quantity: number;
  lines: OrderedLine[];
  /** Of what was bought, whatever is cancelled of it. */
  total: number;
  /** ISO 8601 in UTC. */
  at: string;
  status: 'placed' | 'partly_cancelled' | 'cancelled';
}

export interface OrderedLine extends PricedLine {
  /** Units of it that are cancelled; absent if none are. */
  cancelled?: number;
}

export interface Cancelled {
  cancellation_number: number;
  order_number: number;
  lines: PricedLine[];
  /** To refund: the cancelled units at the prices of the order. */
  total: number;
  restock: boolean;
  reason?: string;
  /** ISO 8601 in UTC. */
  at: string;
  /** Of the order after this cancellation. */
  status: 'partly_cancelled' | 'cancelled';
  /** True where the key had been used and this is the first answer again. */
  replayed?: boolean;
}

export interface Cancellations {
  items: Cancelled[];
  /** Give it as `before` for the next page. */
  next?: number;
}

export interface CancelRequest {
  number: number;
  /** Without lines all that is left is cancelled. */
  lines?: Line[];
  /** Whether the units go back into stock. */
  restock: boolean;
  reason?: string;
  key?: string;
}

export interface CancellationsParams {
  number: number;
  before?: number;
  limit?: number;
}

export interface Orders {
  items: Order[];
  /** Give it as `after`, or as `before` where the order is `desc`, for the next page. */
  next?: number;
}

export interface SearchParams {
  topic?: string;
  text?: string;
  limit?: number;
  after?: number;
}

export interface OrdersParams {
  after?: number;
  before?: number;
  order?: 'asc' | 'desc';
  since?: string;
  until?: string;
  product?: number | string;
  key?: string;
  limit?: number;
}

export interface NewProduct {
  id?: number;
  name: string;
  topic: string;
  price: number;
  quantity: number;
  restock_to?: number | null;
  purchase_limit?: PurchaseLimit | null;
  /** Makes a repeat safe, for 23 hours. */
  key?: string;
}

export interface ProductChange {
  id: number;
  price?: number;
  quantity?: number;
  add?: number;
  topic?: string;
  /** Null: nothing restocks the product any more. */
  restock_to?: number | null;
  /** Null: one customer may buy any number. */
  purchase_limit?: PurchaseLimit | null;
  if_version?: number;
  key?: string;
}

export interface AdjustmentRequest {
  id: number;
  /** Added to the units on hand. Give either this or `count`. */
  delta?: number;
  /** The units on hand, as counted. */
  count?: number;
  reason: 'received' | 'damaged' | 'correction' | 'return' | 'count';
  /** Shown in the ledger; up to 200 bytes. */
  reference?: string;
  key?: string;
}

export interface Adjusted {
  id: number;
  delta: number;
  on_hand: number;
  reserved: number;
  available: number;
  version: number;
  replayed?: boolean;
}

/** `received − sold + returned = on_hand = available + reserved`. */
export interface StockLevels {
  id: number;
  /** Can be sold or reserved. */
  available: number;
  /** In open holds. */
  reserved: number;
  on_hand: number;
  /** All changes but sales and returns. */
  received: number;
  sold: number;
  returned: number;
}

export interface LedgerParams {
  id: number;
  /** Only movements above this number. */
  after?: number;
  limit?: number;
}

/** One change of a product's stock. */
export interface LedgerMovement {
  /** Ascending; counted over all products, so one product has gaps. */
  number: number;
  at: string;
  cause:
    | 'added'
    | 'sale'
    | 'hold'
    | 'release'
    | 'expiry'
    | 'adjustment'
    | 'restock'
    | 'cancellation'
    | 'change'
    | 'removed'
    | 'opening';
  /** Change of the units that can be sold or reserved. */
  delta: number;
  /** These units after the movement. */
  balance: number;
  /** Change of the units in open holds. */
  reserved_delta: number;
  reserved: number;
  on_hand: number;
  order_number?: number;
  /** The number of the hold inside the store. */
  hold_serial?: number;
  cancellation_number?: number;
  restock_number?: number;
  /** Of an adjustment. */
  reason?: string;
  reference?: string;
}

export interface Ledger {
  items: LedgerMovement[];
  next?: number;
}

export interface MemberStatus {
  name: string;
  group: 'catalog' | 'order';
  kind: 'replica' | 'recovery';
  role: 'leader' | 'follower' | 'learner' | 'down';
  epoch: number;
  log_end: number;
  commit: number;
  pid: number;
}

export interface FrontendStatus {
  name: string;
  pid: number;
  cache: Record<string, number>;
  lease: Record<string, number | boolean>;
  /** `down`: no catalog replica hears it any more. */
  state?: 'up' | 'down';
  /** Where others reach it, as host:port. */
  raw?: string;
  http?: string;
  started_at?: string;
  requests?: RequestCounts;
  sessions?: number;
  rss_bytes?: number;
  /** Requests up to each of `time_bounds`, each in one bucket, and the slower ones last. */
  lookup_times?: number[];
  purchase_times?: number[];
}

/** Since the process started. */
export interface RequestCounts {
  answered: number;
  /** With a 5xx, or refused as overloaded. */
  failed: number;
  lookups: number;
  purchases: number;
  /** Purchases that became orders. */
  orders: number;
}

export interface StoreStatus {
  members: MemberStatus[];
  /** The one that is asked stands first. */
  frontends: FrontendStatus[];
  /** All frontends added up; sessions and memory of those that are up. */
  totals?: {
    frontends: number;
    up: number;
    cache: Record<string, number>;
    requests: RequestCounts;
    sessions: number;
    rss_bytes: number;
  };
  /** Seconds, rising. */
  time_bounds?: number[];
}

export interface AuditProduct {
  id: number;
  name: string;
  received: number;
  sold: number;
  stock: number;
  /** Units in open holds. */
  reserved?: number;
  /** Units of cancelled orders that went back into stock. */
  returned?: number;
  ordered: number;
}

export interface AuditReport {
  ok: boolean;
  sales: number;
  orders: number;
  /** Absent without any. */
  cancellations?: number;
  products: AuditProduct[];
  left_out?: number;
  replicas: { name: string; group: 'catalog' | 'order'; seq: number; hash: string }[];
  problems: string[];
}

export interface BazarClientOptions {
  /** Raw addresses of frontends, as `127.0.0.1:8181`. */
  readonly addresses: readonly (Address | string)[];
  /** Gives admin rights. */
  readonly token?: string;
  /** How long a call may take with all its attempts; 10,000 where it is not given. */
  readonly timeoutMs?: number;
  /** A call fails as soon as no frontend can be connected to, and not at its deadline. */
  readonly failFast?: boolean;
  /** Named to the frontend in the handshake. */
  readonly name?: string;
  /** Speaks TLS; with `ca` (PEM) it trusts that authority, else those that Node knows. */
  readonly tls?: { readonly ca?: string };
}

export interface CallOptions {
  readonly timeoutMs?: number;
  /**
   * Once it is aborted the call rejects with its reason, and no further attempt is made. What was
   * sent before may happen all the same: the key of a purchase tells.
   */
  readonly signal?: AbortSignal;
}

export interface BuyOptions extends CallOptions {
  /** False: no key is made, and a purchase whose answer is lost is not sent again. */
  readonly key?: boolean;
}

/** Every method rejects with a BazarError, or with the reason of the signal that aborted it. */
export declare class BazarClient {
  constructor(options: BazarClientOptions);
  lookup(item: Item, options?: CallOptions): Promise<Product>;
  search(params: SearchParams, options?: CallOptions): Promise<Products>;
  buy(purchase: Purchase, options?: BuyOptions): Promise<Placed>;
  /** Needs the admin token. */
  adjustStock(adjustment: AdjustmentRequest, options?: BuyOptions): Promise<Adjusted>;
  hold(request: HoldRequest, options?: BuyOptions): Promise<Held>;
  readHold(id: string, options?: CallOptions): Promise<Hold>;
  confirmHold(confirmation: Confirmation, options?: BuyOptions): Promise<Placed>;
  releaseHold(hold: { id: string; key?: string }, options?: BuyOptions): Promise<HoldReleased>;
  extendHold(
    hold: { id: string; ttl_seconds: number; key?: string },
    options?: BuyOptions,
  ): Promise<HoldExtended>;
  order(number: number, options?: CallOptions): Promise<Order>;
  /** Needs the admin token. */
  orders(params?: OrdersParams, options?: CallOptions): Promise<Orders>;
  /** Needs the admin token. */
  cancelOrder(request: CancelRequest, options?: BuyOptions): Promise<Cancelled>;
  /** One page, newest first. Needs the admin token. */
  cancellations(params: CancellationsParams, options?: CallOptions): Promise<Cancellations>;
  /** Needs the admin token. */
  readStock(params: { id: number }, options?: CallOptions): Promise<StockLevels>;
  /** One page, oldest first. Needs the admin token. */
  ledger(params: LedgerParams, options?: CallOptions): Promise<Ledger>;
  /** Needs the admin token. */
  addProduct(product: NewProduct, options?: CallOptions): Promise<Changed>;
  /** Needs the admin token. */
  updateProduct(change: ProductChange, options?: CallOptions): Promise<Changed>;
  /** Needs the admin token. */
  removeProduct(
    params: { id: number; if_version?: number; key?: string },
    options?: CallOptions,
  ): Promise<Changed>;
  status(options?: CallOptions): Promise<StoreStatus>;
  ping(options?: CallOptions): Promise<void>;
  /** Recomputes the books; needs the admin token. */
  audit(options?: CallOptions): Promise<AuditReport>;
  /** What still waits fails as `unavailable`. */
  close(): void;
}
