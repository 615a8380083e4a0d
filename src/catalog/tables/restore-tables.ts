/**
 * Restores the catalog's state from the tables, by making the pieces of a catalog snapshot from their
 * rows, one at a time. Invariants: the restored state has the hash of the state that was written; the
 * orders of one log position form one run of sales, as they did when they were sold.
 */
import { assert } from '../../base/assert.js';
import { storageLimits } from '../../base/limits.js';
import type {
  ChangeKeyRow,
  OrderRow,
  ProductRow,
  PurchaseKeyKind,
  PurchaseKeyRow,
  TableState,
  TablesReader,
} from '../../database/rows.js';
import { encode } from '../../wire/codec.js';
import type { Sale, SalesMessage } from '../../wire/internal.js';
import type { CatalogMachine } from '../machine/catalog-machine.js';
import { savePiece, saveProduct } from '../machine/catalog-snapshot.js';
import { saveRecords } from '../machine/key-snapshot.js';
import type { SavedProduct } from '../machine/snapshot-shapes.js';
import { saveWriteKeys } from '../machine/write-keys.js';
import { damaged, readState } from './table-state.js';

/**
 * Replaces the machine's state by that of the tables, and returns their state row for
 * `CatalogTables.startFrom`. Rejects with `internal` if rows are missing. On failure the machine does not
 * change.
 */
export async function restoreFromTables(
  reader: TablesReader,
  machine: CatalogMachine,
): Promise<TableState> {
  const state = await reader.state();
  if (state.appliedSeq === 0) {
    assert(machine.appliedSeq === 0, 'empty tables belong to a machine without entries');
    return state;
  }
  const restore = machine.beginRestore();
  for await (const piece of piecesOfTables(reader, state)) restore.take(piece);
  restore.finish();
  return state;
}

/** Yields the pieces of a catalog snapshot; none if the tables are empty. */
export async function* piecesOfTables(
  reader: TablesReader,
  state: TableState,
): AsyncGenerator<Uint8Array> {
  const { head, firstSale, kept, next } = readState(state);
  if (!head) return;
  const { pieceProducts, pieceKeys, pieceWriteKeys } = storageLimits;
  yield savePiece(['head', head]);
  let products = 0;
  for await (const rows of parts(reader.products(), pieceProducts)) {
    products += rows.length;
    yield savePiece(['products', rows.map(toSavedProduct)]);
  }
  if (products !== head.products)
    throw damaged(`products has ${products} rows, not ${head.products}`);
  for await (const run of runs(reader.orders(firstSale), firstSale, head.lastSale)) {
    yield savePiece(['sales', ...run]);
  }
  for (const kind of ['client', 'frontend'] as const) {
    const ordinals = ordinalCheck(`purchase_keys, ${kind}`, kept[kind], next[kind]);
    for await (const rows of parts(reader.purchaseKeys(kind), pieceKeys)) {
      yield toKeysPiece(kind, rows, ordinals);
    }
    ordinals.end();
  }
  const ordinals = ordinalCheck('change_keys', kept.change, next.change);
  for await (const rows of parts(reader.changeKeys(), pieceWriteKeys)) {
    for (const { ordinal } of rows) ordinals.take(ordinal);
    yield savePiece(['write keys', saveWriteKeys(rows.map(toWriteKey))]);
  }
  ordinals.end();
}

function toSavedProduct(row: ProductRow): SavedProduct {
  return saveProduct({ ...row, stock: row.quantity, reserved: 0, returned: 0, limit: null });
}

function toKeysPiece(
  kind: PurchaseKeyKind,
  rows: readonly PurchaseKeyRow[],
  ordinals: OrdinalCheck,
): Uint8Array {
  for (const { ordinal } of rows) ordinals.take(ordinal);
  return savePiece([`${kind} keys`, saveRecords(rows)]);
}

function toWriteKey({ digest: key, requestHash, result, time }: ChangeKeyRow) {
  return { key, requestHash, result, time };
}

/** Yields the sales of each log position, and all of them. */
async function* runs(
  batches: AsyncIterable<readonly OrderRow[]>,
  first: number,
  last: number,
): AsyncGenerator<SalesMessage> {
  let sales: Sale[] = [];
  let next = first;
  let seq = 0;
  for await (const rows of batches) {
    for (const row of rows) {
      if (row.number !== next || next > last)
        throw damaged(`order ${row.number} follows ${next - 1}`);
      if (row.seq !== seq && sales.length > 0) {
        yield toRun(sales);
        sales = [];
      }
      sales.push(toSale(row));
      seq = row.seq;
      next++;
    }
  }
  if (next !== last + 1) throw damaged(`orders lacks ${next}`);
  if (sales.length > 0) yield toRun(sales);
}

function toRun(sales: readonly Sale[]): SalesMessage {
  return [sales[0]?.[0] ?? 0, sales.length, encode(sales)];
}

export function toSale({ number, key, lines, totalCents, at }: OrderRow): Sale {
  const sold = lines.map(({ productId, name, quantity, priceCents }) => {
    return [productId, name, quantity, priceCents] as const;
  });
  return [number, key, sold, totalCents, at];
}

/** Checks that the ordinals of a kind come one after the other, and all of them. */
interface OrdinalCheck {
  take(ordinal: number): void;
  end(): void;
}

function ordinalCheck(table: string, kept: number, next: number): OrdinalCheck {
  let expected = kept;
  return {
    take: (ordinal) => {
      if (ordinal !== expected || ordinal >= next) {
        throw damaged(`${table}: ordinal ${ordinal} follows ${expected - 1}`);
      }
      expected++;
    },
    end: () => {
      if (expected !== next) throw damaged(`${table} lacks ordinal ${expected}`);
    },
  };
}

/** The same rows in batches of at most `max`. */
async function* parts<Row>(
  batches: AsyncIterable<readonly Row[]>,
  max: number,
): AsyncGenerator<readonly Row[]> {
  for await (const rows of batches) {
    for (let at = 0; at < rows.length; at += max) yield rows.slice(at, at + max);
  }
}
