/**
 * Makes the rows of the tables from the catalog's state. Invariant: every value is absolute, so a row
 * may be written again (docs/SQL-ENGINE.md, S5).
 */
import type {
  ChangeKeyRow,
  OrderRow,
  ProductRow,
  PurchaseKeyKind,
  PurchaseKeyRow,
} from '../../database/rows.js';
import { decode } from '../../wire/codec.js';
import type { Sale, SalesMessage } from '../../wire/internal.js';
import type { CatalogView, KeysView } from '../machine/catalog-view.js';
import { hashesOf } from '../machine/key-snapshot.js';
import type { Product } from '../machine/products.js';
import type { WriteKeyRecord } from '../machine/write-keys.js';

/** The keys of a kind that have an ordinal of at least `from`. */
export interface KeyRange {
  /** Ordinal of the oldest key. */
  readonly kept: number;
  readonly from: number;
}

export function productRow(product: Readonly<Product>): ProductRow {
  const { id, name, topic, priceCents, stock, version, received, sold, removed } = product;
  const { restockTo } = product;
  return {
    id,
    name,
    topic,
    priceCents,
    quantity: stock,
    version,
    received,
    sold,
    removed,
    restockTo,
  };
}

/** The orders of one entry's sales. */
export function orderRows([, , bytes]: SalesMessage, seq: number): OrderRow[] {
  return (decode(bytes) as Sale[]).map((sale) => orderRow(sale, seq));
}

export function orderRow([number, key, lines, totalCents, at]: Sale, seq: number): OrderRow {
  const rows = lines.map(([productId, name, quantity, priceCents]) => {
    return { productId, name, quantity, priceCents };
  });
  return { number, key, lines: rows, totalCents, at, seq };
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

function* numbered<Record>(
  keys: KeysView<Record>,
  { kept, from }: KeyRange,
): Generator<[ordinal: number, Readonly<Record>]> {
  if (from >= kept + keys.size) return;
  let ordinal = Math.max(from, kept);
  for (const record of keys.records(ordinal - kept)) yield [ordinal++, record];
}
