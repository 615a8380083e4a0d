/**
 * The rows of the tables behind the catalog's log. All values are absolute, so writing the same
 * changes twice changes nothing (docs/SQL-ENGINE.md, S5).
 */

export interface ProductRow {
  readonly id: number;
  readonly name: string;
  readonly topic: string;
  readonly priceCents: number;
  /** Units that can be sold or reserved: received − sold + returned − reserved. */
  readonly quantity: number;
  readonly version: number;
  readonly received: number;
  readonly sold: number;
  /** A removed product stays, because orders name it. */
  readonly removed: boolean;
  readonly restockTo: number | null;
  /** Units in open holds. */
  readonly reserved: number;
  /** Units of cancelled orders that went back into stock. */
  readonly returned: number;
  /** How much one customer may buy; null: any number. */
  readonly limitQuantity: number | null;
  /** Null: no limit, or one without a window. */
  readonly limitWindowSeconds: number | null;
}

export interface OrderLineRow {
  readonly productId: number;
  /** The name at the time of the sale. */
  readonly name: string;
  readonly quantity: number;
  readonly priceCents: number;
}

/** An order, which is the catalog's sale of the same number. */
export interface OrderRow {
  readonly number: number;
  /** Digest of its purchase key, 16 bytes. */
  readonly key: Uint8Array;
  readonly lines: readonly OrderLineRow[];
  readonly totalCents: number;
  /** Wall time in milliseconds. */
  readonly at: number;
  /** Log position of its sale. */
  readonly seq: number;
  /** Digest of the customer's name, 16 bytes. */
  readonly customer: Uint8Array | null;
}

/** A cancellation of an order (docs/STOCK.md). It never changes. */
export interface CancellationRow {
  readonly number: number;
  /** Digest of its key, 16 bytes. */
  readonly key: Uint8Array;
  readonly orderNumber: number;
  readonly lines: readonly OrderLineRow[];
  readonly totalCents: number;
  /** The units went back into stock. */
  readonly restock: boolean;
  readonly reason: string | null;
  /** Wall time in milliseconds. */
  readonly at: number;
  /** Number of the order's cancellation before this one; 0: there is none. */
  readonly previous: number;
  /** Id and units of all that is cancelled of the order with this one, in one flat list. */
  readonly cancelled: readonly number[];
  /** Nothing is left of the order. */
  readonly isWhole: boolean;
  /** Number of the first cancellation of the same log entry. */
  readonly batch: number;
}

/** What the cancellations of an order make. */
export interface CancelledOrderRow {
  readonly order: number;
  /** Number of its newest cancellation. */
  readonly last: number;
  /** Number of its cancellations. */
  readonly count: number;
  /** `cancelled` of the newest one. */
  readonly units: readonly number[];
}

/** A change of a product's stock (docs/STOCK.md, Ledger). It never changes. */
export interface MovementRow {
  readonly number: number;
  readonly productId: number;
  /** A name of `movementCauses`. */
  readonly cause: string;
  /** Number of what caused it; 0: the cause has none. */
  readonly source: number;
  readonly delta: number;
  readonly reservedDelta: number;
  /** Units after it. */
  readonly available: number;
  readonly reserved: number;
  /** Wall time in milliseconds. */
  readonly at: number;
  readonly reason: string | null;
  readonly reference: string | null;
  /** It is the first one of its run. */
  readonly beginsRun: boolean;
}

export type PurchaseKeyKind = 'client' | 'frontend';

/** The stored outcome of a purchase key. The numbers mean what they mean in the key table. */
export interface PurchaseKeyRow {
  readonly kind: PurchaseKeyKind;
  /** Counts the keys of its kind since the founding, from 1. */
  readonly ordinal: number;
  /** 16 bytes. */
  readonly digest: Uint8Array;
  /** 8 bytes. */
  readonly requestHash: Uint8Array;
  readonly code: number;
  readonly first: number;
  readonly second: number;
  /** Log time. */
  readonly time: number;
}

/** The stored result of a keyed change of a product. */
export interface ChangeKeyRow {
  readonly ordinal: number;
  readonly digest: Uint8Array;
  readonly requestHash: Uint8Array;
  /** MessagePack. */
  readonly result: Uint8Array;
  readonly time: number;
}

export interface HoldLineRow {
  readonly productId: number;
  readonly quantity: number;
  readonly priceCents: number;
}

