/**
 * Adds up the orders, cancellations and movements of stock in the tables, in one snapshot of the database.
 * Checks that their numbers have no gaps, that each total is the sum of its lines, and that the cancellations
 * of an order follow each other.
 */
import { databaseLimits } from '../base/database-limits.js';
import type { Balance } from '../wire/balance-check.js';
import { addMovements, type MovementSums, movementTable } from './audit-movements.js';
import {
  addRanges,
  checkNumbers,
  type NumberedTable,
  type RangeReader,
  range,
  requireEnd,
  surplus,
} from './audit-ranges.js';
import type { TableEnds, TableState } from './rows.js';
import type { DatabaseOptions } from './session-keeper.js';
import { appliedText, openSnapshot, readRows } from './table-pieces.js';

type Units = readonly (readonly [productId: number, units: number])[];

export interface OrdersBook {
  readonly orders: number;
  readonly units: Units;
  readonly cancellations: number;
  /** Units of the cancellations that went back into stock. */
  readonly returned: Units;
  readonly movements: number;
  /** The stock after the last movement of each product. */
  readonly balances: readonly Balance[];
  /** One sentence for each thing that is wrong. */
  readonly problems: readonly string[];
}

/** A table of numbered rows and its lines. */
interface Book extends NumberedTable {
  readonly lines: 'order_lines' | 'cancellation_lines';
  /** The column of the lines that has the number. */
  readonly owner: 'order_number' | 'cancellation_number';
}

const orderBook: Book = {
  ...{ noun: 'order', table: 'orders', lines: 'order_lines', owner: 'order_number' },
};
const cancellationBook: Book = {
  ...{ noun: 'cancellation', table: 'cancellations' },
  ...{ lines: 'cancellation_lines', owner: 'cancellation_number' },
};

const { auditProblemsMax } = databaseLimits;
const totalsText = ({ table, lines, owner }: Book): string =>
  `SELECT number, total_cents AS "totalCents", coalesce(sum_cents, 0)::text AS "sumCents"
  FROM ${table} LEFT JOIN (
    SELECT ${owner} AS owner, sum(quantity::numeric * price_cents) AS sum_cents
    FROM ${lines} WHERE ${range(owner)} GROUP BY ${owner}) AS sums
    ON owner = number
  WHERE ${range('number')} AND total_cents IS DISTINCT FROM coalesce(sum_cents, 0)
  ORDER BY number LIMIT ${auditProblemsMax}`;
const unitsText = `SELECT product_id AS id, sum(quantity)::bigint AS units
  FROM order_lines WHERE ${range('order_number')} GROUP BY product_id`;
const cancelledText = `SELECT product_id AS id, sum(quantity)::bigint AS units,
    coalesce(sum(quantity) FILTER (WHERE restock), 0)::bigint AS returned
  FROM cancellation_lines JOIN cancellations ON number = cancellation_number
  WHERE ${range('cancellation_number')} GROUP BY product_id`;
/** Units of each product as a text, without those that are 0. */
const sumText = (rows: string): string => `(SELECT string_agg(id || ' ' || units, ',' ORDER BY id)
    FROM (SELECT id, sum(units) AS units FROM (${rows}) AS parts GROUP BY id) AS sums)`;
const flatRows = (list: string): string => `SELECT ${list}[at] AS id, ${list}[at + 1] AS units
    FROM generate_series(1, coalesce(cardinality(${list}), 0), 2) AS at`;
/** Cancellations that do not name the one before of their order, or are not the sum of it and their lines. */
const brokenText = `SELECT one.number, one.order_number AS "order" FROM cancellations AS one
  LEFT JOIN LATERAL (SELECT number, cancelled FROM cancellations AS other
    WHERE other.order_number = one.order_number AND other.number < one.number
    ORDER BY other.number DESC LIMIT 1) AS before ON true
  WHERE ${range('one.number')} AND (one.previous <> coalesce(before.number, 0)
    OR ${sumText(flatRows('one.cancelled'))} IS DISTINCT FROM
      ${sumText(`${flatRows('before.cancelled')} UNION ALL SELECT product_id, quantity
        FROM cancellation_lines WHERE cancellation_number = one.number`)})
  ORDER BY one.number LIMIT ${auditProblemsMax}`;

