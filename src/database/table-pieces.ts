/**
 * Reads what a starting replica needs, in one snapshot of the database and in bounded pieces: each
 * statement continues after the last row of the one before. The session belongs to the reading and is
 * closed with it.
 */
import { assert } from '../base/assert.js';
import { databaseLimits } from '../base/database-limits.js';
import { BazarError } from '../base/errors.js';
import { logLimits } from '../base/limits.js';
import type { Entry } from '../consensus/types.js';
import { toBuffer } from './arrays.js';
import { describeDatabase } from './connection-url.js';
import { toUnavailable } from './failures.js';
import { readEntriesText } from './postgres-log.js';
import { cancellationPages, cancelledOrderPages } from './read-cancellations.js';
import { endColumns } from './read-ends.js';
import { holdPages } from './read-holds.js';
import { movementsText } from './read-movements.js';
import type {
  CancellationRow,
  ChangeKeyRow,
  HoldRow,
  MovementRow,
  OrderLineRow,
  OrderRow,
  ProductRow,
  PurchaseKeyKind,
  PurchaseKeyRow,
  TableState,
  TablesReader,
  UseRow,
} from './rows.js';
import { openSession, type Session, type Statement } from './session.js';
import type { DatabaseOptions } from './session-keeper.js';
import { factsText, type StoreFacts } from './store-facts.js';
import { checkSchema, checkStore, readSchemaState } from './store-schema.js';
import type { LogEnd } from './types.js';

/**
 * In this order: applied, products by id, orders by number, keys of each kind by ordinal, change keys,
 * holds by serial number, uses by product, customer and source, cancellations and movements by number.
 */
export type TablePiece =
  | { readonly kind: 'applied'; readonly applied: TableState }
  | { readonly kind: 'products'; readonly rows: readonly ProductRow[] }
  | { readonly kind: 'orders'; readonly rows: readonly OrderRow[] }
  | { readonly kind: 'purchase_keys'; readonly rows: readonly PurchaseKeyRow[] }
  | { readonly kind: 'change_keys'; readonly rows: readonly ChangeKeyRow[] }
  | { readonly kind: 'holds'; readonly rows: readonly HoldRow[] }
  | { readonly kind: 'limit_uses'; readonly rows: readonly UseRow[] }
  | { readonly kind: 'cancellations'; readonly rows: readonly CancellationRow[] }
  | { readonly kind: 'stock_movements'; readonly rows: readonly MovementRow[] };

/** A line with its order's fields. */
export interface LineRow extends OrderLineRow {
  readonly number: number | null;
  readonly key: Uint8Array;
  readonly totalCents: number;
  readonly at: number;
  readonly seq: number;
  readonly customer: Uint8Array | null;
}

