/**
 * Writes a store to the tables of a schema, in pieces: products first, because lines of orders and holds
 * name them.
 * Invariant: the rows of a piece have no gap to those before it, so a copy continues after the last row of
 * each table.
 */
import { databaseLimits } from '../../base/database-limits.js';
import type { CatalogView, UsesView } from '../../catalog/machine/catalog-view.js';
import {
  changeKeyRows,
  holdRows,
  type KeyRange,
  productRow,
  purchaseKeyRows,
  useRows,
} from '../../catalog/tables/table-rows.js';
import { writeState } from '../../catalog/tables/table-state.js';
import type { Surplus } from '../../database/rewrite-statement.js';
import type {
  CancellationRow,
  HoldRow,
  KeptKeys,
  MovementRow,
  OrderRow,
  UseKeyRow,
} from '../../database/rows.js';
import type { StoreFacts } from '../../database/store-facts.js';
import type { TableRewriter } from '../../database/table-rewriter.js';
import type { StoreSource } from './store-source.js';

export type Report = (phase: string, done: number, total: number) => void;

/** The last rows that are right already. */
export interface RowsDone {
  readonly product: number;
  readonly order: number;
  readonly client: number;
  readonly frontend: number;
  readonly change: number;
  readonly hold: number;
  readonly cancellation: number;
  readonly movement: number;
}

export const noRows: RowsDone = {
  product: 0,
  order: 0,
  client: 0,
  frontend: 0,
  change: 0,
  hold: 0,
  cancellation: 0,
  movement: 0,
};
const { rewriteRows, rewriteLines } = databaseLimits;

export function rowsIn(facts: StoreFacts): RowsDone {
  return {
    product: facts.lastProduct ?? 0,
    order: facts.lastOrder ?? 0,
    client: facts.lastClientKey ?? 0,
    frontend: facts.lastFrontendKey ?? 0,
    change: facts.lastChangeKey ?? 0,
    hold: facts.lastHold ?? 0,
    cancellation: facts.lastCancellation ?? 0,
    movement: facts.lastMovement ?? 0,
  };
}

/** Returns how many rows changed. */
export async function writeTables(
  source: StoreSource,
  rewriter: TableRewriter,
  done: RowsDone,
  report: Report,
): Promise<number> {
  const { machine } = source;
  const view = machine.view();
  let changed = await writeProducts(view, rewriter, done.product, report);
  changed += await writeRows(
    source.orders(done.order + 1),
    (rows) => rewriter.put({ kind: 'orders', rows }),
    ({ number }) => report('orders', number, machine.lastSale),
  );
  changed += await writeKeys(source, rewriter, done, report);
  changed += await writeRows(
    pieces<HoldRow>(holdRows(view.holds, done.hold)),
    (rows) => rewriter.put({ kind: 'holds', rows }),
    ({ serial }) => report('holds', serial, view.holds.last),
  );
  changed += await writeUses(view.uses, rewriter, report);
  changed += await writeRows(
    source.cancellations(done.cancellation + 1),
    (rows) => rewriter.put({ kind: 'cancellations', rows }),
    ({ number }) => report('cancellations', number, machine.cancellations.last),
  );
  changed += await writeRows(
    source.movements(done.movement + 1),
    (rows) => rewriter.put({ kind: 'stock_movements', rows }),
    ({ number }) => report('movements', number, machine.movements.last),
  );
  return changed;
}

/**
 * Deletes the holds that the store does not have, also those with another id, because no two may have the
 * same, and the uses of limits. Call it before the tables are written. Returns how many there were.
 */
export async function trimBefore(
  { machine }: StoreSource,
  rewriter: TableRewriter,
): Promise<number> {
  const { holds, uses } = machine.view();
  let deleted = await trimUses(uses, rewriter);
  let after = 0;
  for (const rows of pieces(holdRows(holds))) {
    const through = rows.at(-1)?.serial ?? after;
    deleted += await rewriter.trim({ kind: 'holds', after, through, rows });
    after = through;
  }
  const rest = { after, through: Number.MAX_SAFE_INTEGER, rows: [] };
  return deleted + (await rewriter.trim({ kind: 'holds', ...rest }));
}

async function trimUses(uses: UsesView, rewriter: TableRewriter): Promise<number> {
  let deleted = 0;
  let after: UseKeyRow = { productId: 0, customer: new Uint8Array(0), source: 0 };
  for (const rows of pieces(useRows(uses))) {
    const through = rows.at(-1) ?? after;
    deleted += await rewriter.trim({ kind: 'limit_uses', after, through, rows });
    after = through;
  }
  return (
    deleted + (await rewriter.trim({ kind: 'limit_uses', after, through: undefined, rows: [] }))
  );
}

/** Deletes the rows that the store does not have. Returns how many there were. */
export async function trimTables(
  { machine, kept }: StoreSource,
  rewriter: TableRewriter,
): Promise<number> {
  const view = machine.view();
  const { lastSale, cancellations, movements } = machine;
  let deleted = await rewriter.trim({ kind: 'stock_movements', after: movements.last });
  // Cancellations name orders.
  for (const kind of ['cancellation_lines', 'cancellations'] as const) {
    deleted += await rewriter.trim({ kind, after: cancellations.last });
  }
  for (const kind of ['order_lines', 'orders'] as const) {
    deleted += await rewriter.trim({ kind, after: lastSale });
  }
  for (const surplus of surplusProducts(view)) deleted += await rewriter.trim(surplus);
  const { clientKeys, frontendKeys, changeKeys } = view;
  const sizes: KeptKeys = {
    client: clientKeys.size,
    frontend: frontendKeys.size,
    change: changeKeys.size,
  };
  for (const kind of ['client', 'frontend', 'change'] as const) {
    const from = kept[kind];
    deleted += await rewriter.trim({ kind, from, end: from + sizes[kind] });
  }
  return deleted;
}

