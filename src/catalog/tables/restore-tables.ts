/**
 * Restores the catalog's state from the tables, by making the pieces of a catalog snapshot from their
 * rows, one at a time. Invariants: the restored state has the hash of the state that was written; the
 * orders of one log position form one run of sales, as they did when they were sold, and so do
 * cancellations and movements of stock.
 */
import { assert } from '../../base/assert.js';
import { storageLimits } from '../../base/limits.js';
import { toCancellation, toMovement, toSale } from '../../database/book-rows.js';
import type {
  CancellationRow,
  ChangeKeyRow,
  HoldRow,
  MovementRow,
  ProductRow,
  PurchaseKeyKind,
  PurchaseKeyRow,
  TableState,
  TablesReader,
  UseRow,
} from '../../database/rows.js';
import { encode } from '../../wire/codec.js';
import type { SalesMessage } from '../../wire/internal.js';
import { saveCancelled } from '../machine/cancel-snapshot.js';
import type { CatalogMachine } from '../machine/catalog-machine.js';
import { savePiece, saveProduct, saveWithHolds } from '../machine/catalog-snapshot.js';
import { saveHold } from '../machine/hold-snapshot.js';
import { saveRecords } from '../machine/key-snapshot.js';
import { saveUse } from '../machine/limit-snapshot.js';
import type { Numbered } from '../machine/numbered-runs.js';
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
  const { head, firstSale, firstCancellation, firstMovement, ...rest } = readState(state);
  const { kept, next, resolvedFrom } = rest;
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
  const sales = items(reader.orders(firstSale), toSale, ({ seq }) => seq);
  for await (const run of runs('orders', sales, firstSale, head.lastSale)) {
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
  yield* cancellationPieces(reader, firstCancellation, head);
  yield* movementPieces(reader, firstMovement, head);
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

/** The cancellations that the state holds, and what is cancelled of each order. */
async function* cancellationPieces(
  reader: TablesReader,
  first: number,
  { lastCancellation: last = 0, cancelledOrders = 0 }: SavedHead,
): AsyncGenerator<Uint8Array> {
  if (last === 0) return;
  const rows = reader.cancellations(first);
  const held = items(rows, toCancellation, ({ batch }: CancellationRow) => batch);
  for await (const run of runs('cancellations', held, first, last)) {
    yield savePiece(['cancellations', ...run]);
  }
  let orders = 0;
  let count = 0;
  for await (const some of reader.cancelledOrders()) {
    orders += some.length;
    count = some.reduce((sum, row) => sum + row.count, count);
    for (const piece of saveCancelled({ all: () => some })) yield savePiece(['cancelled', piece]);
  }
  if (count !== last) throw damaged(`cancellations has ${count} rows, not ${last}`);
  if (orders !== cancelledOrders) {
    throw damaged(`cancellations has ${orders} orders, not ${cancelledOrders}`);
  }
}

/** The movements of stock that the state holds. */
async function* movementPieces(
  reader: TablesReader,
  first: number,
  { lastMovement: last = 0 }: SavedHead,
): AsyncGenerator<Uint8Array> {
  if (last === 0) return;
  let begun = 0;
  const runOf = ({ beginsRun }: MovementRow): number => (beginsRun ? ++begun : begun);
  const held = items(reader.movements(first), toMovement, runOf);
  for await (const run of runs('stock_movements', held, first, last)) {
    yield savePiece(['movements', ...run]);
  }
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

/** A sale, a cancellation or a movement. All items of one run have the same `entry`. */
interface Item {
  readonly item: Numbered;
  readonly entry: number;
}

async function* items<Row>(
  batches: AsyncIterable<readonly Row[]>,
  toItem: (row: Row) => Numbered,
  entryOf: (row: Row) => number,
): AsyncGenerator<Item> {
  for await (const rows of batches) {
    for (const row of rows) yield { item: toItem(row), entry: entryOf(row) };
  }
}

/** The tables whose rows form runs, and what a row is, for messages. */
const nouns = {
  orders: 'order',
  cancellations: 'cancellation',
  stock_movements: 'movement',
} as const;

/**
 * Joins the items to runs. Throws `internal` unless they are exactly `first` … `last`.
 */
async function* runs(
  table: keyof typeof nouns,
  all: AsyncIterable<Item>,
  first: number,
  last: number,
): AsyncGenerator<SalesMessage> {
  let run: Numbered[] = [];
  let next = first;
  let current = 0;
  for await (const { item, entry } of all) {
    const [number] = item;
    if (number !== next || next > last) {
      throw damaged(`${nouns[table]} ${number} follows ${next - 1}`);
    }
    if (entry !== current && run.length > 0) {
      yield toRun(run);
      run = [];
    }
    run.push(item);
    current = entry;
    next++;
  }
  if (next !== last + 1) throw damaged(`${table} lacks ${next}`);
  if (run.length > 0) yield toRun(run);
}

function toRun(run: readonly Numbered[]): SalesMessage {
  return [run[0]?.[0] ?? 0, run.length, encode(run)];
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
