/**
 * Reads of the tables, on a session of their own. Invariant: each answer is one snapshot of the database
 * and carries the numbers of the last order, cancellation and movement in it (docs/SQL-ENGINE.md, S5).
 */
import { assert } from '../base/assert.js';
import { databaseLimits } from '../base/database-limits.js';
import { BazarError } from '../base/errors.js';
import type { FindOrdersParams } from '../wire/thread-requests.js';
import { toUnavailable } from './failures.js';
import { type FoundRow, findStatement, isNarrowStatement } from './find-orders.js';
import {
  cancellationStatement,
  cancellationsStatement,
  cancelledColumn,
  type FoundCancellation,
  firstOf,
  groupCancellations,
} from './read-cancellations.js';
import { endColumns, endsOf } from './read-ends.js';
import { type FoundMovement, firstMovements, ledgerStatement } from './read-movements.js';
import type { CancellationRow, MovementRow, OrderRow, TableEnds, TableState } from './rows.js';
import type { Statement } from './session.js';
import { type DatabaseOptions, SessionKeeper } from './session-keeper.js';
import { appliedText, groupLines, type TablePiece, tablePieces } from './table-pieces.js';

/** An order, and what is cancelled of it: id and units of each product in one flat list; null if nothing is. */
export interface FoundOrder extends OrderRow {
  readonly cancelled: readonly number[] | null;
}

export interface OrderAnswer extends TableEnds {
  /** Undefined: the tables have no such order. */
  readonly order: FoundOrder | undefined;
}

export interface OrdersAnswer extends TableEnds {
  readonly orders: readonly FoundOrder[];
  /** The next list continues after (or, newest first, before) this number; null: there is no more. */
  readonly next: number | null;
}

export interface CancellationAnswer extends TableEnds {
  /** Undefined: the tables have no such cancellation. */
  readonly cancellation: CancellationRow | undefined;
}

export interface CancellationsAnswer extends TableEnds {
  readonly cancellations: readonly CancellationRow[];
  /** The next list continues before this number; null: there is no more. */
  readonly next: number | null;
}

export interface LedgerAnswer extends TableEnds {
  readonly movements: readonly MovementRow[];
  /** The next list continues after this number; null: there is no more. */
  readonly next: number | null;
}

const orderText = `SELECT ${endColumns}, NULL::bigint AS next, number, key, total_cents AS "totalCents",
    at_ms AS at, seq, customer, ${cancelledColumn('orders.number')}, product_id AS "productId", name, quantity,
    price_cents AS "priceCents"
  FROM applied LEFT JOIN (orders JOIN order_lines ON order_number = number) ON number = $1::bigint
  ORDER BY place`;
const deleteText = `DELETE FROM log WHERE seq IN (
    SELECT seq FROM log, (SELECT applied_seq FROM applied) AS tables
    WHERE seq <= applied_seq - $2::bigint AND time < $1::bigint
    ORDER BY seq LIMIT ${databaseLimits.logDeletesMax})
  RETURNING seq`;

export class PostgresTables {
  readonly #options: DatabaseOptions;
  readonly #keeper: SessionKeeper;

  constructor(options: DatabaseOptions) {
    this.#options = options;
    this.#keeper = new SessionKeeper(options);
  }

  /** The tables of one snapshot, on a session of its own: the applied row first, then rows in pieces. */
  readTables(ordersAfter: number): AsyncGenerator<TablePiece> {
    return tablePieces(this.#options, ordersAfter);
  }

  async readOrder(number: number): Promise<OrderAnswer> {
    const rows = await this.#rows<FoundRow>('cannot read an order', {
      name: 'read_order',
      text: orderText,
      values: [number],
    });
    return { order: collect(rows).orders[0], ...endsOf(rows) };
  }

  /** The filters of `find_orders`. A list reads a bounded part of the orders. */
  async readOrders(params: FindOrdersParams): Promise<OrdersAnswer> {
    const narrow = isNarrowStatement(params);
    const what = 'cannot read the orders';
    const counted = narrow && (await this.#rows<{ isNarrow: boolean }>(what, narrow));
    const isNarrow = counted?.[0]?.isNarrow ?? false;
    return collect(await this.#rows<FoundRow>(what, findStatement(params, isNarrow)));
  }

  async readCancellation(number: number): Promise<CancellationAnswer> {
    const what = 'cannot read a cancellation';
    const rows = await this.#rows<FoundCancellation>(what, cancellationStatement(number));
    const [cancellation] = groupCancellations(rows);
    return { cancellation, ...endsOf(rows) };
  }

  /** The cancellations of an order below `before`, newest first, at most `limit`. */
  async readCancellations(
    order: number,
    before: number | null,
    limit: number,
  ): Promise<CancellationsAnswer> {
    const statement = cancellationsStatement(order, before, limit);
    const rows = await this.#rows<FoundCancellation>('cannot read the cancellations', statement);
    const [cancellations, next] = firstOf(groupCancellations(rows), limit);
    return { cancellations, next, ...endsOf(rows) };
  }

  /** The movements of a product above `after`, ascending, at most `limit`. */
  async readLedger(product: number, after: number, limit: number): Promise<LedgerAnswer> {
    const statement = ledgerStatement(product, after, limit);
    const rows = await this.#rows<FoundMovement>('cannot read the ledger', statement);
    const [movements, next] = firstMovements(rows, limit);
    return { movements, next, ...endsOf(rows) };
  }

  async readApplied(): Promise<TableState> {
    const statement = { name: 'applied', text: appliedText };
    const rows = await this.#rows<TableState>('cannot read the tables', statement);
    const [row] = rows;
    assert(row, 'the schema has one applied row');
    return row;
  }

  /**
   * Deletes the oldest log rows that the tables contain and whose log time is before `timeBefore`, at
   * most `logDeletesMax`. Keeps the last `kept` of them, from which replicas continue. Returns how many.
   */
  async deleteOldEntries(
    timeBefore: number,
    kept: number = databaseLimits.logRowsKept,
  ): Promise<number> {
    const rows = await this.#rows('cannot delete old log rows', {
      name: 'delete_entries',
      text: deleteText,
      values: [timeBefore, kept],
    });
    return rows.length;
  }

  close(): Promise<void> {
    return this.#keeper.close();
  }

  async #rows<Row>(what: string, statement: Statement): Promise<readonly Row[]> {
    const answer = await this.#keeper.run<Row>(statement);
    if (answer.kind === 'failed') throw toUnavailable(what, answer.failure);
    if (answer.warning !== undefined) {
      throw new BazarError('unavailable', `${what}: ${answer.warning}`);
    }
    return answer.rows;
  }
}

/** Rows of lines, those of one order together, to orders. */
function collect(rows: readonly FoundRow[]): OrdersAnswer {
  const ends = endsOf(rows);
  const next = rows[0]?.next ?? null;
  const cancelled = new Map(rows.map((row) => [row.number, row.cancelled]));
  const found = groupLines(rows).map((order) => {
    return { ...order, cancelled: cancelled.get(order.number) ?? null };
  });
  let lines = 0;
  const isFull = found.findIndex((order) => {
    lines += order.lines.length;
    return lines >= databaseLimits.listLinesMax;
  });
  if (isFull === -1 || isFull === found.length - 1) {
    return { orders: found, next, ...ends };
  }
  const orders = found.slice(0, isFull + 1);
  return { orders, next: orders.at(-1)?.number ?? null, ...ends };
}
