/**
 * The parts of a statement that write and delete uses of purchase limits. Invariants: every part reads from
 * the fence; no two parts of one statement change the same row. For this `UseChanges` names a use once, and
 * a use that has ended is older than all that the statement writes of its product.
 */
import { bytesArray, numberArray } from './arrays.js';
import type { UseChanges, UseKeyRow, UseRow } from './rows.js';
import type { Part } from './statement-parts.js';

export function useChangeParts({ rows, gone, ended, replaced }: UseChanges): readonly Part[] {
  const parts: Part[] = [];
  if (rows.length > 0) parts.push(usesPart(rows));
  if (gone.length > 0) parts.push(goneUsesPart(gone));
  if (ended.length > 0) parts.push(endedUsesPart(ended));
  if (replaced.length > 0) parts.push(replacedUsesPart(replaced, rows));
  return parts;
}

/** The values `$1`, `$2` and `$3` of a part. */
export function useKeyArrays(keys: readonly UseKeyRow[]): readonly string[] {
  return [
    numberArray(keys.map(({ productId }) => productId)),
    bytesArray(keys.map(({ customer }) => customer)),
    numberArray(keys.map(({ source }) => source)),
  ];
}

/** `only` follows the update of a row that exists. */
export function usesPart(rows: readonly UseRow[], only = ''): Part {
  return {
    letter: 'u',
    values: [
      ...useKeyArrays(rows),
      numberArray(rows.map(({ time }) => time)),
      numberArray(rows.map(({ lastSale }) => lastSale)),
      numberArray(rows.map(({ quantity }) => quantity)),
    ],
    text: `put_uses AS (INSERT INTO limit_uses AS old (product_id, customer, source, time,
        last_sale, quantity)
      SELECT given.* FROM fence, unnest($1::bigint[], $2::bytea[], $3::bigint[], $4::bigint[],
        $5::bigint[], $6::bigint[]) AS given
      ON CONFLICT (product_id, customer, source) DO UPDATE SET time = excluded.time,
        last_sale = excluded.last_sale, quantity = excluded.quantity${only})`,
  };
}

function goneUsesPart(gone: UseChanges['gone']): Part {
  return {
    letter: 'v',
    values: useKeyArrays(gone),
    text: `gone_uses AS (DELETE FROM limit_uses AS old
      USING fence, unnest($1::bigint[], $2::bytea[], $3::bigint[]) AS given (product, customer, source)
      WHERE old.product_id = given.product AND old.customer = given.customer
        AND old.source = given.source)`,
  };
}

/** Uses with a window have a source. */
function endedUsesPart(ended: UseChanges['ended']): Part {
  return {
    letter: 'y',
    values: [
      numberArray(ended.map(({ productId }) => productId)),
      numberArray(ended.map(({ through }) => through)),
    ],
    text: `ended_uses AS (DELETE FROM limit_uses AS old
      USING fence, unnest($1::bigint[], $2::bigint[]) AS given (product, through)
      WHERE old.product_id = given.product AND old.time <= given.through AND old.source <> 0)`,
  };
}

function replacedUsesPart(replaced: readonly number[], rows: readonly UseRow[]): Part {
  const products = new Set(replaced);
  const left = rows.filter(({ productId }) => products.has(productId));
  return {
    letter: 'z',
    values: [...useKeyArrays(left), numberArray(replaced)],
    text: `replaced_uses AS (DELETE FROM limit_uses USING fence
      WHERE product_id = ANY ($4::bigint[]) AND (product_id, customer, source) NOT IN (
        SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bigint[])))`,
  };
}
