/**
 * The statements that rewrite the tables in pieces. Invariants: every part reads from the fence, so a
 * piece changes nothing once another process has taken the lead; a piece may be written twice.
 */
import { databaseLimits } from '../base/database-limits.js';
import { bytesArray, numberArray, toBuffer } from './arrays.js';
import { cancellationParts } from './cancellation-parts.js';
import { holdLinesPart, holdsPart } from './hold-parts.js';
import { movementsPart } from './movement-parts.js';
import type {
  CancellationRow,
  ChangeKeyRow,
  HoldRow,
  MovementRow,
  OrderRow,
  ProductRow,
  PurchaseKeyKind,
  PurchaseKeyRow,
  TableState,
  UseKeyRow,
  UseRow,
} from './rows.js';
import type { Statement } from './session.js';
import { joinParts, type Part } from './statement-parts.js';
import type { LogEnd } from './types.js';
import { useKeyArrays, usesPart } from './use-parts.js';
import {
  appliedPart,
  changeKeysPart,
  orderParts,
  productsPart,
  purchaseKeysPart,
} from './write-statement.js';

/** Rows of one table, at most `rewriteRows`. Orders, holds and cancellations come with their lines. */
export type RowPiece =
  | { readonly kind: 'products'; readonly rows: readonly ProductRow[] }
  | { readonly kind: 'orders'; readonly rows: readonly OrderRow[] }
  | { readonly kind: 'purchase_keys'; readonly rows: readonly PurchaseKeyRow[] }
  | { readonly kind: 'change_keys'; readonly rows: readonly ChangeKeyRow[] }
  | { readonly kind: 'holds'; readonly rows: readonly HoldRow[] }
  | { readonly kind: 'limit_uses'; readonly rows: readonly UseRow[] }
  | { readonly kind: 'cancellations'; readonly rows: readonly CancellationRow[] }
  | { readonly kind: 'stock_movements'; readonly rows: readonly MovementRow[] };

/** Rows that should not exist. */
export type Surplus =
  /** Products after `after` through `through`, without those in `ids`. */
  | {
      readonly kind: 'products';
      readonly after: number;
      readonly through: number;
      readonly ids: readonly number[];
    }
  /** Holds after `after` through `through`, without those that have the serial number and id of a row. */
  | {
      readonly kind: 'holds';
      readonly after: number;
      readonly through: number;
      readonly rows: readonly Pick<HoldRow, 'serial' | 'id'>[];
    }
  /** Uses after `after` through `through` (all if it is undefined), without those in `rows`. */
  | {
      readonly kind: 'limit_uses';
      readonly after: UseKeyRow;
      readonly through: UseKeyRow | undefined;
      readonly rows: readonly UseKeyRow[];
    }
  /** Those after this number, and their lines. Lines go first. */
  | { readonly kind: keyof typeof numberedTables; readonly after: number }
  /** Keys below `from`, and those from `end` on. */
  | {
      readonly kind: PurchaseKeyKind | 'change';
      readonly from: number;
      readonly end: number;
    };

/** The row that each statement returns. */
export interface RewriteRow {
  /** 1, or 0 if another process has taken the lead. */
  readonly fence: number;
  /** Rows that were changed, added or deleted. */
  readonly changed: number;
}

/** The columns of the keys of tables whose rows are numbered. */
const numberedTables = {
  order_lines: ['order_number', 'place'],
  orders: ['number'],
  cancellation_lines: ['cancellation_number', 'place'],
  cancellations: ['number'],
  stock_movements: ['number'],
} as const;

const { rewriteRows } = databaseLimits;
const ifChanged = ' WHERE (old.*) IS DISTINCT FROM (excluded.*) RETURNING 1';
const conflicts = {
  onOrder: `DO UPDATE SET key = excluded.key, total_cents = excluded.total_cents,
    at_ms = excluded.at_ms, seq = excluded.seq, customer = excluded.customer${ifChanged}`,
  onLine: `DO UPDATE SET product_id = excluded.product_id, name = excluded.name,
    quantity = excluded.quantity, price_cents = excluded.price_cents${ifChanged}`,
  onCancellation: `DO UPDATE SET key = excluded.key, order_number = excluded.order_number,
    total_cents = excluded.total_cents, restock = excluded.restock, reason = excluded.reason,
    at_ms = excluded.at_ms, previous = excluded.previous, cancelled = excluded.cancelled,
    is_whole = excluded.is_whole, batch = excluded.batch${ifChanged}`,
  onMovement: `DO UPDATE SET product_id = excluded.product_id, source = excluded.source,
    delta = excluded.delta, reserved_delta = excluded.reserved_delta,
    available = excluded.available, reserved = excluded.reserved, at_ms = excluded.at_ms,
    begins_run = excluded.begins_run, cause = excluded.cause, reason = excluded.reason,
    reference = excluded.reference${ifChanged}`,
  onHoldLine: `DO UPDATE SET product_id = excluded.product_id, quantity = excluded.quantity,
    price_cents = excluded.price_cents${ifChanged}`,
};

