/** Reads movements of stock: in bounded pages, or those of a product. */
import { databaseLimits } from '../base/database-limits.js';
import { endColumns } from './read-ends.js';
import type { MovementRow, TableEnds } from './rows.js';
import type { Statement } from './session.js';

/** `number` is null if none was found. The ends are the same in all rows. */
export interface FoundMovement extends Omit<MovementRow, 'number'>, TableEnds {
  readonly number: number | null;
}

const fields = `number, product_id AS "productId", cause, source, delta,
    reserved_delta AS "reservedDelta", available, reserved, at_ms AS at, reason, reference,
    begins_run AS "beginsRun"`;

/** The next page after $1. */
export const movementsText = `SELECT ${fields} FROM stock_movements
  WHERE number > $1::bigint ORDER BY number LIMIT ${databaseLimits.pieceRows}`;

/** Those of a product above `after`, one more than the limit. */
export function ledgerStatement(product: number, after: number, limit: number): Statement {
  return {
    name: 'read_ledger',
    text: `SELECT ${endColumns}, ${fields}
      FROM applied LEFT JOIN (SELECT * FROM stock_movements
        WHERE product_id = $1::bigint AND number > $2::bigint
        ORDER BY number LIMIT $3::bigint + 1) AS page ON true
      ORDER BY number`,
    values: [product, after, limit],
  };
}

/** The first ones of a list, at most `limit`, and the number after which the next list continues. */
export function firstMovements(
  rows: readonly FoundMovement[],
  limit: number,
): readonly [movements: readonly MovementRow[], next: number | null] {
  const found = rows.flatMap(({ lastOrder, lastCancellation, lastMovement, number, ...row }) => {
    return number === null ? [] : [{ ...row, number }];
  });
  if (found.length <= limit) return [found, null];
  const first = found.slice(0, limit);
  return [first, first.at(-1)?.number ?? null];
}
