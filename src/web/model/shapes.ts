/**
 * What the store answers over HTTP and tells over `/events`, as the page reads it
 * (docs/INTERFACES.md). The page is a client like any other, so it keeps shapes of its own.
 */
export interface Product {
  readonly id: number;
  readonly name: string;
  readonly topic: string;
  readonly price: number;
  readonly quantity: number;
  readonly version: number;
}

export interface Placed {
  readonly order_number: number;
  readonly total: number;
}

export interface Order {
  readonly number: number;
  readonly lines: readonly {
    readonly id: number;
    readonly name: string;
    readonly quantity: number;
    readonly price: number;
  }[];
  readonly total: number;
  readonly at: string;
}

export type GroupName = 'catalog' | 'order';

export interface Member {
  readonly name: string;
  readonly group: GroupName;
  readonly kind: 'replica' | 'recovery';
  readonly role: 'leader' | 'follower' | 'learner' | 'down';
  readonly epoch: number;
  readonly log_end: number;
  readonly commit: number;
  readonly pid: number;
}

export interface Frontend {
  readonly name: string;
  readonly pid: number;
  readonly cache: Readonly<Record<string, number>>;
  readonly lease: Readonly<Record<string, number | boolean>>;
}

export interface Status {
  readonly members: readonly Member[];
  readonly frontends: readonly Frontend[];
}

export interface AuditProduct {
  readonly id: number;
  readonly name: string;
  readonly received: number;
  readonly sold: number;
  readonly stock: number;
  readonly ordered: number;
}

export interface Replica {
  readonly name: string;
  readonly group: GroupName;
  readonly seq: number;
  readonly hash: string;
}

export interface Audit {
  readonly ok: boolean;
  readonly sales: number;
  readonly orders: number;
  readonly products: readonly AuditProduct[];
  readonly replicas: readonly Replica[];
  readonly problems: readonly string[];
}

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
  /** Null: the leader was lost, and nobody follows yet. */
  readonly leader: string | null;
  readonly epoch: number;
  /** Since the last sign of life of the leader before. */
  readonly outage_ms: number;
}

export interface MemberEvent {
  readonly at: string;
  readonly name: string;
  readonly group: GroupName;
  readonly kind: 'replica' | 'recovery';
  readonly state: 'up' | 'down';
}

export interface FaultEvent {
  readonly at: string;
  readonly what: string;
  readonly group: GroupName;
  readonly name: string | null;
  readonly message: string;
}
