/**
 * The tables as maps in memory. A write is whole or has no effect. Helper of the tests in this folder.
 */
import assert from 'node:assert/strict';
import { byUseKey, useName } from '../../../src/catalog/tables/table-rows.js';
import type {
  CancellationRow,
  CancelledOrderRow,
  ChangeKeyRow,
  HoldChanges,
  HoldOrder,
  HoldRow,
  KeptKeys,
  MovementRow,
  OrderRow,
  ProductRow,
  PurchaseKeyKind,
  PurchaseKeyRow,
  TableChanges,
  TableState,
  TablesReader,
  UseChanges,
  UseRow,
} from '../../../src/database/rows.js';

export class TablesModel implements TablesReader {
  row: TableState = {
    ...{ appliedSeq: 0, lastOrder: 0, lastCancellation: 0, lastMovement: 0 },
    head: new Uint8Array(0),
  };
  readonly productRows = new Map<number, ProductRow>();
  readonly orderRows = new Map<number, OrderRow>();
  readonly keyRows = {
    client: new Map<number, PurchaseKeyRow>(),
    frontend: new Map<number, PurchaseKeyRow>(),
  };
  readonly changeRows = new Map<number, ChangeKeyRow>();
  readonly holdRows = new Map<number, HoldRow>();
  readonly useRows = new Map<string, UseRow>();
  readonly cancellationRows = new Map<number, CancellationRow>();
  readonly movementRows = new Map<number, MovementRow>();
  readonly #batchRows: number;
  readonly #deletesMax: number;
  #kept: KeptKeys = { client: 1, frontend: 1, change: 1 };
  #resolvedFrom = 0;

  /** @param deletesMax dropped keys of each kind, and forgotten holds, that one write deletes. */
  constructor(batchRows = 3, deletesMax = Number.POSITIVE_INFINITY) {
    this.#batchRows = batchRows;
    this.#deletesMax = deletesMax;
  }

  write(changes: TableChanges): void {
    const { appliedSeq, lastOrder, lastCancellation, lastMovement, head, kept } = changes;
    assert.ok(appliedSeq >= this.row.appliedSeq, 'the tables never go back');
    const ends = { lastOrder, lastCancellation, lastMovement };
    this.row = { appliedSeq, ...ends, head: Uint8Array.from(head) };
    for (const row of changes.products) this.productRows.set(row.id, row);
    for (const row of changes.orders) {
      const known = this.orderRows.get(row.number);
      if (known) assert.deepEqual(row, known, 'orders never change');
      else assert.equal(row.number, this.orderRows.size + 1, 'orders have no gaps');
      this.orderRows.set(row.number, row);
    }
    assert.equal(this.orderRows.size, lastOrder);
    for (const row of changes.cancellations ?? []) {
      const known = this.cancellationRows.get(row.number);
      if (known) assert.deepEqual(row, known, 'cancellations never change');
      else assert.equal(row.number, this.cancellationRows.size + 1, 'cancellations have no gaps');
      this.cancellationRows.set(row.number, row);
    }
    assert.equal(this.cancellationRows.size, lastCancellation);
    for (const row of changes.movements ?? []) {
      const known = this.movementRows.get(row.number);
      if (known) assert.deepEqual(row, known, 'movements never change');
      else assert.equal(row.number, this.movementRows.size + 1, 'movements have no gaps');
      this.movementRows.set(row.number, row);
    }
    assert.equal(this.movementRows.size, lastMovement);
    if (lastMovement > 0) this.#checkBalances();
    for (const row of changes.purchaseKeys) this.keyRows[row.kind].set(row.ordinal, row);
    for (const row of changes.changeKeys) this.changeRows.set(row.ordinal, row);
    this.#kept = kept;
    if (changes.holds) this.#writeHolds(changes.holds);
    if (changes.uses) this.#writeUses(changes.uses);
    this.deleteDropped(this.#deletesMax);
  }

  get rows(): number {
    const { client, frontend } = this.keyRows;
    const keys = client.size + frontend.size + this.changeRows.size;
    const trades = this.holdRows.size + this.useRows.size + this.cancellationRows.size;
    const numbered = this.orderRows.size + this.movementRows.size;
    return this.productRows.size + numbered + trades + keys;
  }

  async state(): Promise<TableState> {
    return this.row;
  }

  products(): AsyncIterable<readonly ProductRow[]> {
    return this.#batches(ascending(this.productRows));
  }

  orders(from: number): AsyncIterable<readonly OrderRow[]> {
    return this.#batches(ascending(this.orderRows).filter(({ number }) => number >= from));
  }

  purchaseKeys(kind: PurchaseKeyKind, from: number): AsyncIterable<readonly PurchaseKeyRow[]> {
    return this.#batches(ascending(this.keyRows[kind]).filter(({ ordinal }) => ordinal >= from));
  }

  changeKeys(from: number): AsyncIterable<readonly ChangeKeyRow[]> {
    return this.#batches(ascending(this.changeRows).filter(({ ordinal }) => ordinal >= from));
  }

  holds(resolvedFrom: number, order: HoldOrder): AsyncIterable<readonly HoldRow[]> {
    const rows = ascending(this.holdRows).filter(({ state, endTime }) => {
      return state === 'open' || endTime >= resolvedFrom;
    });
    if (order === 'by serial') return this.#batches(rows);
    const resolved = rows.filter(({ state }) => state !== 'open');
    const open = rows.filter(({ state }) => state === 'open');
    resolved.sort((a, b) => a.endTime - b.endTime || a.serial - b.serial);
    return this.#batches([...open, ...resolved]);
  }

  uses(): AsyncIterable<readonly UseRow[]> {
    return this.#batches([...this.useRows.values()].sort(byUseKey));
  }

  cancellations(from: number): AsyncIterable<readonly CancellationRow[]> {
    return this.#batches(ascending(this.cancellationRows).filter(({ number }) => number >= from));
  }

  cancelledOrders(): AsyncIterable<readonly CancelledOrderRow[]> {
    const orders = new Map<number, CancelledOrderRow>();
    for (const { number, orderNumber: order, cancelled } of ascending(this.cancellationRows)) {
      const count = (orders.get(order)?.count ?? 0) + 1;
      orders.set(order, { order, last: number, count, units: cancelled });
    }
    return this.#batches(ascending(orders));
  }

  movements(from: number): AsyncIterable<readonly MovementRow[]> {
    return this.#batches(ascending(this.movementRows).filter(({ number }) => number >= from));
  }

  /** Each movement of a product continues the one before, and the last one leaves what the product has. */
  #checkBalances(): void {
    const last = new Map<number, MovementRow>();
    for (const row of ascending(this.movementRows)) {
      const before = last.get(row.productId);
      if (before) assert.equal(before.available + row.delta, row.available);
      if (before) assert.equal(before.reserved + row.reservedDelta, row.reserved);
      last.set(row.productId, row);
    }
    for (const [id, { available, reserved }] of last) {
      assert.equal(this.productRows.get(id)?.quantity, available);
      assert.equal(this.productRows.get(id)?.reserved, reserved);
    }
  }

