/**
 * The orders over a database (docs/SQL-ENGINE.md): the leader has an epoch and no log, the orders are rows
 * that the catalog writes behind its sales, and customers are answered at the sale.
 */
import { AssertionError } from '../base/assert.js';
import { waitingClock } from '../base/clock.js';
import type { DatabaseConfig } from '../base/config.js';
import { systemRandom } from '../base/random.js';
import type { StateMachine } from '../consensus/types.js';
import { auditOrders } from '../database/audit-orders.js';
import { PostgresLog } from '../database/postgres-log.js';
import { PostgresTables } from '../database/postgres-tables.js';
import { connectStore, type StoreConnection } from '../database/store-connection.js';
import { epochEngine } from '../group/sql/epoch-engine.js';
import type { BookEnds } from './book-position.js';
import type { OrderEngine, OrderEngineOptions } from './order-engine.js';
import type { OrderResult } from './order-machine.js';
import { tablesBook } from './tables-book.js';
import { TablesPosition } from './tables-position.js';

export async function openSqlOrders(
  options: OrderEngineOptions,
  database: DatabaseConfig,
): Promise<OrderEngine> {
  const { clock, logger, advanced } = options;
  const connection = await connectStore(database, clock, logger);
  const { clusterId } = connection;
  const log = new PostgresLog({ ...connection, group: 'order' });
  const [tables, lists] = [new PostgresTables(connection), new PostgresTables(connection)];
  const readEnds = (): Promise<BookEnds> => tables.readApplied();
  const ends = await firstEnds(connection);
  const position = new TablesPosition({ clock, ends, readEnds, advanced });
  const engine = epochEngine<OrderResult>({
    database: log,
    incarnation: systemRandom.uuid(),
    clusterId,
    clock,
  });
  return {
    engine: {
      ...engine,
      async close() {
        await Promise.all([log.close(), tables.close(), lists.close()]);
      },
    },
    machine: noMachine,
    position,
    salesAreSafe: true,
    awaited: (wanted) => position.seek(wanted),
    openBook: (store) => tablesBook({ store, position, tables, lists, clock }),
    begin: () => position.start(),
    async audit(store, _token, [lastOrder, lastCancellation, lastMovement]) {
      await store.reached(lastOrder);
      await store.cancellationReached(lastCancellation);
      await store.movementReached(lastMovement);
      const book = await auditOrders(connection, { lastOrder, lastCancellation, lastMovement });
      const { orders, units, problems, cancellations, returned, movements, balances } = book;
      const more = [cancellations, returned, movements, balances] as const;
      // All replicas read the same tables, so there is no state to compare.
      return [0, '', orders, units, problems, ...more];
    },
    failed: new Promise(() => {}),
    async end() {
      position.stop();
    },
  };
}

/** No socket is open yet while this waits to connect again, so its timers must keep the process alive. */
async function firstEnds(connection: StoreConnection): Promise<BookEnds> {
  const tables = new PostgresTables({ ...connection, clock: waitingClock });
  try {
    return await tables.readApplied();
  } finally {
    await tables.close();
  }
}

const noMachine: StateMachine<never> = {
  apply() {
    throw new AssertionError('a group without a log applies nothing');
  },
  hash: () => '',
  invariants() {},
};
