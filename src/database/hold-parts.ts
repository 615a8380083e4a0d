/**
 * The parts of a statement that write and delete holds. Invariants: every part reads from the fence; no
 * two parts of one statement change the same row, because a row that changes is in the state, and a row
 * that is deleted is not.
 */
import { databaseLimits } from '../base/database-limits.js';
import { bytesArray, numberArray, textArray } from './arrays.js';
import type { HoldChanges, HoldRow } from './rows.js';
import type { Part } from './statement-parts.js';

/** @param deletedBefore no resolved hold is left whose end is before this log time. */
export function holdChangeParts(
  { rows, linesThrough, gone, resolvedFrom }: HoldChanges,
  deletedBefore: number,
): readonly Part[] {
  const parts: Part[] = [];
  if (rows.length > 0) parts.push(holdsPart(rows));
  const added = rows.filter(({ serial }) => serial > linesThrough);
  if (added.length > 0) parts.push(holdLinesPart(added));
  if (gone.length > 0) parts.push(goneHoldsPart(gone));
  if (deletedBefore < resolvedFrom) parts.push(dropHoldsPart(deletedBefore, resolvedFrom));
  return parts;
}

/** `only` follows the update of a row that exists. */
export function holdsPart(rows: readonly HoldRow[], only = ''): Part {
  return {
    letter: 'h',
    values: [
      numberArray(rows.map(({ serial }) => serial)),
      bytesArray(rows.map(({ id }) => id)),
      bytesArray(rows.map(({ customer }) => customer)),
      textArray(rows.map(({ state }) => state)),
      numberArray(rows.map(({ ttlSeconds }) => ttlSeconds)),
      numberArray(rows.map(({ openedTime }) => openedTime)),
      numberArray(rows.map(({ openedMs }) => openedMs)),
      numberArray(rows.map(({ endTime }) => endTime)),
      numberArray(rows.map(({ expiresMs }) => expiresMs)),
      numberArray(rows.map(({ orderNumber }) => orderNumber)),
      textArray(rows.map(({ reference }) => reference)),
    ],
    text: `put_holds AS (INSERT INTO holds AS old (serial, id, customer, state, ttl_seconds,
        opened_time, opened_ms, end_time, expires_ms, order_number, reference)
      SELECT given.* FROM fence, unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::text[],
        $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[],
        $11::text[]) AS given
      ON CONFLICT (serial) DO UPDATE SET id = excluded.id, customer = excluded.customer,
        state = excluded.state, ttl_seconds = excluded.ttl_seconds,
        opened_time = excluded.opened_time, opened_ms = excluded.opened_ms,
        end_time = excluded.end_time, expires_ms = excluded.expires_ms,
        order_number = excluded.order_number, reference = excluded.reference${only})`,
  };
}

/** `onLine`: what happens to a row that exists. */
export function holdLinesPart(rows: readonly HoldRow[], onLine = 'DO NOTHING'): Part {
  const lines = rows.flatMap(({ serial, lines: own }) =>
    own.map((line, at) => ({ ...line, serial, place: at + 1 })),
  );
  return {
    letter: 'n',
    values: [
      numberArray(lines.map(({ serial }) => serial)),
      numberArray(lines.map(({ place }) => place)),
      numberArray(lines.map(({ productId }) => productId)),
      numberArray(lines.map(({ quantity }) => quantity)),
      numberArray(lines.map(({ priceCents }) => priceCents)),
    ],
    text: `put_hold_lines AS (INSERT INTO hold_lines AS old (hold_serial, place, product_id, quantity,
        price_cents)
      SELECT given.* FROM fence, unnest($1::bigint[], $2::integer[], $3::bigint[], $4::bigint[],
        $5::bigint[]) AS given
      ON CONFLICT (hold_serial, place) ${onLine})`,
  };
}

/** Their lines go with them, here and below. */
function goneHoldsPart(serials: readonly number[]): Part {
  return {
    letter: 'w',
    values: [numberArray(serials)],
    text: 'gone_holds AS (DELETE FROM holds USING fence WHERE serial = ANY ($1::bigint[]))',
  };
}

/** The lower bound spares the scan of index entries of rows that are deleted already. */
function dropHoldsPart(deletedBefore: number, resolvedFrom: number): Part {
  return {
    letter: 'e',
    values: [deletedBefore, resolvedFrom],
    text: `dropped_holds AS (DELETE FROM holds USING fence
      WHERE serial IN (SELECT serial FROM holds
        WHERE state <> 'open' AND end_time >= $1::bigint AND end_time < $2::bigint
        ORDER BY end_time, serial LIMIT ${databaseLimits.keyDeletesMax})
      RETURNING 1)`,
  };
}
