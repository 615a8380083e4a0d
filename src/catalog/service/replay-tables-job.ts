/**
 * A job: restores the state from the tables and replays the log rows after it, up to the first audit entry
 * with the given token (docs/SQL-ENGINE.md, S5). Changes nothing.
 */
import { sleep, waitingClock } from '../../base/clock.js';
import type { DatabaseConfig } from '../../base/config.js';
import { BazarError } from '../../base/errors.js';
import { logLimits } from '../../base/limits.js';
import { silentLogger } from '../../base/logging.js';
import { parseDatabaseUrl } from '../../database/connection-url.js';
import { PostgresLog } from '../../database/postgres-log.js';
import type { CancelledOrderRow, HoldRow, ProductRow, UseRow } from '../../database/rows.js';
import type { DatabaseOptions } from '../../database/session-keeper.js';
import { openTables } from '../../database/table-pieces.js';
import type { CatalogMachine } from '../machine/catalog-machine.js';
import { restoreFromTables } from '../tables/restore-tables.js';
import { fewCancelled, fewHolds, fewUses, productRow } from '../tables/table-rows.js';
import { newMachine } from './new-machine.js';

const pollMs = 50;
const waitMs = 30_000;

export interface ReplayTablesArgs {
  readonly database: DatabaseConfig;
  readonly clusterId: string;
  readonly token: string;
}

export interface ReplayedTables {
  /** Seq of the audit entry. */
  readonly seq: number;
  readonly hash: string;
  readonly products: readonly ProductRow[];
  /** Undefined if there are too many. */
  readonly holds: readonly HoldRow[] | undefined;
  readonly uses: readonly UseRow[] | undefined;
  readonly cancelled: readonly CancelledOrderRow[] | undefined;
}

/** Rejects with `unavailable` if there is no such entry in time. */
export async function replayTables({
  database,
  clusterId,
  token,
}: ReplayTablesArgs): Promise<ReplayedTables> {
  const connection: DatabaseOptions = {
    settings: parseDatabaseUrl(database.url, database.env),
    ...{ schema: database.schema, clusterId, clock: waitingClock, logger: silentLogger },
  };
  const machine = newMachine();
  const tables = await openTables(connection);
  try {
    await restoreFromTables(tables, machine);
  } finally {
    await tables.close();
  }
  const log = new PostgresLog({ ...connection, group: 'catalog' });
  try {
    return await replayTo(log, machine, token);
  } finally {
    await log.close();
  }
}

async function replayTo(
  log: PostgresLog,
  machine: CatalogMachine,
  token: string,
): Promise<ReplayedTables> {
  const endMs = waitingClock.nowMs() + waitMs;
  while (waitingClock.nowMs() < endMs) {
    const entries = await log.readEntries(machine.appliedSeq, logLimits.journalReadBytesMax);
    for (const entry of entries) {
      const result = machine.apply(entry);
      if (result.kind !== 'audit' || result.token !== token) continue;
      const view = machine.view();
      const products = view.products().map(productRow);
      const [holds, uses, cancelled] = [fewHolds(view.holds), fewUses(view), fewCancelled(view)];
      return { seq: entry.seq, hash: result.hash, products, holds, uses, cancelled };
    }
    if (entries.length === 0) await sleep(waitingClock, pollMs);
  }
  throw new BazarError('unavailable', 'the audit entry did not arrive in the log');
}