/** A takeover from the process of the epoch `from`, if the log still ends at `seq`. */
export interface Takeover {
  readonly from: number;
  readonly seq: number;
  readonly epoch: number;
  readonly leader: string;
  /** The tables are marked with it as unfinished. */
  readonly mark: string;
}

export function beginStatement({ from, seq, epoch, leader, mark }: Takeover): Statement {
  const text = `WITH fence AS (UPDATE leaders SET epoch = $2::bigint, leader = $3::text
      WHERE group_name = 'catalog' AND epoch = $1::bigint AND log_end_seq = $5::bigint RETURNING 1),
    marked AS (UPDATE store_meta SET unfinished = $4::text FROM fence)
    SELECT count(*)::integer AS fence, 0 AS changed FROM fence`;
  return { text, values: [from, epoch, leader, mark, seq] };
}

export function putStatement(epoch: number, piece: RowPiece): Statement {
  const fence = fenceOf(epoch);
  switch (piece.kind) {
    case 'products':
      return combine(fence, 'products', [productsPart(piece.rows, ifChanged)], ['put_products']);
    case 'orders': {
      const surplus = surplusLinesPart('order_lines', 'order_number', linesOf(piece.rows));
      const parts = [...orderParts(piece.rows, conflicts), surplus];
      return combine(fence, 'orders', parts, ['put_orders', 'put_lines', 'gone_lines']);
    }
    case 'purchase_keys':
      return combine(fence, 'keys', [purchaseKeysPart(piece.rows, ifChanged)], ['put_keys']);
    case 'change_keys': {
      const part = changeKeysPart(piece.rows, ifChanged);
      return combine(fence, 'change_keys', [part], ['put_change_keys']);
    }
    case 'holds': {
      const { rows } = piece;
      const counts = rows.map(({ serial, lines }) => [serial, lines.length] as const);
      const parts = [
        holdsPart(rows, ifChanged),
        holdLinesPart(rows, conflicts.onHoldLine),
        surplusLinesPart('hold_lines', 'hold_serial', counts),
      ];
      return combine(fence, 'holds', parts, ['put_holds', 'put_hold_lines', 'gone_lines']);
    }
    case 'limit_uses':
      return combine(fence, 'limit_uses', [usesPart(piece.rows, ifChanged)], ['put_uses']);
    case 'cancellations': {
      const counts = linesOf(piece.rows);
      const parts = [
        ...cancellationParts(piece.rows, conflicts),
        surplusLinesPart('cancellation_lines', 'cancellation_number', counts),
      ];
      const counted = ['put_cancellations', 'put_cancellation_lines', 'gone_lines'];
      return combine(fence, 'cancellations', parts, counted);
    }
    case 'stock_movements': {
      const part = movementsPart(piece.rows, conflicts.onMovement);
      return combine(fence, 'movements', [part], ['put_movements']);
    }
  }
}

/** Deletes at most `rewriteRows` rows. */
export function trimStatement(epoch: number, surplus: Surplus): Statement {
  return combine(fenceOf(epoch), `trim_${surplus.kind}`, [trimPart(surplus)], ['gone']);
}

/**
 * Makes the tables the state at the end of the log. The mark stays, so that nothing starts before the
 * tables are checked.
 */
export function finishStatement(
  epoch: number,
  state: TableState,
  end: LogEnd,
  orderEpoch: number,
): Statement {
  const fence: Part = {
    letter: 'f',
    values: [epoch, end.seq, end.epoch, end.time],
    text: `fence AS (UPDATE leaders SET log_end_seq = $2::bigint, log_end_epoch = $3::bigint,
        log_end_time = $4::bigint
      WHERE group_name = 'catalog' AND epoch = $1::bigint RETURNING 1 AS one)`,
  };
  const book: Part = {
    letter: 'b',
    values: [orderEpoch],
    text: `book AS (UPDATE leaders SET epoch = $1::bigint FROM fence
      WHERE group_name = 'order' AND epoch < $1::bigint RETURNING 1)`,
  };
  return combine(fence, 'finish', [appliedPart(state), book], ['book']);
}

