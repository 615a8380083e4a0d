/**
 * The order group's state machine: the gap-free projection of the catalog's sales, cancellations and
 * movements of stock (docs/PROTOCOL.md, section 5, step 4). It holds only the log position of each, because
 * the journal is the order book, the newest cancellation of each cancelled order, and the entries that name
 * each product. Invariant: orders, cancellations and movements are 1 … last, each taken once (I7; A21, A22).
 */

import { createHash } from 'node:crypto';
import { assert } from '../base/assert.js';
import type { Entry, StateMachine } from '../consensus/types.js';
import { unknownCommand } from '../consensus/unknown-command.js';
import { decode } from '../wire/codec.js';
import type { OrderCommand } from '../wire/internal.js';
import { countSales } from '../wire/sales-bytes.js';
import { isInteger, isRecord, isText } from '../wire/shapes.js';
import { rulesOfCancellations, rulesOfMovements } from './book-position.js';
import {
  CancellationIndex,
  isSavedCancellations,
  type SavedCancellations,
} from './cancellation-index.js';
import { isSavedMovements, MovementIndex, type SavedMovements } from './movement-index.js';
import { OrderIndex, type OrderPlace, type OrderRun } from './order-index.js';

export type OrderResult =
  | { readonly kind: 'none' }
  /** Another version of the rules applies. */
  | { readonly kind: 'rules' }
  /** `taken` sales of the entry are new orders: none after a gap or in a repetition. */
  | { readonly kind: 'orders'; readonly last: number; readonly taken: number }
  | { readonly kind: 'cancellations'; readonly last: number; readonly taken: number }
  | { readonly kind: 'movements'; readonly last: number; readonly taken: number }
  | {
      readonly kind: 'audit';
      readonly token: string;
      readonly hash: string;
      readonly lastOrder: number;
    };

type Orders = Extract<OrderCommand, readonly ['orders', ...unknown[]]>;

const version = 1;
const noHash = '0'.repeat(64);

export interface OrderSnapshot {
  readonly version: typeof version;
  readonly seq: number;
  readonly lastOrder: number;
  readonly ordersHash: string;
  /** Seq, count and skipped of each run, in one flat list. */
  readonly runs: readonly number[];
  /** The version of the rules that applies; absent before rules 2. */
  readonly rules?: number;
  /** Absent before the first one. */
  readonly cancellations?: SavedCancellations;
  readonly movements?: SavedMovements;
}

export class OrderMachine implements StateMachine<OrderResult> {
  #index = new OrderIndex();
  #cancellations = new CancellationIndex();
  #movements = new MovementIndex();
  #seq = 0;
  /** Hash chain over all orders: the previous hash and the sales of each entry. */
  #ordersHash = noHash;
  #rules = 0;

