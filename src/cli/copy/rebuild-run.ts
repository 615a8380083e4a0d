/**
 * Rebuilds the tables of a stopped store from its log, in bounded pieces. Invariant: no store starts
 * on the tables between the first piece and the comparison at the end (docs/SQL-ENGINE.md, S6).
 */
import { BazarError } from '../../base/errors.js';
import { compareTables, type TableDifference } from '../../catalog/tables/compare-tables.js';
import type { DatabaseOptions } from '../../database/session-keeper.js';
import { openTables } from '../../database/table-pieces.js';
import { TableRewriter } from '../../database/table-rewriter.js';
import { readUnfinished } from '../../database/unfinished.js';
import type { Reports } from './copy-run.js';
import { openFolder } from './folder-source.js';
import { openLog } from './log-source.js';
import type { StoreSource } from './store-source.js';
import { finishTables, noRows, trimBefore, trimTables, writeTables } from './write-tables.js';

const rebuilder = 'bazar store check --rebuild';

export interface Rebuilt {
  /** The entry that the tables show. */
  readonly seq: number;
  readonly products: number;
  readonly orders: number;
  /** Rows that were wrong or missing. */
  readonly changed: number;
  /** Rows that should not exist. */
  readonly deleted: number;
  readonly state: string;
  /** Empty: the tables are right. */
  readonly differences: readonly TableDifference[];
}

/**
 * @param from a stopped data folder or a backup from which the log continues; undefined: the log begins
 * with the first entry.
 */
export async function rebuildTables(
  database: DatabaseOptions,
  from: string | undefined,
  reports: Reports,
): Promise<Rebuilt> {
  const rewriter = await TableRewriter.open(database);
  let base: StoreSource | undefined;
  let source: StoreSource | undefined;
  try {
    const facts = await rewriter.stoppedFacts();
    if (facts.unfinished !== null && readUnfinished(facts.unfinished)?.work !== 'rebuild') {
      const message = 'the schema holds an unfinished copy: finish it with bazar store copy';
      throw new BazarError('conflict', message);
    }
    if (from !== undefined) base = await openFolder(from);
    reports.say('replaying the log');
    source = await openLog(database, facts, base);
    const mark = JSON.stringify({ work: 'rebuild' });
    await rewriter.begin(facts, { leader: rebuilder, mark, epochMin: 0 });
    const holds = await trimBefore(source, rewriter);
    const changed = await writeTables(source, rewriter, noRows, reports.progress);
    const deleted = holds + (await trimTables(source, rewriter));
    await finishTables(source, rewriter);
    reports.say('comparing the tables with the log');
    const differences = await compare(database, source);
    if (differences.length === 0) await rewriter.release();
    const { machine, end } = source;
    const { productCount: products, lastSale: orders } = machine;
    return { seq: end.seq, products, orders, changed, deleted, state: machine.hash(), differences };
  } finally {
    await source?.close();
    await base?.close();
    await rewriter.close();
  }
}

async function compare(
  database: DatabaseOptions,
  { machine }: StoreSource,
): Promise<TableDifference[]> {
  const tables = await openTables({ ...database, allowsUnfinished: true });
  try {
    return await compareTables(tables, machine);
  } finally {
    await tables.close();
  }
}
