/**
 * Reads tables with numbered rows for an audit, one bounded range of numbers after the other, and checks that
 * the numbers have no gaps.
 */
import { databaseLimits } from '../base/database-limits.js';
import { BazarError } from '../base/errors.js';
import type { Session } from './session.js';
import { readRows } from './table-pieces.js';

/** A table whose rows are numbered from 1. */
export interface NumberedTable {
  readonly noun: 'order' | 'cancellation' | 'movement';
  readonly table: 'orders' | 'cancellations' | 'stock_movements';
}

/** Reads rows of a range of numbers. */
export interface RangeReader {
  readonly after: number;
  readonly through: number;
  rows<Row>(text: string): Promise<readonly Row[]>;
}

const { auditOrdersMax, auditProblemsMax } = databaseLimits;

/** The condition that a column lies in the range. */
export const range = (column: string): string =>
  `${column} > $1::bigint AND ${column} <= $2::bigint`;
const countText = ({ table }: NumberedTable): string =>
  `SELECT count(*) AS count FROM ${table} WHERE ${range('number')}`;
/** The numbers of the range that no row has. */
const missingText = ({ table }: NumberedTable): string =>
  `SELECT wanted AS number FROM generate_series($1::bigint + 1, $2::bigint) AS wanted
  WHERE NOT EXISTS (SELECT 1 FROM ${table} WHERE number = wanted) ORDER BY 1 LIMIT ${auditProblemsMax}`;
const lastText = ({ table }: NumberedTable): string =>
  `SELECT coalesce(max(number), 0) AS number FROM ${table}`;

/** Rejects with `unavailable` if the tables end before. */
export function requireEnd(noun: NumberedTable['noun'], last: number, through: number): void {
  if (last >= through) return;
  const message = `the tables end at ${noun} ${last}, before ${through}`;
  throw new BazarError('unavailable', message);
}

/** Calls `add` for each range from 1 through `end`, one after the other. */
export async function addRanges(
  session: Session,
  end: number,
  add: (read: RangeReader) => Promise<void>,
): Promise<void> {
  for (let after = 0; after < end; after += auditOrdersMax) {
    const through = Math.min(end, after + auditOrdersMax);
    const rows = <Row>(text: string): Promise<readonly Row[]> =>
      readRows<Row>(session, { text, values: [after, through] });
    await add({ after, through, rows });
  }
}

/** Returns how many rows the range has, and adds a problem for each missing number. */
export async function checkNumbers(
  { after, through, rows }: RangeReader,
  numbered: NumberedTable,
  problems: string[],
): Promise<number> {
  const [counted] = await rows<{ count: number }>(countText(numbered));
  const count = counted?.count ?? 0;
  if (count === through - after) return count;
  for (const { number } of await rows<{ number: number }>(missingText(numbered))) {
    problems.push(`the table ${numbered.table} has no row for ${numbered.noun} ${number}`);
  }
  return count;
}

/** One problem if the table has rows after `end`, which names the last one. */
export async function surplus(
  session: Session,
  numbered: NumberedTable,
  end: number,
): Promise<readonly string[]> {
  const { table, noun } = numbered;
  const [last] = await readRows<{ number: number }>(session, { text: lastText(numbered) });
  if (!last || last.number <= end) return [];
  return [`the table ${table} has ${noun} ${last.number}, the last one is ${end}`];
}
