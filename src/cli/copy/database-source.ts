/**
 * Reads a stopped store from the tables and the log of a database, in one snapshot of it. Invariant: the
 * state is that of the tables after the log rows that follow them.
 */
import { assert } from '../../base/assert.js';
import { cancellationsOf, salesOf } from '../../catalog/machine/results.js';
import { newMachine } from '../../catalog/service/new-machine.js';
import { restoreFromTables } from '../../catalog/tables/restore-tables.js';
import { cancellationRows, orderRows } from '../../catalog/tables/table-rows.js';
import { readState } from '../../catalog/tables/table-state.js';
import { describeDatabase } from '../../database/connection-url.js';
import type { CancellationRow, MovementRow, OrderRow } from '../../database/rows.js';
import type { DatabaseOptions } from '../../database/session-keeper.js';
import { type OpenTables, openTables } from '../../database/table-pieces.js';
import { movementsAfter, type StoreSource } from './store-source.js';

export async function openDatabase(options: DatabaseOptions): Promise<StoreSource> {
  const tables = await openTables(options);
  try {
    return await readStore(options, tables);
  } catch (error) {
    await tables.close();
    throw error;
  }
}

async function readStore(options: DatabaseOptions, tables: OpenTables): Promise<StoreSource> {
  const machine = newMachine();
  const state = await restoreFromTables(tables, machine);
  let end = await tables.end();
  /** Sales, cancellations and movements that the tables do not have yet; the store limits their number. */
  const later: OrderRow[] = [];
  const laterCancelled: CancellationRow[] = [];
  const laterMoved: MovementRow[] = [];
  for await (const entries of tables.entries(end.seq)) {
    for (const entry of entries) {
      const { last } = machine.movements;
      const result = machine.apply(entry);
      const sales = salesOf(result);
      if (sales) later.push(...orderRows(sales, entry.seq));
      const cancelled = cancellationsOf(result);
      if (cancelled) laterCancelled.push(...cancellationRows(cancelled));
      laterMoved.push(...movementsAfter(machine, last));
      end = { seq: entry.seq, epoch: entry.epoch, time: entry.time };
    }
  }
  assert(machine.appliedSeq === end.seq, 'the log continues the tables');
  const { clientKeys, frontendKeys, changeKeys } = machine.view();
  const { kept } = readState(state);
  const { epoch, orderEpoch } = await tables.facts();
  return {
    place: describeDatabase(options.settings),
    machine,
    end,
    epochs: { catalog: epoch, order: Math.max(orderEpoch, machine.newestOrderEpoch) },
    kept: {
      client: kept.client + clientKeys.dropped,
      frontend: kept.frontend + frontendKeys.dropped,
      change: kept.change + changeKeys.dropped,
    },
    orders: (from) => through(tables.orders(from), state.lastOrder, later, from),
    cancellations: (from) => {
      return through(tables.cancellations(from), state.lastCancellation, laterCancelled, from);
    },
    movements: (from) => through(tables.movements(from), state.lastMovement, laterMoved, from),
    close: () => tables.close(),
  };
}

/** The rows of the tables through the last one that counts, and then the later ones. */
async function* through<Row extends { readonly number: number }>(
  batches: AsyncIterable<readonly Row[]>,
  last: number,
  later: readonly Row[],
  from: number,
): AsyncGenerator<readonly Row[]> {
  for await (const rows of batches) {
    const known = rows.filter(({ number }) => number <= last);
    if (known.length > 0) yield known;
    if (known.length < rows.length) break;
  }
  const rest = later.filter(({ number }) => number >= from);
  if (rest.length > 0) yield rest;
}
