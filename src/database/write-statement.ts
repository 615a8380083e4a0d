/**
 * One write as one statement, which is its own transaction, so that BEGIN to COMMIT travels at once.
 * Invariant: every part reads from the fence, so nothing is written unless the leader row matched
 * (docs/SQL-ENGINE.md, S1). A statement has only the parts that its write needs.
 */

import { databaseLimits } from '../base/database-limits.js';
import type { Entry } from '../consensus/types.js';
import { booleanArray, bytesArray, numberArray, textArray, toBuffer } from './arrays.js';
import { cancellationParts } from './cancellation-parts.js';
import { holdChangeParts } from './hold-parts.js';
import { movementsPart } from './movement-parts.js';
import type {
  ChangeKeyRow,
  KeptKeys,
  OrderRow,
  ProductRow,
  PurchaseKeyRow,
  TableChanges,
  TableState,
} from './rows.js';
import type { Statement } from './session.js';
import { joinParts, type Part } from './statement-parts.js';
import type { LogWrite } from './types.js';
import { useChangeParts } from './use-parts.js';

/** The row that the statement returns. */
export interface WriteRow {
  /** 1, or 0 if the fence refused the write. */
  readonly fence: number;
  /** Deleted keys of each kind. */
  readonly client: number;
  readonly frontend: number;
  readonly change: number;
  /** Deleted holds, apart from those that the changes name. Absent if none could be deleted. */
  readonly holds?: number;
}

/** Rows that are deleted: the keys below these ordinals, and the holds that ended before a log time. */
export interface DroppedRows extends KeptKeys {
  readonly resolvedBefore: number;
}

export interface WritePlan {
  readonly group: string;
  readonly write: LogWrite;
  /** Absent: not known. */
  readonly dropped: DroppedRows | undefined;
}

/** The end of the log after the write. */
function endAfter({ end, entries }: LogWrite): { seq: number; epoch: number; time: number } {
  return entries.at(-1) ?? end;
}

export function writeStatement({ group, write, dropped }: WritePlan): Statement {
  const { changes } = write;
  const parts = [fencePart(group, write), ...logParts(write.entries)];
  if (changes !== undefined) parts.push(...changeParts(changes, dropped));
  return combine(parts);
}

function combine(parts: readonly Part[]): Statement {
  const { text, values } = joinParts(parts);
  const letters = parts.map(({ letter }) => letter).join('');
  const countOf = (part: string, name: string): string =>
    letters.includes(part) ? `(SELECT count(*)::integer FROM ${name})` : '0';
  const holds = letters.includes('e') ? `, ${countOf('e', 'dropped_holds')} AS holds` : '';
  return {
    name: `write_${letters}`,
    text: `WITH ${text} SELECT ${countOf('f', 'fence')} AS fence,
      ${countOf('d', 'dropped_client')} AS client, ${countOf('d', 'dropped_frontend')} AS frontend,
      ${countOf('g', 'dropped_change')} AS change${holds}`,
    values,
  };
}

function fencePart(group: string, write: LogWrite): Part {
  const { epoch, end } = write;
  const after = endAfter(write);
  return {
    letter: 'f',
    values: [group, epoch, end.seq, end.epoch, after.seq, after.epoch, after.time],
    text: `fence AS (UPDATE leaders SET log_end_seq = $5::bigint, log_end_epoch = $6::bigint,
        log_end_time = $7::bigint, confirmations = confirmations + 1
      WHERE group_name = $1::text AND epoch = $2::bigint
        AND log_end_seq = $3::bigint AND log_end_epoch = $4::bigint
      RETURNING 1 AS one)`,
  };
}

function logParts(entries: readonly Entry[]): readonly Part[] {
  if (entries.length === 0) return [];
  const values = [
    numberArray(entries.map(({ seq }) => seq)),
    numberArray(entries.map(({ epoch }) => epoch)),
    numberArray(entries.map(({ time }) => time)),
    bytesArray(entries.map(({ command }) => command)),
  ];
  const text = `appended AS (INSERT INTO log (seq, epoch, time, command)
    SELECT given.* FROM fence, unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bytea[]) AS given)`;
  return [{ letter: 'l', values, text }];
}

function changeParts(changes: TableChanges, dropped: DroppedRows | undefined): readonly Part[] {
  const { products, orders, purchaseKeys, changeKeys, holds, uses, kept } = changes;
  const { cancellations = [], movements = [] } = changes;
  const parts: Part[] = [appliedPart(changes)];
  if (products.length > 0) parts.push(productsPart(products));
  if (orders.length > 0) parts.push(...orderParts(orders));
  if (purchaseKeys.length > 0) parts.push(purchaseKeysPart(purchaseKeys));
  if (changeKeys.length > 0) parts.push(changeKeysPart(changeKeys));
  if (holds) parts.push(...holdChangeParts(holds, dropped?.resolvedBefore ?? 0));
  if (uses) parts.push(...useChangeParts(uses));
  if (cancellations.length > 0) parts.push(...cancellationParts(cancellations));
  if (movements.length > 0) parts.push(movementsPart(movements));
  const isOlder = (kind: keyof KeptKeys): boolean => (dropped?.[kind] ?? 0) < kept[kind];
  if (isOlder('client') || isOlder('frontend')) parts.push(dropPurchaseKeysPart(kept, dropped));
  if (isOlder('change')) parts.push(dropChangeKeysPart(kept, dropped));
  return parts;
}

