/**
 * Compares the tables with the state of a machine at the same log position, for the audit. It names the
 * rows that differ, for example one that somebody changed with `UPDATE products`. Orders,
 * cancellations and movements of stock are compared from the oldest one on that the machine still holds.
 */
import type {
  CancellationRow,
  CancelledOrderRow,
  HoldRow,
  OrderLineRow,
  OrderRow,
  ProductRow,
  PurchaseKeyRow,
  TablesReader,
} from '../../database/rows.js';
import type { CatalogMachine } from '../machine/catalog-machine.js';
import type { CatalogView } from '../machine/catalog-view.js';
import {
  byUseKey,
  cancellationRows,
  cancelledRows,
  changeKeyRows,
  holdRows,
  movementRows,
  orderRows,
  productRow,
  purchaseKeyRows,
  useName,
  useRows,
} from './table-rows.js';
import { readState } from './table-state.js';

const differencesMax = 20;

export interface TableDifference {
  readonly table:
    | 'state'
    | 'products'
    | 'orders'
    | 'purchase_keys'
    | 'change_keys'
    | 'holds'
    | 'limit_uses'
    | 'cancellations'
    | 'stock_movements';
  /**
   * The product's id, the number of the order, cancellation or movement, the hold's serial number, the key's
   * ordinal, after its kind if it has one, or a use's product, customer and source.
   */
  readonly id: string;
  /** Undefined if one of the two has no such row. */
  readonly column: string | undefined;
  readonly stored: string;
  readonly expected: string;
}

/**
 * Returns the first differences, at most 20; none if all rows agree. The machine must not change
 * meanwhile. Rejects with `internal` if the state row has no valid head.
 */
export async function compareTables(
  reader: TablesReader,
  machine: CatalogMachine,
): Promise<TableDifference[]> {
  const found = new Differences();
  const view = machine.view();
  const position = readState(await reader.state());
  const { appliedSeq, head, firstSale, firstCancellation, firstMovement } = position;
  const { kept, resolvedFrom } = position;
  compareRow(found, 'state', '1', { appliedSeq }, { appliedSeq: view.head.seq });
  // At another position nothing else can be compared.
  if (found.list.length > 0) return found.list;
  if (head) {
    const first = {
      firstSale: view.firstSale,
      firstCancellation: view.firstCancellation,
      firstMovement: view.firstMovement,
    };
    const stored = { ...head, firstSale, firstCancellation, firstMovement };
    compareRow(found, 'state', '1', stored, { ...absent(head), ...view.head, ...first });
  }

  const productId = ({ id }: ProductRow): number => id;
  await compareTable(found, 'products', reader.products(), products(view), productId);
  const stored = reader.orders(view.firstSale);
  await compareTable(found, 'orders', placed(stored), orders(view), ({ number }) => number);
  for (const kind of ['client', 'frontend'] as const) {
    const expected = purchaseKeyRows(view, kind, { kept: kept[kind], from: kept[kind] });
    const keys = reader.purchaseKeys(kind, kept[kind]);
    const idOf = (row: PurchaseKeyRow): string => `${kind} ${row.ordinal}`;
    await compareTable(found, 'purchase_keys', keys, expected, ({ ordinal }) => ordinal, idOf);
  }
  const changes = changeKeyRows(view, { kept: kept.change, from: kept.change });
  const changeKeys = reader.changeKeys(kept.change);
  await compareTable(found, 'change_keys', changeKeys, changes, ({ ordinal }) => ordinal);
  const holds = heldRows(reader.holds(resolvedFrom, 'by serial'));
  await compareTable(found, 'holds', holds, holdRows(view.holds), ({ serial }) => serial);
  const uses = { order: byUseKey, idOf: useName };
  await compareInOrder(found, 'limit_uses', reader.uses(), useRows(view.uses), uses);
  await compareCancellations(found, reader, view);
  const moved = view.movements().flatMap(movementRows);
  const movements = reader.movements(view.firstMovement);
  await compareTable(found, 'stock_movements', movements, moved, ({ number }) => number);
  return found.list;
}

/** The cancellations that the machine holds, and what is cancelled of each order. */
async function compareCancellations(
  found: Differences,
  reader: TablesReader,
  view: CatalogView,
): Promise<void> {
  const cancellations = cancelledLines(reader.cancellations(view.firstCancellation));
  const held = view.cancellations().flatMap(cancellationRows);
  await compareTable(found, 'cancellations', cancellations, held, ({ number }) => number);
  const ofOrders = {
    order: (one: CancelledOrderRow, other: CancelledOrderRow) => one.order - other.order,
    idOf: ({ order }: CancelledOrderRow) => `of order ${order}`,
  };
  const cancelled = cancelledRows(view.cancelled);
  await compareInOrder(found, 'cancellations', reader.cancelledOrders(), cancelled, ofOrders);
}

/** Collects differences up to the maximum. */
class Differences {
  readonly #list: TableDifference[] = [];

