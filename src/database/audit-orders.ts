/**
 * Adds up the orders of the tables in one snapshot of the database, a bounded range of numbers a
 * statement, and checks that they have no gaps and that each total is the sum of its lines.
 */
import { BazarError } from '../base/errors.js';
import { databaseLimits } from '../base/limits.js';
import type { Session } from './session.js';
import type { DatabaseOptions } from './session-keeper.js';
import { appliedText, openSnapshot, readRows } from './table-pieces.js';

export interface OrdersBook {
  readonly orders: number;
  readonly units: readonly (readonly [productId: number, units: number])[];
  /** One sentence for each thing that is wrong. */
  readonly problems: readonly string[];
}

const { auditOrdersMax, auditProblemsMax } = databaseLimits;
const range = (column: string): string => `${column} > $1::bigint AND ${column} <= $2::bigint`;
const countText = `SELECT count(*) AS count FROM orders WHERE ${range('number')}`;
/** The places in the range at which the number after the one before is not there. */
const missingText = `SELECT wanted AS number FROM generate_series($1::bigint + 1, $2::bigint) AS wanted
  WHERE NOT EXISTS (SELECT 1 FROM orders WHERE number = wanted) ORDER BY 1 LIMIT ${auditProblemsMax}`;
const totalsText = `SELECT number, total_cents AS "totalCents", coalesce(sum_cents, 0)::text AS "sumCents"
  FROM orders LEFT JOIN (
    SELECT order_number, sum(quantity::numeric * price_cents) AS sum_cents
    FROM order_lines WHERE ${range('order_number')} GROUP BY order_number) AS sums
    ON order_number = number
  WHERE ${range('number')} AND total_cents IS DISTINCT FROM coalesce(sum_cents, 0)
  ORDER BY number LIMIT ${auditProblemsMax}`;
const unitsText = `SELECT product_id AS id, sum(quantity)::bigint AS units
  FROM order_lines WHERE ${range('order_number')} GROUP BY product_id`;
const lastText = 'SELECT coalesce(max(number), 0) AS number FROM orders';

interface Sums {
  orders: number;
  readonly units: Map<number, number>;
  readonly problems: string[];
}

/** Later orders are excluded. Rejects with `unavailable` if the tables do not have all of these yet. */
export async function auditOrders(options: DatabaseOptions, through: number): Promise<OrdersBook> {
  const session = await openSnapshot(options);
  try {
    const [applied] = await readRows<{ lastOrder: number }>(session, { text: appliedText });
    const lastOrder = applied?.lastOrder ?? 0;
    if (lastOrder < through) {
      throw new BazarError(
        'unavailable',
        `the tables end at order ${lastOrder}, before ${through}`,
      );
    }
    const sums: Sums = { orders: 0, units: new Map(), problems: [] };
    for (let after = 0; after < through; after += auditOrdersMax) {
      await addRange(session, sums, after, Math.min(through, after + auditOrdersMax));
    }
    const [last] = await readRows<{ number: number }>(session, { text: lastText });
    if (last && last.number > lastOrder) {
      sums.problems.push(`the table orders has order ${last.number}, the last one is ${lastOrder}`);
    }
    const { orders, units, problems } = sums;
    return { orders, units: [...units], problems: problems.slice(0, auditProblemsMax) };
  } finally {
    await session.close();
  }
}

async function addRange(
  session: Session,
  sums: Sums,
  after: number,
  through: number,
): Promise<void> {
  const rows = <Row>(text: string): Promise<readonly Row[]> =>
    readRows<Row>(session, { text, values: [after, through] });
  const [counted] = await rows<{ count: number }>(countText);
  const count = counted?.count ?? 0;
  sums.orders += count;
  if (count !== through - after) {
    for (const { number } of await rows<{ number: number }>(missingText)) {
      sums.problems.push(`the table orders has no row for order ${number}`);
    }
  }
  const wrong = await rows<{ number: number; totalCents: number; sumCents: string }>(totalsText);
  for (const { number, totalCents, sumCents } of wrong) {
    sums.problems.push(`order ${number}: the total is ${totalCents}, its lines make ${sumCents}`);
  }
  for (const { id, units } of await rows<{ id: number; units: number }>(unitsText)) {
    sums.units.set(id, (sums.units.get(id) ?? 0) + units);
  }
}