interface Sums {
  readonly counts: { orders: number; cancellations: number };
  readonly units: Map<number, number>;
  readonly cancelled: Map<number, number>;
  readonly returned: Map<number, number>;
  readonly moved: MovementSums;
  readonly problems: string[];
}

/**
 * Audits the orders, cancellations and movements through these numbers. Rejects with `unavailable` if the
 * tables do not have all of them yet.
 */
export async function auditOrders(
  options: DatabaseOptions,
  through: TableEnds,
): Promise<OrdersBook> {
  const session = await openSnapshot(options);
  try {
    const [applied] = await readRows<TableState>(session, { text: appliedText });
    const { lastOrder = 0, lastCancellation = 0, lastMovement = 0 } = applied ?? {};
    requireEnd('order', lastOrder, through.lastOrder);
    requireEnd('cancellation', lastCancellation, through.lastCancellation);
    requireEnd('movement', lastMovement, through.lastMovement);
    const sums: Sums = {
      counts: { orders: 0, cancellations: 0 },
      ...{ units: new Map(), cancelled: new Map(), returned: new Map(), problems: [] },
      moved: { movements: 0, balances: new Map() },
    };
    const { counts, units, cancelled, returned, moved, problems } = sums;
    await addRanges(session, through.lastOrder, (read) => addOrders(read, sums));
    await addRanges(session, through.lastCancellation, (read) => addCancellations(read, sums));
    await addRanges(session, through.lastMovement, (read) => addMovements(read, moved, problems));
    problems.push(
      ...(await surplus(session, orderBook, lastOrder)),
      ...(await surplus(session, cancellationBook, lastCancellation)),
      ...(await surplus(session, movementTable, lastMovement)),
    );
    for (const [id, some] of cancelled) {
      const all = units.get(id) ?? 0;
      if (some > all) problems.push(`product ${id}: ${some} cancelled, but ${all} ordered`);
    }
    const books = { units: [...units], returned: [...returned].filter(([, some]) => some > 0) };
    const ledger = { movements: moved.movements, balances: [...moved.balances.values()] };
    return { ...counts, ...books, ...ledger, problems: problems.slice(0, auditProblemsMax) };
  } finally {
    await session.close();
  }
}

async function addOrders(read: RangeReader, { counts, units, problems }: Sums): Promise<void> {
  counts.orders += await checkRows(read, orderBook, problems);
  for (const { id, units: some } of await read.rows<{ id: number; units: number }>(unitsText)) {
    add(units, id, some);
  }
}

interface CancelledRow {
  readonly id: number;
  readonly units: number;
  readonly returned: number;
}

async function addCancellations(read: RangeReader, sums: Sums): Promise<void> {
  const { counts, cancelled, returned, problems } = sums;
  counts.cancellations += await checkRows(read, cancellationBook, problems);
  for (const { id, units, returned: back } of await read.rows<CancelledRow>(cancelledText)) {
    add(cancelled, id, units);
    add(returned, id, back);
  }
  for (const { number, order } of await read.rows<{ number: number; order: number }>(brokenText)) {
    problems.push(`cancellation ${number} does not follow the one before of order ${order}`);
  }
}

/** Returns how many rows there are. */
async function checkRows(read: RangeReader, book: Book, problems: string[]): Promise<number> {
  const { noun } = book;
  const count = await checkNumbers(read, book, problems);
  const wrong = await read.rows<{ number: number; totalCents: number; sumCents: string }>(
    totalsText(book),
  );
  for (const { number, totalCents, sumCents } of wrong) {
    problems.push(`${noun} ${number}: the total is ${totalCents}, its lines make ${sumCents}`);
  }
  return count;
}

function add(sums: Map<number, number>, id: number, units: number): void {
  sums.set(id, (sums.get(id) ?? 0) + units);
}
