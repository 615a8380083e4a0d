/**
 * The holds: which are open, when each is due, and which resolved ones are still answered
 * (docs/STOCK.md, H4, H8). Does not depend on products or keys. Open holds lie in one list for each
 * second in which they are due, resolved ones in one list in the order of their end. Invariants: a hold
 * is in one list; holds are forgotten only after their time, all of one moment together.
 */
import { assert } from '../../base/assert.js';
import { holdLimits } from '../../base/limits.js';
import type { HoldEnd } from '../../wire/trade.js';
import {
  digestToWords,
  type HoldLine,
  HoldSlab,
  type KeptHold,
  serialOf,
  slotOf,
  stateCodes,
} from './hold-slab.js';
import { type IndexSeed, KeyIndex } from './key-index.js';
import { MinHeap } from './min-heap.js';
import { type Mixer, UnorderedSum } from './unordered-sum.js';

export interface NewHold {
  readonly id: Uint8Array;
  readonly customer: Uint8Array | undefined;
  readonly ttlSeconds: number;
  readonly reference: string | undefined;
  readonly lines: readonly HoldLine[];
  /** Log time and wall time of the opening. */
  readonly time: number;
  readonly wall: number;
}

const none = new Uint8Array();

export class HoldTable {
  readonly #slab = new HoldSlab();
  readonly #index: KeyIndex;
  readonly #sum = new UnorderedSum<KeptHold>(mixHold);
  readonly #references = new Map<number, string>();
  #referenceBytes = 0;
  readonly #scratch = new Uint32Array(4);
  /** The first open hold due in a second. */
  readonly #due = new Map<number, number>();
  readonly #seconds = new MinHeap();
  /** What the heap has, each once, also seconds whose holds are gone. */
  readonly #queued = new Set<number>();
  /** The resolved holds, oldest end first. */
  #firstResolved: number | undefined;
  #lastResolved: number | undefined;
  #open = 0;
  #openLines = 0;
  #kept = 0;
  #last = 0;

  constructor(indexSeed?: IndexSeed) {
    this.#index = new KeyIndex(this.#slab, indexSeed);
  }

  /** Number of open holds. */
  get open(): number {
    return this.#open;
  }

  get openLines(): number {
    return this.#openLines;
  }

  /** Number of holds, open and resolved. */
  get kept(): number {
    return this.#kept;
  }

  /** The serial number of the newest hold. */
  get last(): number {
    return this.#last;
  }

  /** True if there is no room for a hold of so many lines. */
  isFull(lines: number, reference: string | undefined): boolean {
    return (
      this.#open >= holdLimits.openMax ||
      this.#openLines + lines > holdLimits.openLinesMax ||
      this.#kept >= holdLimits.keptMax ||
      this.#referenceBytes + bytesOf(reference) > holdLimits.referencesBytesMax
    );
  }

