/**
 * What a frontend can do, as its front doors (raw sockets, HTTP, dialects) see it. The doors know
 * shapes and codes; behind this port lie the cache, the balancing and the retries.
 */
import type { Order, Orders, Params, Placed, Product, Products } from '../wire/schemas.js';

export interface RequestContext {
  /** Names the request in logs and error answers. */
  readonly requestId: string;
  /** Monotonic time after which nobody waits for the answer. */
  readonly deadlineMs: number;
}

export interface MemberStatus {
  readonly name: string;
  readonly group: 'catalog' | 'order';
  readonly kind: 'replica' | 'recovery';
  readonly role: 'leader' | 'follower' | 'learner' | 'down';
  readonly epoch: number;
  readonly log_end: number;
  readonly commit: number;
  readonly pid: number;
}

export interface FrontendStatus {
  readonly name: string;
  readonly pid: number;
  readonly cache: Readonly<Record<string, number>>;
  readonly lease: Readonly<Record<string, number | boolean>>;
}

export interface StoreStatus {
  readonly members: readonly MemberStatus[];
  readonly frontends: readonly FrontendStatus[];
}

export interface AuditProduct {
  readonly id: number;
  readonly name: string;
  readonly received: number;
  readonly sold: number;
  readonly stock: number;
  /** Units in the order book. */
  readonly ordered: number;
}

export interface AuditReport {
  readonly ok: boolean;
  readonly sales: number;
  readonly orders: number;
  readonly products: readonly AuditProduct[];
  /** State hash of each replica at the audit's entry. */
  readonly replicas: readonly {
    readonly name: string;
    readonly group: 'catalog' | 'order';
    readonly seq: number;
    readonly hash: string;
  }[];
  /** One sentence for each thing that does not balance. */
  readonly problems: readonly string[];
}

/** All methods reject with a BazarError. */
export interface Operations {
  lookup(params: Params<'lookup'>, context: RequestContext): Promise<Product>;
  search(params: Params<'search'>, context: RequestContext): Promise<Products>;
  buy(params: Params<'buy'>, context: RequestContext): Promise<Placed>;
  order(params: Params<'order'>, context: RequestContext): Promise<Order>;
  orders(params: Params<'orders'>, context: RequestContext): Promise<Orders>;
  addProduct(params: Params<'add_product'>, context: RequestContext): Promise<Product>;
  updateProduct(params: Params<'update_product'>, context: RequestContext): Promise<Product>;
  removeProduct(params: Params<'remove_product'>, context: RequestContext): Promise<Product>;
  audit(context: RequestContext): Promise<AuditReport>;
  status(context: RequestContext): Promise<StoreStatus>;
  /** Undefined when both groups have a serving leader, else why not. Never waits. */
  notReady(): string | undefined;
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
