/**
 * The statement that finds orders by number, time, product and key. It reads at most `orderScanMax`
 * candidates in the order of their numbers, unless their time alone selects few. Invariant: following
 * `next` visits every order of the range once.
 */
import { databaseLimits } from '../base/database-limits.js';
import type { FindOrdersParams } from '../wire/thread-requests.js';
import { toBuffer } from './arrays.js';
import { cancelledColumn } from './read-cancellations.js';
import { endColumns } from './read-ends.js';
import type { TableEnds } from './rows.js';
import type { Statement } from './session.js';
import type { LineRow } from './table-pieces.js';

/** A line of an order; `number` is null if none was found. The ends and `next` are the same in all rows. */
export interface FoundRow extends LineRow, TableEnds {
  readonly next: number | null;
  /** What is cancelled of the order; null if nothing is. */
  readonly cancelled: readonly number[] | null;
}

const numberMax = Number.MAX_SAFE_INTEGER;
const { orderScanMax } = databaseLimits;

/** Asks whether the time selects few orders; undefined if the question does not help. */
export function isNarrowStatement(params: FindOrdersParams): Statement | undefined {
  const [, , , , since, until, product, key] = params;
  if (product !== null || key !== null || (since === null && until === null)) return undefined;
  return {
    name: 'orders_narrow',
    text: `SELECT count(*) <= ${orderScanMax} AS "isNarrow" FROM (
      SELECT 1 FROM orders WHERE at_ms >= $1::bigint AND at_ms < $2::bigint
      LIMIT ${orderScanMax + 1}) AS page`,
    values: [since ?? -numberMax, until ?? numberMax],
  };
}

export function findStatement(params: FindOrdersParams, isNarrow: boolean): Statement {
  const [descending, after, before, limit, since, until, product, key] = params;
  const way = descending === 1 ? 'DESC' : 'ASC';
  const isTimed = since !== null || until !== null;
  const range = [after, before ?? numberMax, since ?? -numberMax, until ?? numberMax, limit];
  const scan = isTimed ? `${orderScanMax}` : '$5::bigint + 1';
  const [kind, text, ...values] = candidates({ product, key, way, isNarrow, scan });
  const last = descending === 1 ? 'min' : 'max';
  return {
    name: `orders_${kind}${isTimed ? '_timed' : ''}_${way.toLowerCase()}`,
    // `found` has one order more than the limit, which says whether there is a next list.
    text: `WITH candidates AS MATERIALIZED (${text}),
      found AS MATERIALIZED (
        SELECT *, row_number() OVER (ORDER BY number ${way}) AS nth
        FROM candidates WHERE at_ms >= $3::bigint AND at_ms < $4::bigint
        ORDER BY number ${way} LIMIT $5::bigint + 1),
      shown AS MATERIALIZED (
        SELECT found.*, ${cancelledColumn('found.number')} FROM found WHERE nth <= $5::bigint),
      scanned AS (
        SELECT CASE
          WHEN (SELECT count(*) FROM found) > $5::bigint
            THEN (SELECT number FROM found WHERE nth = $5::bigint)
          WHEN ${isTimed && !isNarrow} AND (SELECT count(*) FROM candidates) >= ${orderScanMax}
            THEN (SELECT ${last}(number) FROM candidates)
        END AS next)
    SELECT ${endColumns}, scanned.next, number, key, total_cents AS "totalCents", at_ms AS at, seq, customer, cancelled,
      product_id AS "productId", name, quantity, price_cents AS "priceCents"
    FROM applied CROSS JOIN scanned
      LEFT JOIN (shown JOIN order_lines ON order_number = number) ON true
    ORDER BY number ${way}, place`,
    values: [...range, ...values],
  };
}

interface Search {
  readonly product: number | string | null;
  readonly key: Uint8Array | null;
  readonly way: 'ASC' | 'DESC';
  readonly isNarrow: boolean;
  /** Candidates in one list. */
  readonly scan: string;
}

/** Orders in the range, before their time is checked. The filters' values are $6 and $7. */
function candidates(search: Search): readonly [kind: string, text: string, ...values: unknown[]] {
  const { product, key, way, isNarrow, scan } = search;
  const bounds = (column: string): string => `${column} > $1::bigint AND ${column} < $2::bigint`;
  const page = `ORDER BY number ${way} LIMIT ${scan}`;
  if (key !== null) {
    const text = `SELECT * FROM orders WHERE key = $6::bytea AND ${bounds('number')}`;
    if (product === null) return ['key', `${text} ${page}`, toBuffer(key)];
    const line = `SELECT 1 FROM order_lines WHERE order_number = number
      AND product_id IN (${productIds(product, 7)})`;
    const kind = `key_${typeof product}`;
    return [kind, `${text} AND EXISTS (${line}) ${page}`, toBuffer(key), product];
  }
  if (product !== null) {
    // Each product's lines are read in the order of their numbers.
    const text = `SELECT orders.* FROM (
      SELECT DISTINCT lines.number FROM (${productIds(product, 6)}) AS wanted CROSS JOIN LATERAL (
        SELECT DISTINCT order_number AS number FROM order_lines
        WHERE product_id = wanted.id AND ${bounds('order_number')} ${page}) AS lines
      ${page}) AS numbers JOIN orders USING (number)`;
    return [typeof product, text, product];
  }
  if (isNarrow) {
    const text = `SELECT * FROM orders
      WHERE at_ms >= $3::bigint AND at_ms < $4::bigint AND ${bounds('number')}`;
    return ['narrow', text];
  }
  return ['all', `SELECT * FROM orders WHERE ${bounds('number')} ${page}`];
}

/** A product's name never changes, so its lines have the same one. */
function productIds(product: number | string, place: number): string {
  if (typeof product === 'number') return `SELECT $${place}::bigint AS id`;
  return `SELECT id FROM products WHERE name = $${place}::text`;
}
