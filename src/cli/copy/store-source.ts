/**
 * A stopped store, to be read whole: its catalog's state and all orders, from a data folder, a backup, or
 * the tables of a database. Invariant: the orders are 1 … the last sale of the state, and the cancellations
 * and movements 1 … the last one, also those that are not in the order book yet.
 */
import type { CatalogMachine } from '../../catalog/machine/catalog-machine.js';
import type { CatalogView } from '../../catalog/machine/catalog-view.js';
import { cancellationRows, movementRows, orderRow } from '../../catalog/tables/table-rows.js';
import type { CancellationRow, KeptKeys, MovementRow, OrderRow } from '../../database/rows.js';
import type { LogEnd } from '../../database/types.js';
import { decode } from '../../wire/codec.js';
import type { Sale } from '../../wire/internal.js';

export interface StoreSource {
  /** For people; without a password. */
  readonly place: string;
  readonly machine: CatalogMachine;
  /** The entry after which the machine has its state. */
  readonly end: LogEnd;
  /** The highest epochs that the groups have used. */
  readonly epochs: { readonly catalog: number; readonly order: number };
  /** The ordinal of the first key of each kind. */
  readonly kept: KeptKeys;
  /** The orders from this number on, ascending, in bounded batches. */
  orders(from: number): AsyncIterable<readonly OrderRow[]>;
  /** The cancellations, in the same way. */
  cancellations(from: number): AsyncIterable<readonly CancellationRow[]>;
  /** The movements of stock, in the same way. */
  movements(from: number): AsyncIterable<readonly MovementRow[]>;
  close(): Promise<void>;
}

export const firstKeys: KeptKeys = { client: 1, frontend: 1, change: 1 };

/**
 * Returns the log position for the row of a sale, in ascending order of sales. A data folder does not
 * know it. The rows of one run that the catalog holds need one position of their own; older sales get 0.
 */
export function placeSales({ head, sales }: CatalogView): (number: number) => number {
  const runs = sales();
  const before = head.seq - runs.length;
  let run = -1;
  return (number) => {
    for (let next = runs[run + 1]; next && number >= next[0]; next = runs[run + 1]) run++;
    return run < 0 ? 0 : before + run + 1;
  };
}

/** The sales that the catalog holds, from this number on. */
export function heldOrders(view: CatalogView, from: number): OrderRow[] {
  const seqOf = placeSales(view);
  const sales = view.sales().flatMap(([, , bytes]) => decode(bytes) as readonly Sale[]);
  return sales.map((sale) => orderRow(sale, seqOf(sale[0]))).filter(({ number }) => number >= from);
}

/** The cancellations that the catalog holds, from this number on. */
export function heldCancellations(view: CatalogView, from: number): CancellationRow[] {
  return view
    .cancellations()
    .flatMap(cancellationRows)
    .filter(({ number }) => number >= from);
}

/** As `placeSales`, for the `batch` of a cancellation. */
export function batchesOf(view: CatalogView): (number: number) => number {
  const firsts = view.cancellations().map(([first]) => first);
  let at = -1;
  return (number) => {
    for (let next = firsts[at + 1]; next !== undefined && number >= next; next = firsts[at + 1])
      at++;
    return firsts[at] ?? 0;
  };
}

/** The movements of stock that the catalog holds, from this number on. */
export function heldMovements(view: CatalogView, from: number): MovementRow[] {
  return view
    .movements()
    .flatMap(movementRows)
    .filter(({ number }) => number >= from);
}

/** Whether a movement begins a run that the catalog holds. */
export function runBegins(view: CatalogView): (number: number) => boolean {
  const firsts = new Set(view.movements().map(([first]) => first));
  return (number) => firsts.has(number);
}

/** The movements after this number, which the catalog has just recorded. */
export function movementsAfter(machine: CatalogMachine, last: number): MovementRow[] {
  const rows: MovementRow[] = [];
  for (let next = last + 1; ; ) {
    const run = machine.movements.from(next, 1);
    if (!run) return rows;
    rows.push(...movementRows(run));
    next = run[0] + run[1];
  }
}
