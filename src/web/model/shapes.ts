/**
 * The answers of the HTTP routes and the events of `/events` that the page reads (docs/API.md).
 * Types only, derived from the public schemas. Imports no runtime code.
 */
import type { Order as PlainOrder, Product as PlainProduct } from '../../wire/schemas.js';
import type {
  AuditReport,
  MemberStatus,
  AuditProduct as PlainAuditProduct,
} from '../../wire/status-schemas.js';

export type { Adjusted, PurchaseLimit } from '../../wire/schemas.js';
export type {
  FrontendStatus as Frontend,
  MemberStatus as Member,
  StoreStatus as Status,
} from '../../wire/status-schemas.js';
export type { LedgerMovement as Movement, StockLevels } from '../../wire/stock-schemas.js';

/** What HTTP adds to an amount. Events do not, and neither do stores of earlier builds. */
interface ExactPrice {
  readonly price_exact?: string;
}
interface InCurrency {
  readonly currency?: string;
}

export interface Product extends PlainProduct, ExactPrice, InCurrency {
  /** Where the store says so: units in open holds, and all units. */
  readonly reserved?: number;
  readonly on_hand?: number;
}

export type OrderLine = PlainOrder['lines'][number] &
  ExactPrice & {
    /** Units of it that were cancelled. */
    readonly cancelled?: number;
  };

export interface Order extends Omit<PlainOrder, 'lines' | 'status'>, InCurrency {
  readonly total_exact?: string;
  readonly lines: readonly OrderLine[];
  /** Absent where the store cannot cancel orders. */
  readonly status?: string;
}

/** Of the answer to a cancellation: what to refund. */
export interface Cancelled extends InCurrency {
  readonly total: number;
  readonly total_exact?: string;
}

export interface AuditProduct extends PlainAuditProduct {
  /** Units in open holds; absent: none. */
  readonly reserved?: number;
  /** Units of cancelled orders that went back into stock; absent: none. */
  readonly returned?: number;
}

export interface Audit extends Omit<AuditReport, 'products'> {
  readonly products: readonly AuditProduct[];
}

export type GroupName = MemberStatus['group'];
export type Replica = AuditReport['replicas'][number];

export interface StockEvent {
  readonly id: number;
  readonly quantity: number;
  readonly version: number;
}

export type ProductEvent =
  | { readonly change: 'add' | 'update'; readonly product: Product }
  | { readonly change: 'remove'; readonly id: number };

export interface LeaderEvent {
  readonly at: string;
  readonly group: GroupName;
  /** Null: the leader was lost, and there is no new one yet. */
  readonly leader: string | null;
  readonly epoch: number;
  /** Time since the last sign of life of the previous leader. */
  readonly outage_ms: number;
}

export interface MemberEvent {
  readonly at: string;
  readonly name: string;
  readonly group: GroupName;
  readonly kind: 'replica' | 'recovery';
  readonly state: 'up' | 'down';
}

export interface FrontendEvent {
  readonly at: string;
  readonly name: string;
  readonly state: 'up' | 'down' | 'stopped';
  readonly raw: string;
  readonly http: string;
  readonly message: string;
}

export interface FaultEvent {
  readonly at: string;
  readonly what: string;
  readonly group: GroupName;
  readonly name: string | null;
  readonly message: string;
}