const { pieceRows, pieceTimeoutMs } = databaseLimits;
const begin = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
  SET LOCAL statement_timeout = ${pieceTimeoutMs};
  SET LOCAL idle_in_transaction_session_timeout = ${pieceTimeoutMs}`;
export const appliedText = `SELECT applied_seq AS "appliedSeq", ${endColumns}, head FROM applied`;
/** A copied store has no log rows. */
const endText = `SELECT seq, epoch, time FROM log, applied WHERE seq = applied_seq
  UNION SELECT log_end_seq, log_end_epoch, log_end_time FROM leaders, applied
    WHERE group_name = 'catalog' AND log_end_seq = applied_seq AND applied_seq > 0`;
const productsText = `SELECT id, name, topic, price_cents AS "priceCents", quantity, version, received,
    sold, removed, restock_to AS "restockTo", reserved, returned, limit_quantity AS "limitQuantity",
    limit_window_seconds AS "limitWindowSeconds"
  FROM products WHERE id > $1::bigint ORDER BY id LIMIT ${pieceRows}`;
const ordersText = `SELECT number, key, total_cents AS "totalCents", at_ms AS at, seq,
    customer, product_id AS "productId", name, quantity, price_cents AS "priceCents"
  FROM (SELECT * FROM orders WHERE number > $1::bigint ORDER BY number LIMIT ${pieceRows}) AS page
    JOIN order_lines ON order_number = number
  ORDER BY number, place`;
const keysText = (kind: PurchaseKeyKind): string => `SELECT kind, ordinal, digest,
    request_hash AS "requestHash", code, first_value AS first, second_value AS second, time
  FROM purchase_keys WHERE kind = '${kind}' AND ordinal > $1::bigint
  ORDER BY ordinal LIMIT ${pieceRows}`;
const changeKeysText = `SELECT ordinal, digest, request_hash AS "requestHash", result, time
  FROM change_keys WHERE ordinal > $1::bigint ORDER BY ordinal LIMIT ${pieceRows}`;

const usesText = `SELECT product_id AS "productId", customer, source, time, last_sale AS "lastSale",
  quantity FROM limit_uses
  WHERE (product_id, customer, source) > ($1::bigint, $2::bytea, $3::bigint)
  ORDER BY product_id, customer, source LIMIT ${pieceRows}`;

/** The tables in one snapshot of the database, on a session of its own. */
export interface OpenTables extends TablesReader {
  /** The log entry after which the tables show the state; zeros before the first write. */
  end(): Promise<LogEnd>;
  /** The log after this entry, oldest first. Rejects with `unavailable` if its next entry is deleted. */
  entries(afterSeq: number): AsyncIterable<readonly Entry[]>;
  facts(): Promise<StoreFacts>;
  close(): Promise<void>;
}

/**
 * A transaction that reads one snapshot, on a session that the caller closes. Rejects with `unavailable`
 * or, if the schema is wrong, `conflict`.
 */
export async function openSnapshot(options: DatabaseOptions): Promise<Session> {
  const opened = await openSession(options);
  if (opened.kind === 'failed') {
    throw toUnavailable(`cannot use ${describeDatabase(options.settings)}`, opened.failure);
  }
  const { session } = opened;
  try {
    const state = await readSchemaState(session, options.schema);
    const check = options.allowsUnfinished ? checkStore : checkSchema;
    check(state, options.schema, options.clusterId);
    await readRows(session, { text: begin });
    return session;
  } catch (error) {
    session.drop();
    throw error;
  }
}

/** Rejects as `openSnapshot` does. */
export async function openTables(options: DatabaseOptions): Promise<OpenTables> {
  const session = await openSnapshot(options);
  return {
    async state() {
      const [applied] = await readRows<TableState>(session, { text: appliedText });
      assert(applied, 'the schema has one applied row');
      return applied;
    },
    async end() {
      const [end] = await readRows<LogEnd>(session, { text: endText });
      return end ?? { seq: 0, epoch: 0, time: 0 };
    },
    entries: (afterSeq) => entryPages(session, afterSeq),
    async facts() {
      const [facts] = await readRows<StoreFacts>(session, { text: factsText });
      assert(facts, 'the schema has a leader row for each group');
      return facts;
    },
    products: () => pages<ProductRow>(session, productsText, ({ id }) => id, 0),
    async *orders(from) {
      for await (const rows of pages<LineRow>(session, ordersText, orderNumber, from - 1)) {
        yield groupLines(rows);
      }
    },
    purchaseKeys: (kind, from) =>
      pages<PurchaseKeyRow>(session, keysText(kind), ordinalOf, from - 1),
    changeKeys: (from) => pages<ChangeKeyRow>(session, changeKeysText, ordinalOf, from - 1),
    holds: (resolvedFrom, order) =>
      holdPages((statement) => readRows(session, statement), resolvedFrom, order),
    uses: () => usePages(session),
    cancellations: (from) => cancellationPages((statement) => readRows(session, statement), from),
    cancelledOrders: () => cancelledOrderPages((statement) => readRows(session, statement)),
    movements: (from) => {
      return pages<MovementRow>(session, movementsText, ({ number }) => number, from - 1);
    },
    close: () => session.close(),
  };
}

/** Yields all tables, with the orders after this number. */
export async function* tablePieces(
  options: DatabaseOptions,
  ordersAfter: number,
): AsyncGenerator<TablePiece> {
  const tables = await openTables(options);
  try {
    yield { kind: 'applied', applied: await tables.state() };
    for await (const rows of tables.products()) yield { kind: 'products', rows };
    for await (const rows of tables.orders(ordersAfter + 1)) yield { kind: 'orders', rows };
    for (const kind of ['client', 'frontend'] as const) {
      for await (const rows of tables.purchaseKeys(kind, 1)) yield { kind: 'purchase_keys', rows };
    }
    for await (const rows of tables.changeKeys(1)) yield { kind: 'change_keys', rows };
    for await (const rows of tables.holds(0, 'by serial')) yield { kind: 'holds', rows };
    for await (const rows of tables.uses()) yield { kind: 'limit_uses', rows };
    for await (const rows of tables.cancellations(1)) yield { kind: 'cancellations', rows };
    for await (const rows of tables.movements(1)) yield { kind: 'stock_movements', rows };
  } finally {
    await tables.close();
  }
}

const ordinalOf = ({ ordinal }: { readonly ordinal: number }): number => ordinal;
const orderNumber = ({ number }: LineRow): number => number ?? 0;

async function* entryPages(session: Session, after: number): AsyncGenerator<readonly Entry[]> {
  for (let last = after; ; ) {
    const values = [last, logLimits.journalReadBytesMax];
    const entries = await readRows<Entry>(session, { text: readEntriesText, values });
    const [first] = entries;
    if (first === undefined) return;
    if (first.seq !== last + 1) {
      const message = `the log begins at ${first.seq}; entries after ${last} are deleted`;
      throw new BazarError('unavailable', message);
    }
    yield entries;
    last += entries.length;
  }
}

/** `text` finds rows after $1. */
async function* pages<Row>(
  session: Session,
  text: string,
  place: (row: Row) => number,
  after: number,
): AsyncGenerator<readonly Row[]> {
  for (;;) {
    const rows = await readRows<Row>(session, { text, values: [after] });
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows;
    after = place(last);
  }
}

async function* usePages(session: Session): AsyncGenerator<readonly UseRow[]> {
  let after: readonly unknown[] = [0, Buffer.alloc(0), 0];
  for (;;) {
    const rows = await readRows<UseRow>(session, { text: usesText, values: after });
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows;
    after = [last.productId, toBuffer(last.customer), last.source];
  }
}

export async function readRows<Row>(
  session: Session,
  statement: Statement,
): Promise<readonly Row[]> {
  const answer = await session.query<Row>(statement, pieceTimeoutMs);
  if (answer.kind === 'failed') throw toUnavailable('cannot read the tables', answer.failure);
  if (answer.warning === undefined) return answer.rows;
  throw new BazarError('unavailable', `cannot read the tables: ${answer.warning}`);
}

/** Rows of lines, those of one order together, to orders. */
export function groupLines(rows: readonly LineRow[]): readonly OrderRow[] {
  const orders = new Map<number, OrderRow & { readonly lines: OrderLineRow[] }>();
  for (const row of rows) {
    const { number, key, totalCents, at, seq, customer, productId, name, quantity, priceCents } =
      row;
    if (number === null) continue;
    const order = orders.get(number) ?? { number, key, lines: [], totalCents, at, seq, customer };
    order.lines.push({ productId, name, quantity, priceCents });
    orders.set(number, order);
  }
  return [...orders.values()];
}
