/**
 * The answers of the HTTP routes and the events of `/events` that the page reads (docs/API.md).
 * Types only, derived from the public schemas. Imports no runtime code.
 */
import type { Product } from '../../wire/schemas.js';
import type { AuditReport, MemberStatus } from '../../wire/status-schemas.js';

export type { Order, Placed, Product } from '../../wire/schemas.js';
export type {
  AuditProduct,
  AuditReport as Audit,
  FrontendStatus as Frontend,
  MemberStatus as Member,
  StoreStatus as Status,
} from '../../wire/status-schemas.js';

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