  get list(): TableDifference[] {
    return [...this.#list];
  }

  get isFull(): boolean {
    return this.#list.length >= differencesMax;
  }

  add(difference: TableDifference): void {
    if (!this.isFull) this.#list.push(difference);
  }
}

/** Both sides ascend by their place. */
function compareTable<Row extends object>(
  found: Differences,
  table: TableDifference['table'],
  batches: AsyncIterable<readonly Row[]>,
  rows: Iterable<Row>,
  placeOf: (row: Row) => number,
  idOf: (row: Row) => string = (row) => String(placeOf(row)),
): Promise<void> {
  const order = (one: Row, other: Row): number => placeOf(one) - placeOf(other);
  return compareInOrder(found, table, batches, rows, { order, idOf });
}

interface RowOrder<Row> {
  readonly order: (one: Row, other: Row) => number;
  readonly idOf: (row: Row) => string;
}

async function compareInOrder<Row extends object>(
  found: Differences,
  table: TableDifference['table'],
  batches: AsyncIterable<readonly Row[]>,
  rows: Iterable<Row>,
  { order, idOf }: RowOrder<Row>,
): Promise<void> {
  const expected = rows[Symbol.iterator]();
  let next = expected.next();
  const lacks = (row: Row): void =>
    found.add({ table, id: idOf(row), column: undefined, stored: 'no row', expected: 'a row' });
  for await (const batch of batches) {
    for (const row of batch) {
      if (found.isFull) return;
      for (; !next.done && order(next.value, row) < 0; next = expected.next()) {
        lacks(next.value);
      }
      if (!next.done && order(next.value, row) === 0) {
        compareRow(found, table, idOf(row), row, next.value);
        next = expected.next();
      } else {
        const id = idOf(row);
        found.add({ table, id, column: undefined, stored: 'a row', expected: 'no row' });
      }
    }
  }
  for (; !next.done && !found.isFull; next = expected.next()) lacks(next.value);
}

function compareRow(
  found: Differences,
  table: TableDifference['table'],
  id: string,
  stored: object,
  expected: object,
): void {
  const values = stored as Readonly<Record<string, unknown>>;
  for (const [field, value] of Object.entries(expected)) {
    const other = values[field];
    if (isSame(other, value)) continue;
    const [has, wants] = [toText(other), toText(value)];
    if (has === wants) continue;
    found.add({ table, id, column: columnOf(field), stored: has, expected: wants });
  }
}

function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  const areBytes = one instanceof Uint8Array && other instanceof Uint8Array;
  return areBytes && Buffer.compare(one, other) === 0;
}

/** The fields of the first without their values: what the expected head does not have is absent. */
function absent(head: object): Record<string, undefined> {
  return Object.fromEntries(Object.keys(head).map((field) => [field, undefined]));
}

function* products(view: CatalogView): Generator<ProductRow> {
  for (const product of view.products()) yield productRow(product);
}

/**
 * The machine does not know the log position of a sale, but which sales one entry made. So this stands
 * for the position.
 */
type PlacedOrder = Omit<OrderRow, 'seq'> & { readonly seq: 'as before' | 'later' | 'earlier' };

function* orders(view: CatalogView): Generator<PlacedOrder> {
  for (const run of view.sales()) {
    for (const row of orderRows(run, 0)) {
      yield { ...row, seq: row.number === run[0] ? 'later' : 'as before' };
    }
  }
}

async function* placed(
  batches: AsyncIterable<readonly OrderRow[]>,
): AsyncGenerator<readonly PlacedOrder[]> {
  let last = 0;
  for await (const rows of batches) {
    yield rows.map((row) => {
      const seq = row.seq === last ? 'as before' : row.seq > last ? 'later' : 'earlier';
      last = row.seq;
      return { ...row, lines: row.lines.map(toLine), seq };
    });
  }
}

/** With its fields in the order in which lines are compared. */
function toLine({ productId, name, quantity, priceCents }: OrderLineRow): OrderLineRow {
  return { productId, name, quantity, priceCents };
}

async function* cancelledLines(
  batches: AsyncIterable<readonly CancellationRow[]>,
): AsyncGenerator<readonly CancellationRow[]> {
  for await (const rows of batches) {
    yield rows.map((row) => ({ ...row, lines: row.lines.map(toLine) }));
  }
}

/** With the fields of lines in the order in which they are compared. */
async function* heldRows(
  batches: AsyncIterable<readonly HoldRow[]>,
): AsyncGenerator<readonly HoldRow[]> {
  for await (const rows of batches) {
    yield rows.map((row) => ({
      ...row,
      lines: row.lines.map(({ productId, quantity, priceCents }) => {
        return { productId, quantity, priceCents };
      }),
    }));
  }
}

function toText(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return JSON.stringify(value) ?? 'nothing';
}

/** `priceCents` is the column `price_cents`. */
function columnOf(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
