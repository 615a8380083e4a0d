/**
 * Makes the rows of the tables from the catalog's state. Invariant: every value is absolute, so a row
 * may be written again (docs/SQL-ENGINE.md, S5).
 */
import { databaseLimits } from '../../base/database-limits.js';
import { cancellationRow, fromColumn, movementRow, toColumn } from '../../database/book-rows.js';
import type {
  CancellationRow,
  CancelledOrderRow,
  ChangeKeyRow,
  HoldRow,
  MovementRow,
  OrderRow,
  ProductRow,
  PurchaseKeyKind,
  PurchaseKeyRow,
  UseKeyRow,
  UseRow,
} from '../../database/rows.js';
import { decode } from '../../wire/codec.js';
import type { Sale, SalesMessage } from '../../wire/internal.js';
import type { Movement } from '../../wire/movement.js';
import type { Cancellation } from '../../wire/trade.js';
import type {
  CancelledView,
  CatalogView,
  HoldsView,
  KeysView,
  UsesView,
} from '../machine/catalog-view.js';
import type { KeptHold } from '../machine/hold-slab.js';
import { hashesOf } from '../machine/key-snapshot.js';
import type { Use } from '../machine/limit-uses.js';
import type { Product } from '../machine/product-record.js';
import { fromLimit } from '../machine/product-record.js';
import type { WriteKeyRecord } from '../machine/write-keys.js';

/** The keys of a kind that have an ordinal of at least `from`. */
export interface KeyRange {
  /** Ordinal of the oldest key. */
  readonly kept: number;
  readonly from: number;
}

export function productRow(product: Readonly<Product>): ProductRow {
  const { id, name, topic, priceCents, stock, version, received, sold, removed } = product;
  const { restockTo, reserved, returned, limit } = product;
  const [limitQuantity, limitWindowSeconds] = limit ? fromLimit(limit) : [null, null];
  return {
    ...{ id, name, topic, priceCents, quantity: stock, version, received, sold, removed },
    ...{ restockTo, reserved, returned, limitQuantity, limitWindowSeconds },
  };
}

/** The orders of one entry's sales. */
export function orderRows([, , bytes]: SalesMessage, seq: number): OrderRow[] {
  return (decode(bytes) as Sale[]).map((sale) => orderRow(sale, seq));
}

export function orderRow(
  [number, key, lines, totalCents, at, customer]: Sale,
  seq: number,
): OrderRow {
  const rows = lines.map(([productId, name, quantity, priceCents]) => {
    return { productId, name, quantity, priceCents };
  });
  return { number, key, lines: rows, totalCents, at, seq, customer: customer ?? null };
}

export function* purchaseKeyRows(
  view: CatalogView,
  kind: PurchaseKeyKind,
  range: KeyRange,
): Generator<PurchaseKeyRow> {
  const keys = kind === 'client' ? view.clientKeys : view.frontendKeys;
  for (const [ordinal, record] of numbered(keys, range)) {
    const { digest, requestHash } = hashesOf(record);
    const { code, first, second, time } = record;
    yield { kind, ordinal, digest, requestHash, code, first, second, time };
  }
}

export function* changeKeyRows(view: CatalogView, range: KeyRange): Generator<ChangeKeyRow> {
  const records = numbered<WriteKeyRecord>(view.changeKeys, range);
  for (const [ordinal, { key: digest, requestHash, result, time }] of records) {
    yield { ordinal, digest, requestHash, result, time };
  }
}

export function holdRow(hold: KeptHold): HoldRow {
  const { serial, id, customer = null, state, ttlSeconds, wallOrOrder, reference } = hold;
  const isConfirmed = state === 'confirmed';
  return {
    ...{ serial, id, customer, state, ttlSeconds },
    ...{ openedTime: hold.openedAt, openedMs: hold.openedWall, endTime: hold.at },
    expiresMs: isConfirmed ? null : wallOrOrder,
    orderNumber: isConfirmed ? wallOrOrder : null,
    reference: reference === undefined ? null : toColumn(reference),
    lines: hold.lines.map(({ id: productId, quantity, priceCents }) => {
      return { productId, quantity, priceCents };
    }),
  };
}

