/**
 * Reads what a starting replica needs, in one snapshot of the database and in bounded pieces: each
 * statement continues after the last row of the one before. The session belongs to the reading and is
 * closed with it.
 */
import { assert } from '../base/assert.js';
import { BazarError } from '../base/errors.js';
import { databaseLimits } from '../base/limits.js';
import { describeDatabase } from './connection-url.js';
import { toUnavailable } from './failures.js';
import type {
  ChangeKeyRow,
  OrderLineRow,
  OrderRow,
  ProductRow,
  PurchaseKeyKind,
  PurchaseKeyRow,
} from './rows.js';
import { openSession, type Session, type Statement } from './session.js';
import type { DatabaseOptions } from './session-keeper.js';
import { checkSchema, readSchemaState } from './store-schema.js';

export interface AppliedRow {
  readonly appliedSeq: number;
  readonly lastOrder: number;
  readonly head: Uint8Array;
}

/** In this order: applied, products by id, orders by number, keys of each kind by ordinal, change keys. */
export type TablePiece =
  | { readonly kind: 'applied'; readonly applied: AppliedRow }
  | { readonly kind: 'products'; readonly rows: readonly ProductRow[] }
  | { readonly kind: 'orders'; readonly rows: readonly OrderRow[] }
  | { readonly kind: 'purchase_keys'; readonly rows: readonly PurchaseKeyRow[] }
  | { readonly kind: 'change_keys'; readonly rows: readonly ChangeKeyRow[] };

/** A line with its order's fields. */
export interface LineRow extends OrderLineRow {
  readonly number: number | null;
  readonly key: Uint8Array;
  readonly totalCents: number;
  readonly at: number;
  readonly seq: number;
}

const { pieceRows, pieceTimeoutMs } = databaseLimits;
const begin = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
  SET LOCAL statement_timeout = ${pieceTimeoutMs};
  SET LOCAL idle_in_transaction_session_timeout = ${pieceTimeoutMs}`;
export const appliedText =
  'SELECT applied_seq AS "appliedSeq", last_order AS "lastOrder", head FROM applied';
const productsText = `SELECT id, name, topic, price_cents AS "priceCents", quantity, version, received,
    sold, removed, restock_to AS "restockTo"
  FROM products WHERE id > $1::bigint ORDER BY id LIMIT ${pieceRows}`;
const ordersText = `SELECT number, key, total_cents AS "totalCents", at_ms AS at, seq,
    product_id AS "productId", name, quantity, price_cents AS "priceCents"
  FROM (SELECT * FROM orders WHERE number > $1::bigint ORDER BY number LIMIT ${pieceRows}) AS page
    JOIN order_lines ON order_number = number
  ORDER BY number, place`;
const keysText = (kind: PurchaseKeyKind): string => `SELECT kind, ordinal, digest,
    request_hash AS "requestHash", code, first_value AS first, second_value AS second, time
  FROM purchase_keys WHERE kind = '${kind}' AND ordinal > $1::bigint
  ORDER BY ordinal LIMIT ${pieceRows}`;
const changeKeysText = `SELECT ordinal, digest, request_hash AS "requestHash", result, time
  FROM change_keys WHERE ordinal > $1::bigint ORDER BY ordinal LIMIT ${pieceRows}`;

/** Rejects with `unavailable` or, if the schema is wrong, `conflict`. */
export async function* tablePieces(
  options: DatabaseOptions,
  ordersAfter: number,
): AsyncGenerator<TablePiece> {
  const opened = await openSession(options);
  if (opened.kind === 'failed') {
    throw toUnavailable(`cannot use ${describeDatabase(options.settings)}`, opened.failure);
  }
  const { session } = opened;
  try {
    const state = await readSchemaState(session, options.schema);
    checkSchema(state, options.schema, options.clusterId);
    await run(session, { text: begin });
    const [applied] = await run<AppliedRow>(session, { text: appliedText });
    assert(applied, 'the schema has one applied row');
    yield { kind: 'applied', applied };
    for await (const rows of pages<ProductRow>(session, productsText, ({ id }) => id, 0)) {
      yield { kind: 'products', rows };
    }
    for await (const rows of pages<LineRow>(session, ordersText, orderNumber, ordersAfter)) {
      yield { kind: 'orders', rows: groupLines(rows) };
    }
    for (const kind of ['client', 'frontend'] as const) {
      for await (const rows of pages<PurchaseKeyRow>(session, keysText(kind), ordinalOf, 0)) {
        yield { kind: 'purchase_keys', rows };
      }
    }
    for await (const rows of pages<ChangeKeyRow>(session, changeKeysText, ordinalOf, 0)) {
      yield { kind: 'change_keys', rows };
    }
  } finally {
    await session.close();
  }
}

const ordinalOf = ({ ordinal }: { readonly ordinal: number }): number => ordinal;
const orderNumber = ({ number }: LineRow): number => number ?? 0;

/** `text` finds rows after $1. */
async function* pages<Row>(
  session: Session,
  text: string,
  place: (row: Row) => number,
  after: number,
): AsyncGenerator<readonly Row[]> {
  for (;;) {
    const rows = await run<Row>(session, { text, values: [after] });
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows;
    after = place(last);
  }
}

async function run<Row>(session: Session, statement: Statement): Promise<readonly Row[]> {
  const answer = await session.query<Row>(statement, pieceTimeoutMs);
  if (answer.kind === 'failed') throw toUnavailable('cannot read the tables', answer.failure);
  if (answer.warning === undefined) return answer.rows;
  throw new BazarError('unavailable', `cannot read the tables: ${answer.warning}`);
}

/** Rows of lines, those of one order together, to orders. */
export function groupLines(rows: readonly LineRow[]): readonly OrderRow[] {
  const orders = new Map<number, OrderRow & { readonly lines: OrderLineRow[] }>();
  for (const row of rows) {
    const { number, key, totalCents, at, seq, productId, name, quantity, priceCents } = row;
    if (number === null) continue;
    const order = orders.get(number) ?? { number, key, lines: [], totalCents, at, seq };
    order.lines.push({ productId, name, quantity, priceCents });
    orders.set(number, order);
  }
  return [...orders.values()];
}