  apply(entry: Entry): OrderResult {
    assert(entry.seq === this.#seq + 1, 'entries are applied in order, each once');
    this.#seq = entry.seq;
    if (entry.command.byteLength === 0) return { kind: 'none' };
    const command = decode(entry.command) as OrderCommand;
    switch (command[0]) {
      case 'orders':
        return { kind: 'orders', taken: this.#addSales(command), last: this.#index.last };
      case 'cancellations': {
        assert(this.#rules >= rulesOfCancellations, 'cancellations are logged from rules 3 on');
        const taken = this.#cancellations.add(command, this.#seq);
        return { kind: 'cancellations', taken, last: this.#cancellations.last };
      }
      case 'movements': {
        assert(this.#rules >= rulesOfMovements, 'movements are logged from rules 4 on');
        const taken = this.#movements.add(command, this.#seq);
        return { kind: 'movements', taken, last: this.#movements.last };
      }
      case 'audit': {
        const [, token] = command;
        return { kind: 'audit', token, hash: this.hash(), lastOrder: this.#index.last };
      }
      case 'rules':
        this.#rules = Math.max(this.#rules, command[1]);
        return { kind: 'rules' };
      default:
        return unknownCommand('order', command);
    }
  }

  /** Number of the newest order; 0 if there is none. */
  get lastOrder(): number {
    return this.#index.last;
  }

  /** Number of the newest cancellation; 0 if there is none. */
  get lastCancellation(): number {
    return this.#cancellations.last;
  }

  /** Number of the newest cancellation of an order; undefined if there is none. */
  newestCancellationOf(order: number): number | undefined {
    return this.#cancellations.newestOf(order);
  }

  /** Position of the cancellation in the log; undefined if there is no such one. */
  locateCancellation(number: number): OrderPlace | undefined {
    return this.#cancellations.locate(number);
  }

  /** Number of the newest movement of stock; 0 if there is none. */
  get lastMovement(): number {
    return this.#movements.last;
  }

  /** Position of the movement in the log; undefined if there is no such one. */
  locateMovement(number: number): OrderPlace | undefined {
    return this.#movements.locate(number);
  }

  /** The entries that may have movements of the product, ascending, from `fromSeq` on. */
  movementEntriesOf(product: number, fromSeq: number): Iterable<number> {
    return this.#movements.entriesOf(product, fromSeq);
  }

  /** The version of the rules that applies; 0 before the first `rules` entry. */
  get rules(): number {
    return this.#rules;
  }

  /** Seq of the last applied entry. */
  get appliedSeq(): number {
    return this.#seq;
  }

  /** Position of the order in the log; undefined if there is no such order. */
  locate(number: number): OrderPlace | undefined {
    return this.#index.locate(number);
  }

  hash(): string {
    const rules = this.#rules === 0 ? '' : ` rules ${this.#rules}`;
    const others = `${this.#cancellations.text}${this.#movements.text}`;
    const state = `${this.#seq} ${this.#index.last} ${this.#ordersHash}${rules}${others}`;
    return createHash('sha256').update(state).digest('hex');
  }

  snapshot(): OrderSnapshot {
    const runs: number[] = [];
    for (const { seq, count, skipped } of this.#index.runs()) runs.push(seq, count, skipped);
    const lastOrder = this.#index.last;
    const rules = this.#rules === 0 ? {} : { rules: this.#rules };
    const saved = {
      version,
      seq: this.#seq,
      lastOrder,
      ordersHash: this.#ordersHash,
      runs,
    } as const;
    return { ...saved, ...rules, ...this.#cancellations.saved(), ...this.#movements.saved() };
  }

  restore(snapshot: unknown): void {
    assert(isSnapshot(snapshot), 'an order snapshot has the shape of this version');
    this.#index = new OrderIndex();
    for (const run of readRuns(snapshot.runs)) this.#index.add(run);
    assert(this.#index.last === snapshot.lastOrder, 'the runs of a snapshot end at its last order');
    this.#seq = snapshot.seq;
    this.#ordersHash = snapshot.ordersHash;
    this.#rules = snapshot.rules ?? 0;
    this.#cancellations = new CancellationIndex(snapshot.cancellations);
    this.#movements = new MovementIndex(snapshot.movements);
  }

  invariants(): void {
    let next = 1;
    let lastSeq = 0;
    for (const { seq, count } of this.#index.runs()) {
      assert(seq > lastSeq && seq <= this.#seq, 'runs follow the log');
      assert(this.#index.locate(next)?.seq === seq, 'the first order of each run is found');
      next += count;
      lastSeq = seq;
    }
    assert(next === this.#index.last + 1, 'the runs cover all orders');
    this.#cancellations.invariants();
    this.#movements.invariants();
  }

  /** Adds the sales that continue the last order. Skips known ones; adds none after a gap. */
  #addSales([, first, count, sales]: Orders): number {
    assert(countSales(sales) === count, 'an entry holds as many sales as it says');
    const skipped = this.#index.last + 1 - first;
    if (skipped < 0 || skipped >= count) return 0;
    const taken = count - skipped;
    this.#index.add({ seq: this.#seq, count: taken, skipped });
    this.#ordersHash = createHash('sha256')
      .update(`${this.#ordersHash} ${first} ${skipped} `)
      .update(sales)
      .digest('hex');
    return taken;
  }
}

function isSnapshot(value: unknown): value is OrderSnapshot {
  return (
    isRecord(value) &&
    value['version'] === version &&
    isInteger(value['seq']) &&
    isInteger(value['lastOrder']) &&
    isText(value['ordersHash']) &&
    (value['rules'] === undefined || isInteger(value['rules'])) &&
    Array.isArray(value['runs']) &&
    value['runs'].every(isInteger) &&
    (value['cancellations'] === undefined || isSavedCancellations(value['cancellations'])) &&
    (value['movements'] === undefined || isSavedMovements(value['movements']))
  );
}

function* readRuns(flat: readonly number[]): Generator<OrderRun> {
  assert(flat.length % 3 === 0, 'a run has three numbers');
  for (let at = 0; at < flat.length; at += 3) {
    const [seq = 0, count = 0, skipped = 0] = flat.slice(at, at + 3);
    yield { seq, count, skipped };
  }
}