export function releaseStatement(epoch: number): Statement {
  const part: Part = {
    letter: 'r',
    values: [],
    text: 'released AS (UPDATE store_meta SET unfinished = NULL FROM fence RETURNING 1)',
  };
  return combine(fenceOf(epoch), 'release', [part], ['released']);
}

function fenceOf(epoch: number): Part {
  const text = `fence AS (UPDATE leaders SET confirmations = confirmations + 1
    WHERE group_name = 'catalog' AND epoch = $1::bigint RETURNING 1 AS one)`;
  return { letter: 'f', values: [epoch], text };
}

function combine(
  fence: Part,
  name: string,
  parts: readonly Part[],
  counted: readonly string[],
): Statement {
  const { text, values } = joinParts([fence, ...parts]);
  const changed = counted.map((part) => `(SELECT count(*) FROM ${part})`).join(' + ');
  return {
    name: `rewrite_${name}`,
    text: `WITH ${text}
      SELECT (SELECT count(*)::integer FROM fence) AS fence, (${changed})::integer AS changed`,
    values,
  };
}

type LineCount = readonly [number: number, lines: number];

function linesOf(rows: readonly Pick<OrderRow, 'number' | 'lines'>[]): readonly LineCount[] {
  return rows.map(({ number, lines }) => [number, lines.length]);
}

/** Lines that an order, a hold or a cancellation has beyond its own. `column` names it. */
function surplusLinesPart(table: string, column: string, counts: readonly LineCount[]): Part {
  return {
    letter: 'x',
    values: [
      numberArray(counts.map(([number]) => number)),
      numberArray(counts.map(([, lines]) => lines)),
    ],
    text: `gone_lines AS (DELETE FROM ${table}
      USING fence, unnest($1::bigint[], $2::integer[]) AS given (number, lines)
      WHERE ${column} = given.number AND place > given.lines RETURNING 1)`,
  };
}

function trimPart(surplus: Surplus): Part {
  const gone = (table: string, keys: string, rows: string): string =>
    `gone AS (DELETE FROM ${table} USING fence
      WHERE (${keys}) IN (SELECT ${keys} FROM ${table} WHERE ${rows} LIMIT ${rewriteRows})
      RETURNING 1)`;
  switch (surplus.kind) {
    case 'products': {
      const { after, through, ids } = surplus;
      const rows = 'id > $1::bigint AND id <= $2::bigint AND id <> ALL ($3::bigint[])';
      const text = gone('products', 'id', rows);
      return { letter: 't', values: [after, through, numberArray(ids)], text };
    }
    case 'holds': {
      const { after, through, rows: right } = surplus;
      const rows = `serial > $1::bigint AND serial <= $2::bigint AND (serial, id) NOT IN (
        SELECT * FROM unnest($3::bigint[], $4::bytea[]))`;
      const serials = numberArray(right.map(({ serial }) => serial));
      const ids = bytesArray(right.map(({ id }) => id));
      return {
        letter: 't',
        values: [after, through, serials, ids],
        text: gone('holds', 'serial', rows),
      };
    }
    case 'limit_uses': {
      const { after, through, rows: right } = surplus;
      const key = '(product_id, customer, source)';
      const rows = `${key} > ($4::bigint, $5::bytea, $6::bigint)
        AND ($7::bigint IS NULL OR ${key} <= ($7::bigint, $8::bytea, $9::bigint))
        AND ${key} NOT IN (SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bigint[]))`;
      return {
        letter: 't',
        values: [...useKeyArrays(right), ...placeOf(after), ...placeOf(through)],
        text: gone('limit_uses', 'product_id, customer, source', rows),
      };
    }
    case 'order_lines':
    case 'orders':
    case 'cancellation_lines':
    case 'cancellations':
    case 'stock_movements': {
      const { kind, after } = surplus;
      const columns = numberedTables[kind];
      const text = gone(kind, columns.join(', '), `${columns[0]} > $1::bigint`);
      return { letter: 't', values: [after], text };
    }
    case 'change': {
      const rows = '(ordinal < $1::bigint OR ordinal >= $2::bigint)';
      const text = gone('change_keys', 'ordinal', rows);
      return { letter: 't', values: [surplus.from, surplus.end], text };
    }
    case 'client':
    case 'frontend': {
      const rows = `kind = '${surplus.kind}' AND (ordinal < $1::bigint OR ordinal >= $2::bigint)`;
      const text = gone('purchase_keys', 'kind, ordinal', rows);
      return { letter: 't', values: [surplus.from, surplus.end], text };
    }
  }
}

function placeOf(key: UseKeyRow | undefined): readonly unknown[] {
  return key ? [key.productId, toBuffer(key.customer), key.source] : [null, null, null];
}
