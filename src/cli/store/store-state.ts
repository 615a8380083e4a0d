/** What the tables of a store say about it: `bazar store status`. */

import type { DatabaseConfig } from '../../base/config.js';
import { withoutPasswords } from '../../database/connection-url.js';
import type { Session } from '../../database/session.js';
import { checkSchema, readSchemaState } from '../../database/store-schema.js';
import { rowsOf } from './target.js';

/** Tables with more rows are estimated from the server's statistics. */
const countedMax = 100_000;
const tables = [
  'products',
  'orders',
  'order_lines',
  'cancellations',
  'cancellation_lines',
  'stock_movements',
  'holds',
  'hold_lines',
  'limit_uses',
  'purchase_keys',
  'change_keys',
  'log',
] as const;

export interface LeaderState {
  readonly group: string;
  /** Null: none yet. */
  readonly leader: string | null;
  readonly epoch: number;
}

export interface TableSize {
  readonly table: string;
  /** Null: this role may not read the table. */
  readonly rows: number | null;
  /** The rows are an estimate. */
  readonly estimated: boolean;
}

/** As `bazar store status --json` prints it. */
export interface StoreState {
  /** `PostgreSQL`, or a server that speaks its protocol. */
  readonly engine: string;
  readonly server_version: string;
  readonly database: string;
  readonly schema: string;
  readonly schema_version: number;
  readonly cluster_id: string;
  readonly leaders: readonly LeaderState[];
  readonly log_end: number;
  readonly applied_seq: number;
  /** Log entries that the tables do not contain yet. */
  readonly lag: number;
  readonly last_order: number;
  readonly tables: readonly TableSize[];
  /** Null: the server does not report it. */
  readonly bytes: number | null;
}

interface Head {
  readonly version: string;
  readonly serverVersion: string;
  readonly logEnd: number;
  readonly appliedSeq: number;
  readonly lastOrder: number;
}

const headText = `SELECT version() AS version, current_setting('server_version') AS "serverVersion",
    log_end_seq AS "logEnd", applied_seq AS "appliedSeq", last_order AS "lastOrder"
  FROM leaders, applied WHERE group_name = 'catalog'`;
const leadersText = 'SELECT group_name AS "group", leader, epoch FROM leaders ORDER BY group_name';
const bytesText = `SELECT sum(pg_total_relation_size(c.oid))::bigint AS bytes
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = $1 AND c.relkind IN ('r', 'p')`;
const what = 'cannot read the store';

/** Throws unless the schema is a store of this build's version. */
export async function readStoreState(
  session: Session,
  { url, schema }: DatabaseConfig,
): Promise<StoreState> {
  const meta = checkSchema(await readSchemaState(session, schema), schema, undefined);
  const [head] = await rowsOf<Head>(session, what, { text: headText });
  const leaders = await rowsOf<LeaderState>(session, what, { text: leadersText });
  const sizes: TableSize[] = [];
  for (const table of tables) sizes.push(await sizeOf(session, table, schema));
  const bytes = await rowsOf<{ bytes: number }>(session, what, {
    text: bytesText,
    values: [schema],
  }).catch(() => []);
  const {
    version = '',
    serverVersion = '',
    logEnd = 0,
    appliedSeq = 0,
    lastOrder = 0,
  } = head ?? {};
  return {
    engine: version.split(' ')[0] ?? '',
    server_version: serverVersion,
    database: withoutPasswords(url),
    schema,
    schema_version: meta.version,
    cluster_id: meta.clusterId,
    leaders,
    log_end: logEnd,
    applied_seq: appliedSeq,
    lag: logEnd - appliedSeq,
    last_order: lastOrder,
    tables: sizes,
    bytes: bytes[0]?.bytes ?? null,
  };
}

async function sizeOf(session: Session, table: string, schema: string): Promise<TableSize> {
  const counted = `SELECT count(*) AS rows FROM (SELECT 1 FROM ${table} LIMIT ${countedMax}) AS counted`;
  const few = await rowsOf<{ rows: number }>(session, what, { text: counted }).catch(() => []);
  const rows = few[0]?.rows ?? null;
  if (rows === null || rows < countedMax) return { table, rows, estimated: false };
  const statement = {
    text: `SELECT c.reltuples::bigint AS rows FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relname = $2`,
    values: [schema, table],
  };
  const guess = await rowsOf<{ rows: number }>(session, what, statement).catch(() => []);
  return { table, rows: Math.max(guess[0]?.rows ?? 0, rows), estimated: true };
}
