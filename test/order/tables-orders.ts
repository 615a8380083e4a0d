/** An order store over the tables of a real database. The tests answer for the catalog. */
import type { Clock } from '../../src/base/clock.js';
import type { BazarError } from '../../src/base/errors.js';
import { PostgresTables } from '../../src/database/postgres-tables.js';
import type { TableChanges } from '../../src/database/rows.js';
import type { Group } from '../../src/group/types.js';
import type { OrderResult } from '../../src/order/order-machine.js';
import { OrderStore } from '../../src/order/store.js';
import { tablesBook } from '../../src/order/tables-book.js';
import { TablesPosition } from '../../src/order/tables-position.js';
import type { OrderBook } from '../../src/order/thread-handler.js';
import type { Outcome, Purchase } from '../../src/wire/internal.js';
import { fastClock, logOf } from '../database/faults.js';
import { append, leadAfter } from '../database/rows.js';
import type { TestDatabase } from '../support/postgres-server.js';

interface Teardown {
  teardown(end: () => Promise<void>): void;
}

export interface TablesOrders {
  readonly store: OrderStore;
  readonly book: OrderBook;
  readonly position: TablesPosition;
  /** How often the catalog was asked for its last sale. */
  readonly asked: () => number;
}

export interface CatalogAnswers {
  /** The last sale, or why there is no position. */
  readonly lastSale: () => number | BazarError;
  readonly lastCancellation?: () => number;
  readonly lastMovement?: () => number;
  readonly sell?: (purchases: readonly Purchase[]) => readonly Outcome[];
  readonly clock?: Clock;
}

export function openOrders(
  test: Teardown,
  database: TestDatabase,
  {
    lastSale,
    lastCancellation = () => 0,
    lastMovement = () => 0,
    sell = () => [],
    clock = fastClock,
  }: CatalogAnswers,
): TablesOrders {
  let asked = 0;
  const tables = new PostgresTables(database);
  const position = new TablesPosition({
    clock,
    ends: { lastOrder: 0, lastCancellation: 0, lastMovement: 0 },
    readEnds: () => tables.readApplied(),
    advanced: () => store.advanced(),
  });
  const status = { id: 'order-1', role: 'leader', serving: true, epoch: 1 };
  const group = { status: () => status, onRole: () => {} } as unknown as Group<OrderResult>;
  const store: OrderStore = new OrderStore({
    ...{ clock, group, machine: position, salesAreSafe: true },
    awaited: (wanted) => position.seek(wanted),
    catalogClient: {
      logTime: 5,
      sell: async (_epoch, purchases) => sell(purchases),
      trade: async () => [],
      async lastSale() {
        asked++;
        const answer = lastSale();
        if (typeof answer === 'number') return [answer, lastCancellation(), lastMovement()];
        throw answer;
      },
    },
  });
  test.teardown(async () => {
    position.stop();
    await tables.close();
  });
  const book = tablesBook({ store, position, tables, lists: tables, clock });
  return { store, book, position, asked: () => asked };
}

/** Returns a function that brings the tables to these changes, as the catalog's leader. */
export async function tablesWriter(
  test: Teardown,
  database: TestDatabase,
): Promise<(changes: TableChanges) => Promise<void>> {
  const log = logOf(test, database);
  let lead = await log.takeLead('catalog-1');
  return async (changes) => {
    const write = append(lead, changes.appliedSeq - lead.end.seq, changes);
    const result = await log.write(write);
    if (result.kind !== 'written') throw new Error(JSON.stringify(result));
    lead = leadAfter(lead, write);
  };
}