  /** The serial number of the hold with this id; undefined if there is none. */
  find(id: Uint8Array): number | undefined {
    digestToWords(id, this.#scratch);
    const slot = this.#index.find(this.#scratch);
    return slot < 0 ? undefined : this.#serialOf(slot);
  }

  /** The number of lines of the hold with this id; undefined if there is none. */
  linesOf(id: Uint8Array): number | undefined {
    const serial = this.find(id);
    return serial === undefined ? undefined : this.#slab.lineCount(slotOf(serial));
  }

  has(serial: number): boolean {
    return serial > 0 && serial <= this.#last && this.#slab.has(slotOf(serial));
  }

  read(serial: number): KeptHold {
    return this.#slab.read(serial, this.#references.get(serial));
  }

  /** Ids of its products; none if the hold is unknown. */
  productsOf(serial: number): readonly number[] {
    return this.has(serial) ? this.#slab.productsOf(slotOf(serial)) : [];
  }

  /** Opens a hold and returns its serial number. The caller has checked `isFull` and `find`. */
  add({ id, customer, ttlSeconds, reference, lines, time, wall }: NewHold): number {
    const serial = this.#last + 1;
    const lifeMs = ttlSeconds * 1_000;
    this.put({
      ...{ serial, id, customer, state: 'open', ttlSeconds, openedAt: time, openedWall: wall },
      ...{ at: time + lifeMs, wallOrOrder: wall + lifeMs, lines, reference },
    });
    return serial;
  }

  /** Adds a hold of a snapshot unchanged: open ones in any order, resolved ones oldest end first. */
  put(hold: KeptHold): void {
    const { serial, id, lines, state, reference } = hold;
    this.#last = Math.max(this.#last, serial);
    this.#slab.put(hold);
    digestToWords(id, this.#scratch);
    const slot = slotOf(serial);
    this.#index.add(this.#scratch, slot);
    this.#kept++;
    if (reference !== undefined) {
      this.#references.set(serial, reference);
      this.#referenceBytes += bytesOf(reference);
    }
    if (state === 'open') {
      this.#open++;
      this.#openLines += lines.length;
      this.#addDue(slot);
    } else {
      this.#addResolved(slot);
    }
    this.#sum.add(hold);
  }

  /** The serial number of the newest hold, which may be forgotten already. For snapshots. */
  startAfter(last: number): void {
    this.#last = Math.max(this.#last, last);
  }

  /** The hold is open. */
  extend(serial: number, at: number, wall: number): void {
    const hold = this.read(serial);
    assert(hold.state === 'open', 'an open hold is extended');
    const slot = slotOf(serial);
    this.#sum.remove(hold);
    this.#removeDue(slot);
    this.#slab.change(slot, 'open', at, wall);
    this.#addDue(slot);
    this.#sum.add({ ...hold, at, wallOrOrder: wall });
  }

  /** The hold is open, and as it was read. `order`: the number of the order of a confirmed one. */
  resolve(hold: KeptHold, end: HoldEnd, time: number, order?: number): void {
    const slot = slotOf(hold.serial);
    assert(this.#slab.state(slot) === 'open', 'a hold is resolved once');
    this.#sum.remove(hold);
    this.#removeDue(slot);
    const wallOrOrder = order ?? hold.wallOrOrder;
    this.#slab.change(slot, end, time, wallOrOrder);
    this.#open--;
    this.#openLines -= hold.lines.length;
    this.#addResolved(slot);
    this.#sum.add({ ...hold, state: end, at: time, wallOrOrder });
  }

  /** A second at or before the time at which the next hold is due; undefined if none is open. */
  get nextDue(): number | undefined {
    let second = this.#seconds.first;
    while (second !== undefined && !this.#due.has(second)) {
      this.#seconds.pop();
      this.#queued.delete(second);
      second = this.#seconds.first;
    }
    return second === undefined ? undefined : second * 1_000;
  }

  /** Serial numbers of open holds that are due at this log time, with at most so many lines. */
  dueAt(time: number, linesMax: number): number[] {
    const found: number[] = [];
    let lines = 0;
    const from = (this.nextDue ?? Number.POSITIVE_INFINITY) / 1_000;
    for (let second = from; second * 1_000 <= time; second++) {
      for (let slot = this.#due.get(second); slot !== undefined; slot = this.#slab.after(slot)) {
        if (this.#slab.at(slot) > time) continue;
        lines += this.#slab.lineCount(slot);
        if (lines > linesMax && found.length > 0) return found;
        found.push(this.#serialOf(slot));
      }
    }
    return found;
  }

  /** Log time at which the oldest resolved hold ended; undefined if there is none. */
  get oldestEnd(): number | undefined {
    return this.#firstResolved === undefined ? undefined : this.#slab.at(this.#firstResolved);
  }

  /** Forgets holds that were resolved long enough before this log time. */
  forget(time: number): void {
    let last = Number.NEGATIVE_INFINITY;
    for (let count = 0; this.#firstResolved !== undefined; count++) {
      const slot = this.#firstResolved;
      const end = this.#slab.at(slot);
      if (end + holdLimits.resolvedMs > time) return;
      if (count >= holdLimits.forgottenPerEntry && end !== last) return;
      last = end;
      this.#forget(slot);
    }
  }

  /** Equal for equal sets of holds. */
  get sum(): string {
    return this.#sum.text();
  }

  /** All holds, in the order that `put` needs. */
  *all(): Generator<KeptHold> {
    for (const first of this.#due.values()) yield* this.#list(first);
    if (this.#firstResolved !== undefined) yield* this.#list(this.#firstResolved);
  }

  invariants(): void {
    const counted = new UnorderedSum<KeptHold>(mixHold);
    let [open, lines, kept, end] = [0, 0, 0, Number.NEGATIVE_INFINITY];
    for (const hold of this.all()) {
      assert(this.find(hold.id) === hold.serial, 'every hold is found by its id');
      counted.add(hold);
      kept++;
      if (hold.state === 'open') {
        open++;
        lines += hold.lines.length;
        assert(hold.at > hold.openedAt, 'a hold is due after its opening');
      } else {
        assert(hold.at >= end, 'resolved holds lie in the order of their end');
        end = hold.at;
      }
    }
    assert(open === this.#open && lines === this.#openLines, 'open holds and lines are counted');
    assert(kept === this.#kept && kept === this.#index.size, 'every hold is in one list');
    assert(counted.text() === this.#sum.text(), 'the sum is that of the holds');
  }

  *#list(first: number): Generator<KeptHold> {
    for (let slot: number | undefined = first; slot !== undefined; slot = this.#slab.after(slot)) {
      yield this.read(this.#serialOf(slot));
    }
  }

  #serialOf(slot: number): number {
    return serialOf(slot, this.#last);
  }

  #secondOf(slot: number): number {
    return Math.floor(this.#slab.at(slot) / 1_000);
  }

  #addDue(slot: number): void {
    const second = this.#secondOf(slot);
    const first = this.#due.get(second);
    if (first !== undefined) this.#slab.link(first, slot, this.#slab.after(first));
    else if (!this.#queued.has(second)) {
      this.#queued.add(second);
      this.#seconds.push(second);
    }
    this.#slab.link(slot, undefined, first);
    this.#due.set(second, slot);
  }

  #removeDue(slot: number): void {
    const [before, after] = [this.#slab.before(slot), this.#slab.after(slot)];
    const second = this.#secondOf(slot);
    if (before !== undefined) this.#slab.link(before, this.#slab.before(before), after);
    else if (after === undefined) this.#due.delete(second);
    else this.#due.set(second, after);
    if (after !== undefined) this.#slab.link(after, before, this.#slab.after(after));
  }

  #addResolved(slot: number): void {
    const last = this.#lastResolved;
    this.#slab.link(slot, last, undefined);
    if (last === undefined) this.#firstResolved = slot;
    else this.#slab.link(last, this.#slab.before(last), slot);
    this.#lastResolved = slot;
  }

  #forget(slot: number): void {
    const serial = this.#serialOf(slot);
    const hold = this.read(serial);
    const after = this.#slab.after(slot);
    this.#firstResolved = after;
    if (after === undefined) this.#lastResolved = undefined;
    else this.#slab.link(after, undefined, this.#slab.after(after));
    this.#sum.remove(hold);
    digestToWords(hold.id, this.#scratch);
    this.#index.remove(this.#scratch, slot);
    this.#referenceBytes -= bytesOf(hold.reference);
    this.#references.delete(serial);
    this.#slab.drop(slot);
    this.#kept--;
  }
}

function bytesOf(reference: string | undefined): number {
  return reference === undefined ? 0 : Buffer.byteLength(reference);
}

function mixHold(into: Mixer, hold: KeptHold): void {
  into.number(hold.serial);
  into.number(hold.ttlSeconds);
  into.number(hold.openedAt);
  into.number(hold.openedWall);
  into.number(hold.at);
  into.number(hold.wallOrOrder);
  into.number(stateCodes[hold.state]);
  into.bytes(hold.id);
  into.bytes(hold.customer ?? none);
  into.bytes(hold.reference === undefined ? none : Buffer.from(hold.reference));
  for (const { id, quantity, priceCents } of hold.lines) {
    into.number(id);
    into.number(quantity);
    into.number(priceCents);
  }
}