  /** A use is changed by one part of the statement. */
  #writeUses({ rows, gone, ended, replaced }: UseChanges): void {
    const written = new Set(rows.map(useName));
    const deleted = new Set<string>();
    const remove = (name: string): void => {
      assert.ok(!written.has(name) && !deleted.has(name), 'no two parts change the same row');
      this.useRows.delete(name);
      deleted.add(name);
    };
    for (const key of gone) remove(useName(key));
    for (const [name, { productId, source, time }] of [...this.useRows]) {
      const isEnded = ended.some((one) => one.productId === productId && one.through >= time);
      if (isEnded && source !== 0) remove(name);
      else if (replaced.includes(productId) && !written.has(name)) remove(name);
    }
    assert.equal(written.size, rows.length, 'a use is written once');
    for (const row of rows) this.useRows.set(useName(row), row);
  }

  /** As a database does: lines are written once, and only a few forgotten rows are deleted. */
  #writeHolds({ rows, gone, linesThrough, resolvedFrom }: HoldChanges): void {
    for (const serial of gone) this.holdRows.delete(serial);
    this.#resolvedFrom = resolvedFrom;
    for (const row of rows) {
      const lines = this.holdRows.get(row.serial)?.lines;
      assert.ok(lines || row.serial > linesThrough, 'a hold without its lines');
      this.holdRows.set(row.serial, { ...row, lines: lines ?? row.lines });
    }
  }

  /** Deletes rows that the state does not have any more, at most `max` of each kind. */
  deleteDropped(max?: number): void {
    const { client, frontend, change } = this.#kept;
    const tables = [
      [this.keyRows.client, client],
      [this.keyRows.frontend, frontend],
      [this.changeRows, change],
    ] as const;
    for (const [rows, first] of tables) {
      const dropped = [...rows.keys()].filter((ordinal) => ordinal < first).sort((a, b) => a - b);
      for (const ordinal of dropped.slice(0, max)) rows.delete(ordinal);
    }
    const forgotten = [...this.holdRows.values()].filter(({ state, endTime }) => {
      return state !== 'open' && endTime < this.#resolvedFrom;
    });
    for (const { serial } of forgotten.slice(0, max)) this.holdRows.delete(serial);
  }

  async *#batches<Row>(rows: readonly Row[]): AsyncGenerator<readonly Row[]> {
    for (let at = 0; at < rows.length; at += this.#batchRows) {
      yield rows.slice(at, at + this.#batchRows);
    }
  }
}

function ascending<Row>(rows: ReadonlyMap<number, Row>): Row[] {
  return [...rows].sort(([a], [b]) => a - b).map(([, row]) => row);
}
