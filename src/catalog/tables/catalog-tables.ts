/**
 * Says what the tables behind the catalog's log lack of the state (docs/SQL-ENGINE.md, S5). For each
 * entry it notes the touched products and the new sales; new keys need no notes, because their ordinals
 * are an interval. Every replica follows its entries like this, so a new leader continues from the state
 * row of the tables. The notes are limited: one for each product, and `salesMax` sales. Beyond this the
 * oldest are forgotten; a replica that forgot more than the tables hold restores itself from the tables
 * before it leads. Invariant: the notes cover each entry after `#notedAfter`.
 */
import { assert, required } from '../../base/assert.js';
import { purchaseLimits } from '../../base/limits.js';
import type { Entry } from '../../consensus/types.js';
import type { KeptKeys, TableChanges, TableState } from '../../database/rows.js';
import type { SalesMessage } from '../../wire/internal.js';
import type { CatalogMachine } from '../machine/catalog-machine.js';
import type { CatalogView } from '../machine/catalog-view.js';
import type { CatalogResult } from '../machine/results.js';
import { changeKeyRows, orderRows, productRow, purchaseKeyRows } from './table-rows.js';
import { founding, readState, type TablesPosition, writeState } from './table-state.js';

/** The sales of one entry. */
interface NotedRun {
  readonly seq: number;
  readonly run: SalesMessage;
}

export class CatalogTables {
  readonly #machine: CatalogMachine;
  readonly #salesMax: number;
  /** Id and seq of the last touch, in the order of the touches. */
  readonly #products = new Map<number, number>();
  #runs: NotedRun[] = [];
  #sales = 0;
  #appliedSeq = 0;
  #notedAfter = 0;
  /** The state that the tables are known to show. */
  #tables: TablesPosition = founding;
  /** Number of keys of each kind that were dropped before the machine counted, plus 1. */
  #firstKeys: KeptKeys = founding.kept;

  /** The machine has no entries, or `startFrom` follows. */
  constructor(machine: CatalogMachine, salesMax: number = purchaseLimits.unprojectedMax) {
    this.#machine = machine;
    this.#salesMax = salesMax;
  }

  /** The machine was restored from tables with this state row. */
  startFrom(state: TableState): void {
    const position = readState(state);
    const { appliedSeq, kept } = position;
    assert(this.#machine.appliedSeq === appliedSeq, 'the machine has the state of the tables');
    const { clientKeys, frontendKeys, changeKeys } = this.#machine.view();
    this.#firstKeys = {
      client: kept.client - clientKeys.dropped,
      frontend: kept.frontend - frontendKeys.dropped,
      change: kept.change - changeKeys.dropped,
    };
    this.#tables = position;
    this.#appliedSeq = appliedSeq;
    this.#notedAfter = appliedSeq;
    this.#products.clear();
    this.#runs = [];
    this.#sales = 0;
  }

  /** Call it after each entry that the machine has applied. */
  applied({ seq }: Pick<Entry, 'seq'>, result: CatalogResult): void {
    assert(seq === this.#appliedSeq + 1, 'entries are noted in order, each once');
    this.#appliedSeq = seq;
    if (seq <= this.#notedAfter) return;
    if ('touched' in result) {
      for (const id of result.touched) {
        this.#products.delete(id);
        this.#products.set(id, seq);
      }
    }
    if (result.kind !== 'sell' || !result.sales) return;
    this.#runs.push({ seq, run: result.sales });
    this.#sales += result.sales[1];
    if (this.#sales > this.#salesMax) this.#forget();
  }

  /**
   * What brings the tables to the present state, in one write. A part of it would show a state between
   * two entries. Undefined if there is nothing to write.
   */
  changes(): TableChanges | undefined {
    const view = this.#machine.view();
    assert(view.head.seq === this.#appliedSeq, 'every applied entry is noted');
    const { appliedSeq, next } = this.#tables;
    if (this.#appliedSeq <= appliedSeq) return undefined;
    assert(this.#notedAfter <= appliedSeq, 'all that the tables lack is noted');
    const kept = this.#keptKeys(view);
    const ids = [...this.#products.keys()].sort((a, b) => a - b);
    const [client, frontend] = (['client', 'frontend'] as const).map((kind) => {
      return [...purchaseKeyRows(view, kind, { kept: kept[kind], from: next[kind] })];
    });
    return {
      ...writeState(view, kept),
      products: ids.map((id) => productRow(required(view.product(id), 'a touched product'))),
      orders: this.#runs.flatMap(({ seq, run }) => orderRows(run, seq)),
      purchaseKeys: [...(client ?? []), ...(frontend ?? [])],
      changeKeys: [...changeKeyRows(view, { kept: kept.change, from: next.change })],
      kept,
    };
  }

  /** The tables have these changes. What came after `changes()` stays noted. */
  written(changes: TableState): void {
    if (changes.appliedSeq <= this.#tables.appliedSeq) return;
    this.#tables = readState(changes);
    this.#drop(changes.appliedSeq);
  }

  /** For followers: the leader says that the tables have the state after this entry. */
  writtenThrough(appliedSeq: number): void {
    this.#drop(appliedSeq);
  }

  /**
   * This replica leads, and the tables have this state row. Returns false if it does not know what they
   * lack. It must then restore itself from the tables.
   */
  continueFrom(state: TableState): boolean {
    const position = readState(state);
    if (position.appliedSeq < this.#notedAfter) return false;
    this.#tables = position;
    this.#drop(position.appliedSeq);
    return true;
  }

  #forget(): void {
    while (this.#sales > this.#salesMax) {
      this.#drop(required(this.#runs[0], 'the oldest run').seq);
    }
  }

  /** Drops the notes through this entry. */
  #drop(seq: number): void {
    if (seq <= this.#notedAfter) return;
    this.#notedAfter = seq;
    for (const [id, touchedAt] of this.#products) {
      if (touchedAt > seq) break;
      this.#products.delete(id);
    }
    let dropped = 0;
    for (const { seq: soldAt, run } of this.#runs) {
      if (soldAt > seq) break;
      this.#sales -= run[1];
      dropped++;
    }
    this.#runs.splice(0, dropped);
  }

  #keptKeys({ clientKeys, frontendKeys, changeKeys }: CatalogView): KeptKeys {
    const { client, frontend, change } = this.#firstKeys;
    return {
      client: client + clientKeys.dropped,
      frontend: frontend + frontendKeys.dropped,
      change: change + changeKeys.dropped,
    };
  }
}
