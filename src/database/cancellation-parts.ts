/**
 * The parts of a statement that write cancellations. Like orders, cancellations are only added. Invariant: every
 * part reads from the fence.
 */
import { booleanArray, bytesArray, numberArray, textArray } from './arrays.js';
import type { CancellationRow } from './rows.js';
import type { Part } from './statement-parts.js';

/** What happens to rows that exist. */
interface CancellationConflicts {
  readonly onCancellation: string;
  readonly onLine: string;
}

const theyStay: CancellationConflicts = { onCancellation: 'DO NOTHING', onLine: 'DO NOTHING' };

export function cancellationParts(
  rows: readonly CancellationRow[],
  { onCancellation, onLine }: CancellationConflicts = theyStay,
): readonly Part[] {
  const lines = rows.flatMap(({ number, lines: own }) =>
    own.map((line, at) => ({ ...line, number, place: at + 1 })),
  );
  const head: Part = {
    letter: 'm',
    values: [
      numberArray(rows.map(({ number }) => number)),
      bytesArray(rows.map(({ key }) => key)),
      numberArray(rows.map(({ orderNumber }) => orderNumber)),
      numberArray(rows.map(({ totalCents }) => totalCents)),
      booleanArray(rows.map(({ restock }) => restock)),
      textArray(rows.map(({ reason }) => reason)),
      numberArray(rows.map(({ at }) => at)),
      numberArray(rows.map(({ previous }) => previous)),
      // `unnest` would take arrays of arrays apart, so these are texts.
      textArray(rows.map(({ cancelled }) => numberArray(cancelled))),
      booleanArray(rows.map(({ isWhole }) => isWhole)),
      numberArray(rows.map(({ batch }) => batch)),
    ],
    text: `put_cancellations AS (INSERT INTO cancellations AS old (number, key, order_number,
        total_cents, restock, reason, at_ms, previous, cancelled, is_whole, batch)
      SELECT number, key, order_number, total_cents, restock, reason, at_ms, previous,
        cancelled::bigint[], is_whole, batch
      FROM fence, unnest($1::bigint[], $2::bytea[], $3::bigint[], $4::bigint[], $5::boolean[],
        $6::text[], $7::bigint[], $8::bigint[], $9::text[], $10::boolean[], $11::bigint[])
        AS given (number, key, order_number, total_cents, restock, reason, at_ms, previous,
          cancelled, is_whole, batch)
      ON CONFLICT (number) ${onCancellation})`,
  };
  const body: Part = {
    letter: 'q',
    values: [
      numberArray(lines.map(({ number }) => number)),
      numberArray(lines.map(({ place }) => place)),
      numberArray(lines.map(({ productId }) => productId)),
      textArray(lines.map(({ name }) => name)),
      numberArray(lines.map(({ quantity }) => quantity)),
      numberArray(lines.map(({ priceCents }) => priceCents)),
    ],
    text: `put_cancellation_lines AS (INSERT INTO cancellation_lines AS old (cancellation_number, place,
        product_id, name, quantity, price_cents)
      SELECT given.* FROM fence, unnest($1::bigint[], $2::integer[], $3::bigint[], $4::text[],
        $5::bigint[], $6::bigint[]) AS given
      ON CONFLICT (cancellation_number, place) ${onLine})`,
  };
  return [head, body];
}