export function appliedPart(state: TableState): Part {
  const { appliedSeq, lastOrder, lastCancellation, lastMovement, head } = state;
  return {
    letter: 'a',
    values: [appliedSeq, lastOrder, lastCancellation, lastMovement, toBuffer(head)],
    text: `now_applied AS (UPDATE applied
      SET applied_seq = $1::bigint, last_order = $2::bigint, last_cancellation = $3::bigint,
        last_movement = $4::bigint, head = $5::bytea FROM fence)`,
  };
}

/** `only` follows the update of a row that exists. */
export function productsPart(all: readonly ProductRow[], only = ''): Part {
  // One statement can update a row only once; the last value counts.
  const rows = [...new Map(all.map((row) => [row.id, row])).values()];
  return {
    letter: 'p',
    values: [
      numberArray(rows.map(({ id }) => id)),
      textArray(rows.map(({ name }) => name)),
      textArray(rows.map(({ topic }) => topic)),
      numberArray(rows.map(({ priceCents }) => priceCents)),
      numberArray(rows.map(({ quantity }) => quantity)),
      numberArray(rows.map(({ version }) => version)),
      numberArray(rows.map(({ received }) => received)),
      numberArray(rows.map(({ sold }) => sold)),
      booleanArray(rows.map(({ removed }) => removed)),
      numberArray(rows.map(({ restockTo }) => restockTo)),
      numberArray(rows.map(({ reserved }) => reserved)),
      numberArray(rows.map(({ returned }) => returned)),
      numberArray(rows.map(({ limitQuantity }) => limitQuantity)),
      numberArray(rows.map(({ limitWindowSeconds }) => limitWindowSeconds)),
    ],
    text: `put_products AS (INSERT INTO products AS old (id, name, topic, price_cents, quantity,
        version, received, sold, removed, restock_to, reserved, returned, limit_quantity,
        limit_window_seconds)
      SELECT given.* FROM fence, unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::bigint[],
        $6::bigint[], $7::bigint[], $8::bigint[], $9::boolean[], $10::bigint[], $11::bigint[],
        $12::bigint[], $13::bigint[], $14::bigint[]) AS given
      ON CONFLICT (id) DO UPDATE SET name = excluded.name, topic = excluded.topic,
        price_cents = excluded.price_cents, quantity = excluded.quantity, version = excluded.version,
        received = excluded.received, sold = excluded.sold, removed = excluded.removed,
        restock_to = excluded.restock_to, reserved = excluded.reserved,
        returned = excluded.returned, limit_quantity = excluded.limit_quantity,
        limit_window_seconds = excluded.limit_window_seconds${only})`,
  };
}

/** What happens to rows that exist. */
interface OrderConflicts {
  readonly onOrder: string;
  readonly onLine: string;
}

const ordersStay: OrderConflicts = { onOrder: 'DO NOTHING', onLine: 'DO NOTHING' };

export function orderParts(
  orders: readonly OrderRow[],
  { onOrder, onLine }: OrderConflicts = ordersStay,
): readonly Part[] {
  const lines = orders.flatMap(({ number, lines: own }) =>
    own.map((line, at) => ({ ...line, number, place: at + 1 })),
  );
  const head: Part = {
    letter: 'o',
    values: [
      numberArray(orders.map(({ number }) => number)),
      bytesArray(orders.map(({ key }) => key)),
      numberArray(orders.map(({ totalCents }) => totalCents)),
      numberArray(orders.map(({ at }) => at)),
      numberArray(orders.map(({ seq }) => seq)),
      bytesArray(orders.map(({ customer }) => customer)),
    ],
    text: `put_orders AS (INSERT INTO orders AS old (number, key, total_cents, at_ms, seq,
        customer)
      SELECT given.* FROM fence, unnest($1::bigint[], $2::bytea[], $3::bigint[], $4::bigint[],
        $5::bigint[], $6::bytea[]) AS given
      ON CONFLICT (number) ${onOrder})`,
  };
  const body: Part = {
    letter: 'i',
    values: [
      numberArray(lines.map(({ number }) => number)),
      numberArray(lines.map(({ place }) => place)),
      numberArray(lines.map(({ productId }) => productId)),
      textArray(lines.map(({ name }) => name)),
      numberArray(lines.map(({ quantity }) => quantity)),
      numberArray(lines.map(({ priceCents }) => priceCents)),
    ],
    text: `put_lines AS (INSERT INTO order_lines AS old (order_number, place, product_id, name, quantity,
        price_cents)
      SELECT given.* FROM fence, unnest($1::bigint[], $2::integer[], $3::bigint[], $4::text[],
        $5::bigint[], $6::bigint[]) AS given
      ON CONFLICT (order_number, place) ${onLine})`,
  };
  return [head, body];
}