/** A hold (docs/STOCK.md). Its lines never change. */
export interface HoldRow {
  readonly serial: number;
  /** 16 bytes. */
  readonly id: Uint8Array;
  /** 16 bytes. */
  readonly customer: Uint8Array | null;
  readonly state: 'open' | 'confirmed' | 'released' | 'expired';
  readonly ttlSeconds: number;
  /** Log time. */
  readonly openedTime: number;
  readonly openedMs: number;
  /** Log time: when an open hold is due, or when it was resolved. */
  readonly endTime: number;
  /** Wall time when it is due; null if it was confirmed. */
  readonly expiresMs: number | null;
  /** Null unless it was confirmed. */
  readonly orderNumber: number | null;
  readonly reference: string | null;
  readonly lines: readonly HoldLineRow[];
}

/** What holds need; absent in changes of a store that never had one. */
export interface HoldChanges {
  /** Ascending by serial number. */
  readonly rows: readonly HoldRow[];
  /** Holds through this serial number have their lines in the tables already. */
  readonly linesThrough: number;
  /** Serial numbers of holds that changed since the last write, and are forgotten since. */
  readonly gone: readonly number[];
  /** Resolved holds whose end is before this log time are forgotten. */
  readonly resolvedFrom: number;
}

/** Names a use of a purchase limit. */
export interface UseKeyRow {
  readonly productId: number;
  /** 16 bytes. */
  readonly customer: Uint8Array;
  readonly source: number;
}

/** What a customer has bought or holds of a limited product (docs/STOCK.md). */
export interface UseRow extends UseKeyRow {
  /** Log time. */
  readonly time: number;
  /** Number of the last sale before it. */
  readonly lastSale: number;
  readonly quantity: number;
}

/** How the uses changed; absent if they did not. No use is in two of these. */
export interface UseChanges {
  /** They are added, or get these values. */
  readonly rows: readonly UseRow[];
  readonly gone: readonly UseKeyRow[];
  /** The windows of the uses of a product through this log time are over. */
  readonly ended: readonly { readonly productId: number; readonly through: number }[];
  /** Products of which all uses that exist are in `rows`. */
  readonly replaced: readonly number[];
}

/** The first ordinal of each kind that still exists; rows before it are deleted. */
export interface KeptKeys {
  readonly client: number;
  readonly frontend: number;
  readonly change: number;
}

/** How far the tables are with what the catalog numbers; 0 if there is none. */
export interface TableEnds {
  readonly lastOrder: number;
  readonly lastCancellation: number;
  readonly lastMovement: number;
}

/** The one row that says which state the tables show. */
export interface TableState extends TableEnds {
  readonly appliedSeq: number;
  /**
   * The small state in MessagePack: the head of a catalog snapshot, the oldest sale, cancellation and
   * movement held, and the kept keys. Empty before the first write.
   */
  readonly head: Uint8Array;
}

/** Brings the tables to the state just after `appliedSeq`. */
export interface TableChanges extends TableState {
  readonly products: readonly ProductRow[];
  readonly orders: readonly OrderRow[];
  readonly purchaseKeys: readonly PurchaseKeyRow[];
  readonly changeKeys: readonly ChangeKeyRow[];
  readonly kept: KeptKeys;
  readonly holds?: HoldChanges | undefined;
  readonly uses?: UseChanges | undefined;
  /** Ascending; absent if there are none. */
  readonly cancellations?: readonly CancellationRow[] | undefined;
  /** As `cancellations`. */
  readonly movements?: readonly MovementRow[] | undefined;
}

/** In which order holds are read. */
export type HoldOrder = 'by serial' | 'open ones first, then by end';

/**
 * Reads the tables in one snapshot of the database. Rows come in batches of limited size, ascending by
 * id, number or ordinal; holds in the given order; uses by product, customer and source.
 */
export interface TablesReader {
  state(): Promise<TableState>;
  products(): AsyncIterable<readonly ProductRow[]>;
  /** The orders from this number on. Their lines are in the order of the sale. */
  orders(from: number): AsyncIterable<readonly OrderRow[]>;
  /** The keys from this ordinal on. Rows of dropped keys may wait before it to be deleted. */
  purchaseKeys(kind: PurchaseKeyKind, from: number): AsyncIterable<readonly PurchaseKeyRow[]>;
  changeKeys(from: number): AsyncIterable<readonly ChangeKeyRow[]>;
  /** The open holds, and the resolved ones whose end is at or after this log time. */
  holds(resolvedFrom: number, order: HoldOrder): AsyncIterable<readonly HoldRow[]>;
  uses(): AsyncIterable<readonly UseRow[]>;
  /** The cancellations from this number on, as `orders`. */
  cancellations(from: number): AsyncIterable<readonly CancellationRow[]>;
  /** The orders that have cancellations, by number. */
  cancelledOrders(): AsyncIterable<readonly CancelledOrderRow[]>;
  /** The movements of stock from this number on. */
  movements(from: number): AsyncIterable<readonly MovementRow[]>;
}
