/** Reads holds with their lines in bounded pages: each statement continues after the last hold before it. */
import { databaseLimits } from '../base/database-limits.js';
import type { HoldLineRow, HoldOrder, HoldRow } from './rows.js';
import type { Statement } from './session.js';

/** A line with its hold's fields; `place` is null in the only row of a hold without lines. */
interface HeldRow extends Omit<HoldRow, 'lines'>, HoldLineRow {
  readonly place: number | null;
}

type Read = (statement: Statement) => Promise<readonly unknown[]>;

/** The place after which a page begins. */
interface Place {
  readonly serial: number;
  readonly endTime: number;
}

const start: Place = { serial: 0, endTime: -Number.MAX_SAFE_INTEGER };
const { pieceRows } = databaseLimits;

const textOf = (which: string, order: string): string => `SELECT serial, id, customer, state,
    ttl_seconds AS "ttlSeconds", opened_time AS "openedTime", opened_ms AS "openedMs",
    end_time AS "endTime", expires_ms AS "expiresMs", order_number AS "orderNumber", reference, place,
    product_id AS "productId", quantity, price_cents AS "priceCents"
  FROM (SELECT * FROM holds WHERE ${which} ORDER BY ${order} LIMIT ${pieceRows}) AS page
    LEFT JOIN hold_lines ON hold_serial = serial
  ORDER BY ${order}, place`;
const keptText = textOf(
  "serial > $1::bigint AND (state = 'open' OR end_time >= $2::bigint)",
  'serial',
);
const openText = textOf("serial > $1::bigint AND state = 'open'", 'serial');
const resolvedText = textOf(
  `state <> 'open' AND end_time >= $3::bigint
    AND (end_time, serial) > ($2::bigint, $1::bigint)`,
  'end_time, serial',
);

/** Yields the open holds, and the resolved ones whose end is at or after `resolvedFrom`. */
export async function* holdPages(
  read: Read,
  resolvedFrom: number,
  order: HoldOrder,
): AsyncGenerator<readonly HoldRow[]> {
  if (order === 'by serial') {
    yield* pages(read, keptText, ({ serial }) => [serial, resolvedFrom]);
    return;
  }
  yield* pages(read, openText, ({ serial }) => [serial]);
  yield* pages(read, resolvedText, ({ serial, endTime }) => [serial, endTime, resolvedFrom]);
}

async function* pages(
  read: Read,
  text: string,
  valuesAfter: (place: Place) => readonly number[],
): AsyncGenerator<readonly HoldRow[]> {
  for (let last: Place | undefined = start; last !== undefined; ) {
    const rows = (await read({ text, values: valuesAfter(last) })) as readonly HeldRow[];
    if (rows.length > 0) yield groupHolds(rows);
    last = rows.at(-1);
  }
}

/** Rows of lines, those of one hold together, to holds. */
function groupHolds(rows: readonly HeldRow[]): readonly HoldRow[] {
  const holds = new Map<number, HoldRow & { readonly lines: HoldLineRow[] }>();
  for (const { place, productId, quantity, priceCents, ...fields } of rows) {
    const hold = holds.get(fields.serial) ?? { ...fields, lines: [] };
    if (place !== null) hold.lines.push({ productId, quantity, priceCents });
    holds.set(fields.serial, hold);
  }
  return [...holds.values()];
}
