/**
 * What a frontend can do, as its front doors (raw sockets, HTTP, dialects) see it. The doors know
 * shapes and codes; behind this port lie the cache, the balancing and the retries.
 */
import type { RequestHeader } from '../wire/request-header.js';
import type { Changed, Order, Orders, Params, Placed, Product, Products } from '../wire/schemas.js';
import type { AuditReport, StoreStatus } from '../wire/status-schemas.js';

export interface RequestContext {
  /** Names the request in logs and error answers. */
  readonly requestId: string;
  /** Monotonic time after which nobody waits for the answer. */
  readonly deadlineMs: number;
  /** Travels on with the request, for the logs of the services that work on it. */
  readonly header?: RequestHeader | undefined;
  /**
   * Of a purchase: its Idempotency-Key with the quotes in which it came. The builds before rules 1
   * made their key of it.
   */
  readonly quotedKey?: string | undefined;
}

/** What a question to the services needs of the request that it is asked for. */
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
  order(params: Params<'order'>, context: RequestContext): Promise<Order>;
  orders(params: Params<'orders'>, context: RequestContext): Promise<Orders>;
  addProduct(params: Params<'add_product'>, context: RequestContext): Promise<Changed>;
  updateProduct(params: Params<'update_product'>, context: RequestContext): Promise<Changed>;
  removeProduct(params: Params<'remove_product'>, context: RequestContext): Promise<Changed>;
  audit(context: RequestContext): Promise<AuditReport>;
  status(context: RequestContext): Promise<StoreStatus>;
  /** Undefined when both groups have a serving leader, else why not. Never waits. */
  notReady(): string | undefined;
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

/** Where a thread's listeners get their events; new ones come by themselves while it listens. */
export interface EventSource {
  /** Where a listener stands that begins now, or comes back after the event `lastId`. */
  begin(lastId: string | undefined, withHistory: boolean): Promise<EventBatch>;
  /** To be said every now and then while anybody listens. */
  listening(): void;
}