/** Writes the state row and the end of the log. */
export function finishTables(source: StoreSource, rewriter: TableRewriter): Promise<void> {
  const { machine, kept, end, epochs } = source;
  return rewriter.finish(writeState(machine.view(), kept), end, epochs.order);
}

function keyRange(kept: number, done: number): KeyRange {
  return { kept, from: Math.max(kept, done + 1) };
}

function progress(phase: string, { kept, from }: KeyRange, total: number) {
  return { phase, done: from - kept, total };
}

async function writeProducts(
  view: CatalogView,
  rewriter: TableRewriter,
  done: number,
  report: Report,
): Promise<number> {
  const products = view.products();
  const rows = products.filter(({ id }) => id > done).map(productRow);
  const total = products.length;
  const counting = { phase: 'products', done: total - rows.length, total };
  let changed = 0;
  for (const piece of pieces(counted(rows, counting, report))) {
    changed += await rewriter.put({ kind: 'products', rows: piece });
  }
  return changed;
}

async function writeKeys(
  { machine, kept }: StoreSource,
  rewriter: TableRewriter,
  done: RowsDone,
  report: Report,
): Promise<number> {
  const view = machine.view();
  let changed = 0;
  for (const kind of ['client', 'frontend'] as const) {
    const { size } = kind === 'client' ? view.clientKeys : view.frontendKeys;
    const range = keyRange(kept[kind], done[kind]);
    const rows = purchaseKeyRows(view, kind, range);
    const phase = `${kind} keys`;
    for (const piece of pieces(counted(rows, progress(phase, range, size), report))) {
      changed += await rewriter.put({ kind: 'purchase_keys', rows: piece });
    }
  }
  const range = keyRange(kept.change, done.change);
  const rows = changeKeyRows(view, range);
  const counting = progress('change keys', range, view.changeKeys.size);
  for (const piece of pieces(counted(rows, counting, report))) {
    changed += await rewriter.put({ kind: 'change_keys', rows: piece });
  }
  return changed;
}

/** Writes rows that may have lines, in pieces of limited size. `written`: called with the last row of each. */
async function writeRows<Row extends LineRow | MovementRow>(
  batches: AsyncIterable<readonly Row[]> | Iterable<readonly Row[]>,
  put: (rows: readonly Row[]) => Promise<number>,
  written: (last: Row) => void,
): Promise<number> {
  let changed = 0;
  for await (const rows of linePieces(batches)) {
    changed += await put(rows);
    const last = rows.at(-1);
    if (last) written(last);
  }
  return changed;
}

/** All of them, also if the copy continues: they are few. */
async function writeUses(uses: UsesView, rewriter: TableRewriter, report: Report): Promise<number> {
  const all = useRows(uses);
  let changed = 0;
  const counting = { phase: 'limit uses', done: 0, total: all.length };
  for (const rows of pieces(counted(all, counting, report))) {
    changed += await rewriter.put({ kind: 'limit_uses', rows });
  }
  return changed;
}

type LineRow = Pick<OrderRow | HoldRow | CancellationRow, 'lines'>;

/** The same rows in pieces that also have a limited number of lines. */
async function* linePieces<Row extends LineRow | MovementRow>(
  batches: AsyncIterable<readonly Row[]> | Iterable<readonly Row[]>,
): AsyncGenerator<readonly Row[]> {
  let piece: Row[] = [];
  let lines = 0;
  for await (const batch of batches) {
    for (const row of batch) {
      piece.push(row);
      lines += 'lines' in row ? row.lines.length : 0;
      if (piece.length < rewriteRows && lines < rewriteLines) continue;
      yield piece;
      piece = [];
      lines = 0;
    }
  }
  if (piece.length > 0) yield piece;
}

/** One range for each piece of products, and what follows the last. */
function* surplusProducts(view: CatalogView): Generator<Surplus> {
  let after = 0;
  for (const ids of pieces(view.products().map(({ id }) => id))) {
    const through = ids.at(-1) ?? after;
    yield { kind: 'products', after, through, ids };
    after = through;
  }
  yield { kind: 'products', after, through: Number.MAX_SAFE_INTEGER, ids: [] };
}

function* pieces<Row>(rows: Iterable<Row>): Generator<Row[]> {
  let piece: Row[] = [];
  for (const row of rows) {
    piece.push(row);
    if (piece.length < rewriteRows) continue;
    yield piece;
    piece = [];
  }
  if (piece.length > 0) yield piece;
}

/** The same rows, and a report for each piece. `total` includes the rows that are right already. */
function* counted<Row>(
  rows: Iterable<Row>,
  { phase, done, total }: { readonly phase: string; readonly done: number; readonly total: number },
  report: Report,
): Generator<Row> {
  let count = done;
  for (const row of rows) {
    yield row;
    count++;
    if (count % rewriteRows === 0 || count === total) report(phase, count, total);
  }
}