export function purchaseKeysPart(rows: readonly PurchaseKeyRow[], only = ''): Part {
  return {
    letter: 'k',
    values: [
      textArray(rows.map(({ kind }) => kind)),
      numberArray(rows.map(({ ordinal }) => ordinal)),
      bytesArray(rows.map(({ digest }) => digest)),
      bytesArray(rows.map(({ requestHash }) => requestHash)),
      numberArray(rows.map(({ code }) => code)),
      numberArray(rows.map(({ first }) => first)),
      numberArray(rows.map(({ second }) => second)),
      numberArray(rows.map(({ time }) => time)),
    ],
    text: `put_keys AS (INSERT INTO purchase_keys AS old (kind, ordinal, digest, request_hash, code,
        first_value, second_value, time)
      SELECT given.* FROM fence, unnest($1::text[], $2::bigint[], $3::bytea[], $4::bytea[],
        $5::integer[], $6::bigint[], $7::bigint[], $8::bigint[]) AS given
      ON CONFLICT (kind, ordinal) DO UPDATE SET digest = excluded.digest,
        request_hash = excluded.request_hash, code = excluded.code,
        first_value = excluded.first_value, second_value = excluded.second_value,
        time = excluded.time${only})`,
  };
}

export function changeKeysPart(rows: readonly ChangeKeyRow[], only = ''): Part {
  return {
    letter: 'c',
    values: [
      numberArray(rows.map(({ ordinal }) => ordinal)),
      bytesArray(rows.map(({ digest }) => digest)),
      bytesArray(rows.map(({ requestHash }) => requestHash)),
      bytesArray(rows.map(({ result }) => result)),
      numberArray(rows.map(({ time }) => time)),
    ],
    text: `put_change_keys AS (INSERT INTO change_keys AS old (ordinal, digest, request_hash, result,
        time)
      SELECT given.* FROM fence, unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::bytea[],
        $5::bigint[]) AS given
      ON CONFLICT (ordinal) DO UPDATE SET digest = excluded.digest,
        request_hash = excluded.request_hash, result = excluded.result, time = excluded.time${only})`,
  };
}

/** The lower bound spares the scan of index entries of rows that are deleted already. */
function dropPurchaseKeysPart(kept: KeptKeys, dropped: KeptKeys | undefined): Part {
  const drop = (kind: 'client' | 'frontend', from: number, below: number): string =>
    `dropped_${kind} AS (DELETE FROM purchase_keys USING fence
      WHERE kind = '${kind}' AND ordinal IN (SELECT ordinal FROM purchase_keys
        WHERE kind = '${kind}' AND ordinal >= $${from}::bigint AND ordinal < $${below}::bigint
        ORDER BY ordinal LIMIT ${databaseLimits.keyDeletesMax})
      RETURNING 1)`;
  return {
    letter: 'd',
    values: [dropped?.client ?? 0, kept.client, dropped?.frontend ?? 0, kept.frontend],
    text: `${drop('client', 1, 2)}, ${drop('frontend', 3, 4)}`,
  };
}

function dropChangeKeysPart(kept: KeptKeys, dropped: KeptKeys | undefined): Part {
  return {
    letter: 'g',
    values: [dropped?.change ?? 0, kept.change],
    text: `dropped_change AS (DELETE FROM change_keys USING fence
      WHERE ordinal IN (SELECT ordinal FROM change_keys
        WHERE ordinal >= $1::bigint AND ordinal < $2::bigint
        ORDER BY ordinal LIMIT ${databaseLimits.keyDeletesMax})
      RETURNING 1)`,
  };
}

/** After a write: which rows are not left, as far as that is known. */
export function droppedAfter(
  dropped: DroppedRows | undefined,
  { kept, holds }: TableChanges,
  row: WriteRow,
): DroppedRows {
  const { keyDeletesMax } = databaseLimits;
  const next = (kind: keyof KeptKeys): number =>
    row[kind] < keyDeletesMax ? kept[kind] : (dropped?.[kind] ?? 0);
  const isAll = holds !== undefined && (row.holds ?? 0) < keyDeletesMax;
  const resolvedBefore = isAll ? holds.resolvedFrom : (dropped?.resolvedBefore ?? 0);
  return {
    ...{ client: next('client'), frontend: next('frontend'), change: next('change') },
    resolvedBefore,
  };
}