export function keptHold(row: HoldRow): KeptHold {
  const { serial, id, customer, state, ttlSeconds, openedTime, openedMs, endTime, reference } = row;
  return {
    ...{ serial, id, customer: customer ?? undefined, state, ttlSeconds },
    ...{ openedAt: openedTime, openedWall: openedMs, at: endTime },
    wallOrOrder: row.orderNumber ?? row.expiresMs ?? 0,
    reference: reference === null ? undefined : fromColumn(reference),
    lines: row.lines.map(({ productId, quantity, priceCents }) => {
      return { id: productId, quantity, priceCents };
    }),
  };
}

/** Ascending by serial number, after this one. */
export function* holdRows(holds: HoldsView, after = 0): Generator<HoldRow> {
  const serials = new Float64Array(holds.kept);
  let count = 0;
  for (const { serial } of holds.all()) serials[count++] = serial;
  for (const serial of serials.sort()) {
    if (serial > after) yield holdRow(holds.read(serial));
  }
}

/** All holds, for an audit that compares them one by one; undefined if there are too many for it. */
export function fewHolds(holds: HoldsView): readonly HoldRow[] | undefined {
  return holds.kept > databaseLimits.auditHoldsMax ? undefined : [...holdRows(holds)];
}

/** Resolved holds whose end is before this log time are forgotten; 0 if there never was a hold. */
export function resolvedFrom({ last, oldestEnd }: HoldsView): number {
  return last === 0 ? 0 : (oldestEnd ?? Number.MAX_SAFE_INTEGER);
}

export function useRow(use: Use): UseRow {
  const { product: productId, customer, source, time, since: lastSale, quantity } = use;
  return { productId, customer, source, time, lastSale, quantity };
}

export function keptUse(row: UseRow): Use {
  const { productId: product, customer, source, time, lastSale: since, quantity } = row;
  return { product, customer, source, time, since, quantity };
}

/** All uses in the order of `byUseKey`. */
export function useRows(uses: UsesView): UseRow[] {
  return Array.from(uses.all(), useRow).sort(byUseKey);
}

/** The order of the tables. */
export function byUseKey(one: UseKeyRow, other: UseKeyRow): number {
  return (
    one.productId - other.productId ||
    Buffer.compare(one.customer, other.customer) ||
    one.source - other.source
  );
}

/** For people. */
export function useName({ productId, customer, source }: UseKeyRow): string {
  return `${productId} ${Buffer.from(customer).toString('hex')} ${source}`;
}

/** As `fewHolds`. */
export function fewUses({ head, uses }: CatalogView): readonly UseRow[] | undefined {
  return (head.uses ?? 0) > databaseLimits.auditUsesMax ? undefined : useRows(uses);
}

/** The cancellations of one entry. */
export function cancellationRows([first, , bytes]: SalesMessage): CancellationRow[] {
  return (decode(bytes) as Cancellation[]).map((one) => cancellationRow(one, first));
}

/** The movements of one run. */
export function movementRows([first, , bytes]: SalesMessage): MovementRow[] {
  return (decode(bytes) as Movement[]).map((one) => movementRow(one, one[0] === first));
}

/** Ascending by order. */
export function cancelledRows(cancelled: CancelledView): CancelledOrderRow[] {
  return [...cancelled.all()].sort((one, other) => one.order - other.order);
}

/** As `fewHolds`. */
export function fewCancelled({ cancelled }: CatalogView): readonly CancelledOrderRow[] | undefined {
  return cancelled.size > databaseLimits.auditCancelledMax ? undefined : cancelledRows(cancelled);
}

function* numbered<Record>(
  keys: KeysView<Record>,
  { kept, from }: KeyRange,
): Generator<[ordinal: number, Readonly<Record>]> {
  if (from >= kept + keys.size) return;
  let ordinal = Math.max(from, kept);
  for (const record of keys.records(ordinal - kept)) yield [ordinal++, record];
}
