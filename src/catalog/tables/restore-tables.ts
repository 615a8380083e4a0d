/**
 * Restores the catalog's state from the tables, by making the pieces of a catalog snapshot from their
 * rows, one at a time. Invariants: the restored state has the hash of the state that was written; the
 * orders of one log position form one run of sales, as they did when they were sold.
 */
import { assert } from '../../base/assert.js';
import { storageLimits } from '../../base/limits.js';
import type {
  ChangeKeyRow,
  HoldRow,
  OrderRow,
  ProductRow,
  PurchaseKeyKind,
  PurchaseKeyRow,
  TableState,
  TablesReader,
  UseRow,
} from '../../database/rows.js';
import { encode } from '../../wire/codec.js';
import type { Sale, SalesMessage } from '../../wire/internal.js';
import type { CatalogMachine } from '../machine/catalog-machine.js';
import { savePiece, saveProduct, saveWithHolds } from '../machine/catalog-snapshot.js';
import { saveHold } from '../machine/hold-snapshot.js';
import { saveRecords } from '../machine/key-snapshot.js';
import { saveUse } from '../machine/limit-snapshot.js';
import { toLimit } from '../machine/product-record.js';
import type { SavedHead, SavedProduct } from '../machine/snapshot-shapes.js';
import { saveWriteKeys } from '../machine/write-keys.js';
import { keptHold, keptUse } from './table-rows.js';
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
  const { head, firstSale, kept, next, resolvedFrom } = readState(state);
  if (!head) return;
  const { pieceProducts, pieceKeys, pieceWriteKeys } = storageLimits;
  yield savePiece(['head', head]);
  let products = 0;
  const reserved = new Map<number, number>();
  const saveRow = savingFor(head);
  for await (const rows of parts(reader.products(), pieceProducts)) {
    products += rows.length;
    for (const row of rows) if (row.reserved > 0) reserved.set(row.id, row.reserved);
    yield savePiece(['products', rows.map(saveRow)]);
  }
  if (products !== head.products)
    throw damaged(`products has ${products} rows, not ${head.products}`);
  for await (const run of runs(reader.orders(firstSale), firstSale, head.lastSale)) {
    yield savePiece(['sales', ...run]);
  }
  for (const kind of ['client', 'frontend'] as const) {
    const ordinals = ordinalCheck(`purchase_keys, ${kind}`, kept[kind], next[kind]);
    for await (const rows of parts(reader.purchaseKeys(kind, kept[kind]), pieceKeys)) {
      yield toKeysPiece(kind, rows, ordinals);
    }
    ordinals.end();
  }
  const ordinals = ordinalCheck('change_keys', kept.change, next.change);
  for await (const rows of parts(reader.changeKeys(kept.change), pieceWriteKeys)) {
    for (const { ordinal } of rows) ordinals.take(ordinal);
    yield savePiece(['write keys', saveWriteKeys(rows.map(toWriteKey))]);
  }
  ordinals.end();
  yield* holdPieces(reader.holds(resolvedFrom, 'open ones first, then by end'), head, reserved);
  yield* usePieces(reader.uses(), head);
}

/** A row as a snapshot under the rules of this head saves it. */
function savingFor({ rules = 0 }: SavedHead): (row: ProductRow) => SavedProduct {
  const save = rules > 2 ? saveWithHolds : saveProduct;
  return (row) => {
    const { quantity: stock, limitQuantity, limitWindowSeconds } = row;
    const limit = limitQuantity === null ? null : toLimit([limitQuantity, limitWindowSeconds]);
    return save({ ...row, stock, limit });
  };
}

/** `reserved`: the units of each product that the open holds must have. */
async function* holdPieces(
  batches: AsyncIterable<readonly HoldRow[]>,
  { holds = 0, lastHold = 0 }: SavedHead,
  reserved: Map<number, number>,
): AsyncGenerator<Uint8Array> {
  let count = 0;
  for await (const rows of parts(batches, storageLimits.pieceHolds)) {
    count += rows.length;
    for (const { serial, state, lines } of rows) {
      if (serial > lastHold) throw damaged(`hold ${serial} follows the last one, ${lastHold}`);
      if (state !== 'open') continue;
      for (const { productId, quantity } of lines) {
        reserved.set(productId, (reserved.get(productId) ?? 0) - quantity);
      }
    }
    yield savePiece(['holds', rows.map((row) => saveHold(keptHold(row)))]);
  }
  if (count !== holds) throw damaged(`holds has ${count} rows, not ${holds}`);
  for (const [id, units] of reserved) {
    if (units !== 0) throw damaged(`open holds of product ${id} are not its reserved units`);
  }
}

async function* usePieces(
  batches: AsyncIterable<readonly UseRow[]>,
  { uses = 0 }: SavedHead,
): AsyncGenerator<Uint8Array> {
  let count = 0;
  for await (const rows of parts(batches, storageLimits.pieceUses)) {
    count += rows.length;
    yield savePiece(['uses', rows.map((row) => saveUse(keptUse(row)))]);
  }
  if (count !== uses) throw damaged(`limit_uses has ${count} rows, not ${uses}`);
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

export function toSale({ number, key, lines, totalCents, at, customer }: OrderRow): Sale {
  const sold = lines.map(({ productId, name, quantity, priceCents }) => {
    return [productId, name, quantity, priceCents] as const;
  });
  const sale = [number, key, sold, totalCents, at] as const;
  return customer === null ? sale : [...sale, customer];
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
