/**
 * The catalog over a database: restores the state from the tables, brings the tables after the applied
 * entries, and deletes old log rows (docs/SQL-ENGINE.md, S5, S7).
 */
import { every, type Timer } from '../../base/clock.js';
import type { DatabaseConfig } from '../../base/config.js';
import { systemRandom } from '../../base/random.js';
import { PostgresLog } from '../../database/postgres-log.js';
import { PostgresTables } from '../../database/postgres-tables.js';
import type { TableEnds } from '../../database/rows.js';
import type { DatabaseOptions } from '../../database/session-keeper.js';
import { connectStore } from '../../database/store-connection.js';
import { openTables } from '../../database/table-pieces.js';
import type { LogEnd } from '../../database/types.js';
import { sqlEngine } from '../../group/sql/sql-engine.js';
import type { GroupTables } from '../../group/sql/sql-group.js';
import type { CatalogMachine, CatalogResult } from '../machine/catalog-machine.js';
import { CatalogTables } from '../tables/catalog-tables.js';
import { restoreFromTables } from '../tables/restore-tables.js';
import type { CatalogEngine, CatalogEngineOptions } from './catalog-engine.js';
import { SqlAuditor } from './sql-auditor.js';

const retentionEveryMs = 60_000;
const hourMs = 3_600_000;
const defaultRetentionHours = 24;

export async function openSqlCatalog(
  options: CatalogEngineOptions,
  database: DatabaseConfig,
): Promise<CatalogEngine> {
  const { config, machine, jobs, clock, logger } = options;
  const connection = await connectStore(database, clock, logger);
  const { clusterId } = connection;
  const catalogTables = new CatalogTables(machine);
  const base = await restore(connection, machine, catalogTables);
  const rows = new PostgresTables(connection);
  /** The last order, cancellation and movement in the tables, as far as this replica has written or read them. */
  const ends = { lastOrder: 0, lastCancellation: 0, lastMovement: 0 };
  const saw = ({ lastOrder, lastCancellation, lastMovement }: TableEnds): void => {
    ends.lastOrder = Math.max(ends.lastOrder, lastOrder);
    ends.lastCancellation = Math.max(ends.lastCancellation, lastCancellation);
    ends.lastMovement = Math.max(ends.lastMovement, lastMovement);
  };
  const tables: GroupTables<CatalogResult> = {
    applied: (entry, result) => catalogTables.applied(entry, result),
    changes: () => catalogTables.changes(),
    written(changes) {
      catalogTables.written(changes);
      saw(changes);
    },
    async takeOver() {
      const state = await rows.readApplied();
      saw(state);
      return catalogTables.continueFrom(state);
    },
  };
  const log = new PostgresLog({ ...connection, group: 'catalog' });
  const auditor = new SqlAuditor({ machine, jobs, clock, database, clusterId });
  const engine = sqlEngine({
    ...{ incarnation: systemRandom.uuid(), clusterId, clock, base, tables },
    database: log,
  });
  let retention: Timer | undefined;
  return {
    engine: {
      ...engine,
      async close() {
        await Promise.all([log.close(), rows.close()]);
      },
    },
    applied: ({ seq }, result) => auditor.applied(seq, result),
    flush: () => engine.flushTables(),
    begin(store) {
      const keptMs = (config.logRetentionHours ?? defaultRetentionHours) * hourMs;
      retention = every(clock, retentionEveryMs, () => {
        if (!store.status().serving) return;
        rows.deleteOldEntries(machine.lastLogTime - keptMs).catch((error: unknown) => {
          logger.warn({ error: String(error) }, 'old log rows were not deleted');
        });
      });
    },
    confirmed: () => ({
      sale: ends.lastOrder,
      cancellation: ends.lastCancellation,
      movement: ends.lastMovement,
    }),
    keepsLedger: true,
    audit: (store, token) => auditor.audit(store, token),
    failed: new Promise(() => {}),
    async end() {
      retention?.cancel();
    },
    beforeClose: () => Promise.resolve(),
  };
}

async function restore(
  connection: DatabaseOptions,
  machine: CatalogMachine,
  catalogTables: CatalogTables,
): Promise<LogEnd> {
  const tables = await openTables(connection);
  try {
    const state = await restoreFromTables(tables, machine);
    catalogTables.startFrom(state);
    return await tables.end();
  } finally {
    await tables.close();
  }
}
