/**
 * Reads cancellations with their lines: in bounded pages, one by its number, or those of an order. Also reads
 * what is cancelled of each order, for the state of the catalog.
 */
import { databaseLimits } from '../base/database-limits.js';
import { cancelLimits } from '../base/limits.js';
import { endColumns } from './read-ends.js';
import type { CancellationRow, CancelledOrderRow, OrderLineRow, TableEnds } from './rows.js';
import type { Statement } from './session.js';

/** A line with its cancellation's fields; `number` is null if none was found. */
interface LineRow extends Omit<CancellationRow, 'lines' | 'number'>, OrderLineRow {
  readonly number: number | null;
}

/** The ends are the same in all rows. */
export type FoundCancellation = LineRow & TableEnds;

type Read = (statement: Statement) => Promise<readonly unknown[]>;

const { pieceRows } = databaseLimits;
const fields = `number, key, page.order_number AS "orderNumber", total_cents AS "totalCents", restock,
    reason, at_ms AS at, previous, cancelled, is_whole AS "isWhole", batch,
    product_id AS "productId", name, quantity, price_cents AS "priceCents"`;
const lines = 'JOIN cancellation_lines ON cancellation_number = number';
const pageText = `SELECT ${fields}
  FROM (SELECT * FROM cancellations WHERE number > $1::bigint ORDER BY number LIMIT ${pieceRows})
    AS page ${lines}
  ORDER BY number, place`;
const ordersText = `SELECT DISTINCT ON (order_number) order_number AS "order", number AS last,
    count(*) OVER (PARTITION BY order_number) AS count, cancelled AS units
  FROM cancellations WHERE order_number > $1::bigint
  ORDER BY order_number, number DESC LIMIT ${pieceRows}`;

/** What is cancelled of an order, as a column; null if nothing is. `number` is the order's column. */
export function cancelledColumn(number: string): string {
  return `(SELECT newest.cancelled FROM cancellations AS newest WHERE newest.order_number = ${number}
      ORDER BY newest.number DESC LIMIT 1) AS cancelled`;
}

export function cancellationStatement(number: number): Statement {
  return {
    name: 'read_cancellation',
    text: `SELECT ${endColumns}, ${fields}
      FROM applied LEFT JOIN (cancellations AS page ${lines}) ON number = $1::bigint
      ORDER BY place`,
    values: [number],
  };
}

/** Those of an order below `before`, newest first, one more than the limit. */
export function cancellationsStatement(
  order: number,
  before: number | null,
  limit: number,
): Statement {
  return {
    name: 'read_cancellations',
    text: `WITH page AS MATERIALIZED (SELECT * FROM cancellations
        WHERE order_number = $1::bigint AND number < $2::bigint
        ORDER BY number DESC LIMIT $3::bigint + 1)
      SELECT ${endColumns}, ${fields} FROM applied LEFT JOIN (page ${lines}) ON true
      ORDER BY number DESC, place`,
    values: [order, before ?? Number.MAX_SAFE_INTEGER, limit],
  };
}

/** The first ones of a list, at most `limit` and so many that they fit an answer. */
export function firstOf(
  all: readonly CancellationRow[],
  limit: number,
): readonly [first: readonly CancellationRow[], next: number | null] {
  let count = 0;
  const full = all.findIndex(({ lines: own }, at) => {
    count += own.length;
    return at + 1 === limit || count >= cancelLimits.answerLinesMax;
  });
  if (full === -1 || full === all.length - 1) return [all, null];
  return [all.slice(0, full + 1), all[full]?.number ?? null];
}

/** Yields the cancellations from this number on. */
export async function* cancellationPages(
  read: Read,
  from: number,
): AsyncGenerator<readonly CancellationRow[]> {
  for (let after = from - 1; ; ) {
    const rows = (await read({ text: pageText, values: [after] })) as readonly LineRow[];
    const last = rows.at(-1)?.number;
    if (last === undefined || last === null) return;
    yield groupCancellations(rows);
    after = last;
  }
}

/** Yields the orders that have cancellations, ascending. */
export async function* cancelledOrderPages(
  read: Read,
): AsyncGenerator<readonly CancelledOrderRow[]> {
  for (let after = 0; ; ) {
    const statement = { text: ordersText, values: [after] };
    const rows = (await read(statement)) as readonly CancelledOrderRow[];
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows;
    after = last.order;
  }
}

/** Rows of lines, those of one cancellation together, to cancellations. */
export function groupCancellations(rows: readonly LineRow[]): readonly CancellationRow[] {
  const found = new Map<number, CancellationRow & { readonly lines: OrderLineRow[] }>();
  for (const row of rows) {
    const { number, productId, name, quantity, priceCents } = row;
    if (number === null) continue;
    const { key, orderNumber, totalCents, restock, reason, at } = row;
    const { previous, cancelled, isWhole, batch } = row;
    const cancellation = found.get(number) ?? {
      ...{ number, key, orderNumber, lines: [], totalCents, restock, reason, at },
      ...{ previous, cancelled, isWhole, batch },
    };
    cancellation.lines.push({ productId, name, quantity, priceCents });
    found.set(number, cancellation);
  }
  return [...found.values()];
}
