/**
 * Checks the movements of stock in the tables (docs/STOCK.md, M2): the numbers have no gaps, and each
 * movement of a product begins with the units that the one before left. Keeps the last balance of each
 * product. The database compares the movements of a range; only the first and the last one of each product
 * are read.
 */
import { databaseLimits } from '../base/database-limits.js';
import type { Balance } from '../wire/balance-check.js';
import { checkNumbers, type NumberedTable, type RangeReader, range } from './audit-ranges.js';

export interface MovementSums {
  movements: number;
  readonly balances: Map<number, Balance>;
}

export const movementTable: NumberedTable = { noun: 'movement', table: 'stock_movements' };

/**
 * The movements of the range. `begins_…`: units before the movement, by its own difference. `left_…`: units
 * after the movement before it of the same product; null if the range has none.
 */
const chainText = `SELECT number, product_id, available, reserved,
    available - delta AS begins_available, reserved - reserved_delta AS begins_reserved,
    lag(available) OVER own AS left_available, lag(reserved) OVER own AS left_reserved,
    lead(number) OVER own AS next
  FROM stock_movements WHERE ${range('number')}
  WINDOW own AS (PARTITION BY product_id ORDER BY number)`;
const brokenText = `SELECT number, product_id AS id FROM (${chainText}) AS chain
  WHERE begins_available <> left_available OR begins_reserved <> left_reserved
  ORDER BY number LIMIT ${databaseLimits.auditProblemsMax}`;
const firstsText = `SELECT number, product_id AS id, begins_available AS available,
    begins_reserved AS reserved FROM (${chainText}) AS chain
  WHERE left_available IS NULL ORDER BY number`;
const lastsText = `SELECT number, product_id AS id, available, reserved FROM (${chainText}) AS chain
  WHERE next IS NULL`;

interface BalanceRow {
  readonly number: number;
  readonly id: number;
  readonly available: number;
  readonly reserved: number;
}

/** Adds the movements of the range to the sums, and a sentence to `problems` for each one that is wrong. */
export async function addMovements(
  read: RangeReader,
  sums: MovementSums,
  problems: string[],
): Promise<void> {
  const { balances } = sums;
  sums.movements += await checkNumbers(read, movementTable, problems);
  const broken = [...(await read.rows<Pick<BalanceRow, 'number' | 'id'>>(brokenText))];
  for (const { number, id, available, reserved } of await read.rows<BalanceRow>(firstsText)) {
    const before = balances.get(id);
    // What happened before the first movement of a product is not known.
    if (!before || (before[1] === available && before[2] === reserved)) continue;
    broken.push({ number, id });
  }
  for (const { number, id } of broken.sort((one, other) => one.number - other.number)) {
    problems.push(`movement ${number} does not follow the one before of product ${id}`);
  }
  for (const { id, available, reserved } of await read.rows<BalanceRow>(lastsText)) {
    balances.set(id, [id, available, reserved]);
  }
}
