/**
 * The operations of a frontend, as its gateway (raw sockets, HTTP, dialects) uses them. The gateway
 * knows shapes and error codes; the cache, load balancing and retries are behind this port.
 */

import type { Cancellations, Cancelled } from '../wire/cancel-schemas.js';
import type { RequestHeader } from '../wire/request-header.js';
import type {
  Adjusted,
  Changed,
  Held,
  Hold,
  HoldExtended,
  HoldReleased,
  Order,
  Orders,
  Params,
  Placed,
  Product,
  Products,
} from '../wire/schemas.js';
import type { AuditReport, StoreStatus } from '../wire/status-schemas.js';
import type { Ledger, StockLevels } from '../wire/stock-schemas.js';

export interface RequestContext {
  /** Identifies the request in logs and error answers. */
  readonly requestId: string;
  /** Monotonic time after which the client no longer waits for the answer. */
  readonly deadlineMs: number;
  /** Forwarded with the request, for the logs of the services that process it. */
  readonly header?: RequestHeader | undefined;
  /**
   * For a purchase: its Idempotency-Key with the quotes as received. Builds before rules 1 derived
   * their key from it.
   */
  readonly quotedKey?: string | undefined;
}

/** The parts of a request context that a call to the services needs. */
export type Ask = Pick<RequestContext, 'deadlineMs' | 'header'>;

export type {
  AuditProduct,
  AuditReport,
  FrontendStatus,
  MemberStatus,
  StoreStatus,
} from '../wire/status-schemas.js';

/** All methods reject with a BazarError. */
export interface Operations {
  lookup(params: Params<'lookup'>, context: RequestContext): Promise<Product>;
  search(params: Params<'search'>, context: RequestContext): Promise<Products>;
  buy(params: Params<'buy'>, context: RequestContext): Promise<Placed>;
  hold(params: Params<'hold'>, context: RequestContext): Promise<Held>;
  readHold(params: Params<'read_hold'>, context: RequestContext): Promise<Hold>;
  confirmHold(params: Params<'confirm_hold'>, context: RequestContext): Promise<Placed>;
  releaseHold(params: Params<'release_hold'>, context: RequestContext): Promise<HoldReleased>;
  extendHold(params: Params<'extend_hold'>, context: RequestContext): Promise<HoldExtended>;
  order(params: Params<'order'>, context: RequestContext): Promise<Order>;
  orders(params: Params<'orders'>, context: RequestContext): Promise<Orders>;
  cancelOrder(params: Params<'cancel_order'>, context: RequestContext): Promise<Cancelled>;
  cancellations(params: Params<'cancellations'>, context: RequestContext): Promise<Cancellations>;
  addProduct(params: Params<'add_product'>, context: RequestContext): Promise<Changed>;
  updateProduct(params: Params<'update_product'>, context: RequestContext): Promise<Changed>;
  removeProduct(params: Params<'remove_product'>, context: RequestContext): Promise<Changed>;
  adjustStock(params: Params<'adjust_stock'>, context: RequestContext): Promise<Adjusted>;
  readStock(params: Params<'read_stock'>, context: RequestContext): Promise<StockLevels>;
  ledger(params: Params<'ledger'>, context: RequestContext): Promise<Ledger>;
  audit(context: RequestContext): Promise<AuditReport>;
  status(context: RequestContext): Promise<StoreStatus>;
  /** ISO 4217 code of all prices. */
  currency(): string;
  /** Returns undefined if both groups have a serving leader, else the reason. Never waits. */
  notReady(): string | undefined;
}

/** Between these calls, in one turn, the operations answer input that has already arrived. */
export interface InputBatches {
  inputBegins(): void;
  inputEnds(): void;
}

/** The time at which something was seen. */
export interface Moment {
  /** Monotonic, for decisions. */
  readonly nowMs: number;
  /** ISO, for people. */
  readonly at: string;
}

/** Events in the form of server-sent events, up to a number. */
export interface EventBatch {
  readonly through: number;
  readonly text: string;
}

/**
 * Source of the events for a thread's listeners. While the thread listens, new events are delivered
 * without a request.
 */
export interface EventSource {
  /**
   * Returns the start position of a new listener, or of one that resumes after the event `lastId`.
   */
  begin(lastId: string | undefined, withHistory: boolean): Promise<EventBatch>;
  /** Call regularly while the thread has listeners. */
  listening(): void;
}
