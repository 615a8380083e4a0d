/**
 * Says what the tables behind the catalog's log lack of the state (docs/SQL-ENGINE.md, S5). For each
 * entry it notes the touched products, the changed holds and uses of limits, and the new sales. Three things
 * need no notes: new keys, because their ordinals are an interval, and cancellations and movements of stock,
 * because the state keeps them until the tables have them. Every replica follows its entries like this, so a
 * new leader continues from the state row of the tables. The notes are limited: a few for each product, and
 * so many holds, uses and sales. Beyond this the oldest are forgotten; a replica that forgot more than the
 * tables hold restores itself from the tables before it leads. Invariant: the notes cover each entry after
 * `#notedAfter`.
 */
import { assert, required } from '../../base/assert.js';
import { holdLimits, limitLimits, purchaseLimits } from '../../base/limits.js';
import type { Entry } from '../../consensus/types.js';
import type {
  HoldChanges,
  HoldRow,
  KeptKeys,
  TableChanges,
  TableState,
} from '../../database/rows.js';
import type { SalesMessage } from '../../wire/internal.js';
import type { CatalogMachine } from '../machine/catalog-machine.js';
import type { CatalogView } from '../machine/catalog-view.js';
import { type CatalogResult, salesOf } from '../machine/results.js';
import {
  cancellationRows,
  changeKeyRows,
  holdRow,
  movementRows,
  orderRows,
  productRow,
  purchaseKeyRows,
  resolvedFrom,
} from './table-rows.js';
import { founding, readState, type TablesPosition, writeState } from './table-state.js';
import { UseNotes } from './use-notes.js';

/** The sales of one entry. */
interface NotedRun {
  readonly seq: number;
  readonly run: SalesMessage;
}

/** What a replica notes at most. A leader has less pending, because `Cursor` follows the tables. */
export interface NotesMax {
  readonly sales: number;
  readonly holds: number;
  readonly uses: number;
}

const notesMax: NotesMax = {
  sales: purchaseLimits.unprojectedMax,
  holds: holdLimits.notedMax,
  uses: limitLimits.notedMax,
};

export class CatalogTables {
  readonly #machine: CatalogMachine;
  readonly #max: NotesMax;
  /** Id and seq of the last touch, in the order of the touches. */
  readonly #products = new Map<number, number>();
  /** Serial number and seq of the last change, in the order of the changes. */
  readonly #holds = new Map<number, number>();
  readonly #uses: UseNotes;
  #runs: NotedRun[] = [];
  #sales = 0;
  #appliedSeq = 0;
  #notedAfter = 0;
  /** The state that the tables are known to show. */
  #tables: TablesPosition = founding;
  /** Number of keys of each kind that were dropped before the machine counted, plus 1. */
  #firstKeys: KeptKeys = founding.kept;

  /** The machine has no entries, or `startFrom` follows. */
  constructor(machine: CatalogMachine, max: Partial<NotesMax> = {}) {
    this.#machine = machine;
    this.#max = { ...notesMax, ...max };
    this.#uses = new UseNotes(() => {
      const next = this.#appliedSeq + 1;
      return next > this.#notedAfter ? next : undefined;
    });
    machine.listenToUses(this.#uses);
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
    this.#holds.clear();
    this.#uses.clear();
    this.#runs = [];
    this.#sales = 0;
  }

  /** Call it after each entry that the machine has applied. */
  applied({ seq }: Pick<Entry, 'seq'>, result: CatalogResult): void {
    assert(seq === this.#appliedSeq + 1, 'entries are noted in order, each once');
    this.#appliedSeq = seq;
    if (seq <= this.#notedAfter) return;
    if ('touched' in result) note(this.#products, result.touched, seq);
    if ('holds' in result) note(this.#holds, result.holds, seq);
    const run = salesOf(result);
    if (run) {
      this.#runs.push({ seq, run });
      this.#sales += run[1];
    }
    this.#forget();
  }

  /**
   * What brings the tables to the present state, in one write. A part of it would show a state between
   * two entries. Undefined if there is nothing to write.
   */
  changes(): TableChanges | undefined {
    const view = this.#machine.view();
    assert(view.head.seq === this.#appliedSeq, 'every applied entry is noted');
    const { appliedSeq, next, lastCancellation, lastMovement } = this.#tables;
    if (this.#appliedSeq <= appliedSeq) return undefined;
    assert(this.#notedAfter <= appliedSeq, 'all that the tables lack is noted');
    const kept = this.#keptKeys(view);
    const ids = [...this.#products.keys()].sort((a, b) => a - b);
    const [client, frontend] = (['client', 'frontend'] as const).map((kind) => {
      return [...purchaseKeyRows(view, kind, { kept: kept[kind], from: next[kind] })];
    });
    const uses = this.#uses.changes(view.uses);
    assert(
      view.firstCancellation <= lastCancellation + 1,
      'cancellations that the tables lack are held',
    );
    const runs = view.cancellations().filter(([first]) => first > lastCancellation);
    assert(view.firstMovement <= lastMovement + 1, 'movements that the tables lack are held');
    const moved = view.movements().filter(([first]) => first > lastMovement);
    return {
      ...writeState(view, kept),
      products: ids.map((id) => productRow(required(view.product(id), 'a touched product'))),
      orders: this.#runs.flatMap(({ seq, run }) => orderRows(run, seq)),
      purchaseKeys: [...(client ?? []), ...(frontend ?? [])],
      changeKeys: [...changeKeyRows(view, { kept: kept.change, from: next.change })],
      kept,
      ...(view.holds.last > 0 ? { holds: this.#holdChanges(view) } : {}),
      ...(uses ? { uses } : {}),
      ...(runs.length > 0 ? { cancellations: runs.flatMap(cancellationRows) } : {}),
      ...(moved.length > 0 ? { movements: moved.flatMap(movementRows) } : {}),
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

  #holdChanges({ holds }: CatalogView): HoldChanges {
    const rows: HoldRow[] = [];
    const gone: number[] = [];
    for (const serial of [...this.#holds.keys()].sort((a, b) => a - b)) {
      if (holds.has(serial)) rows.push(holdRow(holds.read(serial)));
      else gone.push(serial);
    }
    const linesThrough = this.#tables.head?.lastHold ?? 0;
    return { rows, gone, linesThrough, resolvedFrom: resolvedFrom(holds) };
  }

  #forget(): void {
    while (this.#sales > this.#max.sales) {
      this.#drop(required(this.#runs[0], 'the oldest run').seq);
    }
    while (this.#holds.size > this.#max.holds) {
      const [oldest] = this.#holds.values();
      this.#drop(required(oldest, 'the oldest change of a hold'));
    }
    while (this.#uses.size > this.#max.uses) {
      this.#drop(required(this.#uses.oldest, 'the oldest change of a use'));
    }
  }

  /** Drops the notes through this entry. */
  #drop(seq: number): void {
    if (seq <= this.#notedAfter) return;
    this.#notedAfter = seq;
    dropNotes(this.#products, seq);
    dropNotes(this.#holds, seq);
    this.#uses.drop(seq);
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

function note(notes: Map<number, number>, all: readonly number[], seq: number): void {
  for (const one of all) {
    notes.delete(one);
    notes.set(one, seq);
  }
}

/** Drops the notes through this entry. */
function dropNotes(notes: Map<number, number>, seq: number): void {
  for (const [one, notedAt] of notes) {
    if (notedAt > seq) break;
    notes.delete(one);
  }
}
