/** The part of a statement that writes movements of stock. They are only added. It reads from the fence. */
import { booleanArray, numberArray, textArray } from './arrays.js';
import type { MovementRow } from './rows.js';
import type { Part } from './statement-parts.js';

/** `onMovement`: what happens to rows that exist. */
export function movementsPart(rows: readonly MovementRow[], onMovement = 'DO NOTHING'): Part {
  return {
    letter: 's',
    values: [
      numberArray(rows.map(({ number }) => number)),
      numberArray(rows.map(({ productId }) => productId)),
      numberArray(rows.map(({ source }) => source)),
      numberArray(rows.map(({ delta }) => delta)),
      numberArray(rows.map(({ reservedDelta }) => reservedDelta)),
      numberArray(rows.map(({ available }) => available)),
      numberArray(rows.map(({ reserved }) => reserved)),
      numberArray(rows.map(({ at }) => at)),
      booleanArray(rows.map(({ beginsRun }) => beginsRun)),
      textArray(rows.map(({ cause }) => cause)),
      textArray(rows.map(({ reason }) => reason)),
      textArray(rows.map(({ reference }) => reference)),
    ],
    text: `put_movements AS (INSERT INTO stock_movements AS old (number, product_id, source, delta,
        reserved_delta, available, reserved, at_ms, begins_run, cause, reason, reference)
      SELECT given.* FROM fence, unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[],
        $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::boolean[], $10::text[],
        $11::text[], $12::text[]) AS given
      ON CONFLICT (number) ${onMovement})`,
  };
}
