/**
 * Searches an order of all moves on one product, each between its request and its answer, in which every
 * answer matches the register (Herlihy and Wing; the search is Wing and Gong's with Lowe's memory of
 * failed states). Pure. Invariant: the search misses no order unless the steps run out; then the verdict
 * is a failure.
 */
import { required } from '../base/assert.js';
import { describe } from './describe.js';
import type { Move } from './move.js';
import type { ItemHistory } from './moves.js';
import { OpenList } from './open-list.js';
import { type Act, after, afterRestock, holds, type Register } from './register.js';

/** One change of the record; undefined: a restock by the store. */
export interface Step {
  readonly version: number;
  readonly move: Move | undefined;
}

export type Linearization =
  | { readonly ok: true; readonly steps: readonly Step[] }
  | {
      readonly ok: false;
      readonly problem: string;
      /** The steps ran out: an order may exist. */
      readonly isUndecided: boolean;
    };

export interface SearchOptions {
  readonly restockTo: number | null;
  readonly stepsMax: number;
}

/** A candidate for the next step: a move, or this. */
const restock = -1;

interface Frame {
  readonly now: Register;
  readonly nextSale: number;
  readonly newest: number;
  /** The number of moves taken out before this frame. */
  readonly taken: number;
  readonly steps: number;
  readonly choices: readonly number[];
  tried: number;
}

export function linearize(item: ItemHistory, options: SearchOptions): Linearization {
  return new Search(item, options).run();
}

class Search {
  readonly #item: ItemHistory;
  readonly #options: SearchOptions;
  readonly #open: OpenList;
  /** Sales with a known number; they happen in this order. */
  readonly #sales: readonly number[];
  /** Answers that contain a version, by version: they must come before the next version. */
  readonly #tellers = new Map<number, number>();
  /** Holds that were opened, and those that have ended: each at most once. */
  readonly #opened = new Set<string>();
  readonly #ended = new Set<string>();
  readonly #vain = new Set<string>();
  readonly #kinds = new Map<number, string>();
  readonly #taken: number[] = [];
  readonly #steps: Step[] = [];
  readonly #frames: Frame[] = [];
  #now: Register;
  #nextSale = 0;
  #newest = -1;
  #branched = false;
  #deepest = { taken: -1, now: undefined as Register | undefined, blocked: -1 };

  constructor(item: ItemHistory, options: SearchOptions) {
    this.#item = item;
    this.#options = options;
    this.#open = new OpenList(item.moves);
    this.#now = item.first;
    const { moves } = this.#open;
    this.#sales = moves
      .flatMap((move, index) => {
        const number = saleNumber(move);
        return number === undefined ? [] : [{ index, number }];
      })
      .sort((a, b) => a.number - b.number)
      .map(({ index }) => index);
    for (const move of moves) this.#count(move, 1);
  }

  run(): Linearization {
    for (let steps = 0; ; steps++) {
      this.#give();
      if (this.#open.due === 0) return { ok: true, steps: this.#steps };
      if (steps > this.#options.stepsMax) {
        return { ...this.#failure(`undecided after ${steps} steps`), isUndecided: true };
      }
      const choices = this.#choices();
      this.#remember();
      this.#frames.push({
        now: this.#now,
        nextSale: this.#nextSale,
        newest: this.#newest,
        taken: this.#taken.length,
        steps: this.#steps.length,
        choices,
        tried: 0,
      });
      if (!this.#advance()) return this.#failure('no order explains it');
    }
  }

  /** Takes out every move that can be answered now: it changes nothing, and may not fit later. */
  #give(): void {
    const open = this.#open;
    for (let at = open.firstCall(); at >= 0; ) {
      const { sight, act } = open.move(at);
      const next = open.callAfter(at);
      const isGiven = sight ? holds(this.#now, sight) : act && this.#changesNothing(at);
      if (isGiven) this.#removeMove(at);
      // Calls after the removed return may be answered as well.
      at = isGiven && next < 0 ? this.#callBehind(at) : next;
    }
  }

  /** Whether a change was answered with the unchanged record. */
  #changesNothing(index: number): boolean {
    const { act } = this.#open.move(index);
    const isTold = (act?.kind === 'change' || act?.kind === 'adjust') && act.result !== undefined;
    return isTold && after(this.#now, act) === this.#now;
  }

  #callBehind(index: number): number {
    let at = this.#open.firstCall();
    while (at >= 0 && at <= index) at = this.#open.callAfter(at);
    return at;
  }

  #choices(): number[] {
    const { restockTo } = this.#options;
    const choices: number[] = [];
    const guesses: number[] = [];
    const guessed = new Set<string>();
    for (let at = this.#open.firstCall(); at >= 0; at = this.#open.callAfter(at)) {
      const move = this.#open.move(at);
      if (!move.act || !this.#isNext(at, move)) continue;
      const now = after(this.#now, move.act);
      if (now === undefined || now === this.#now) continue;
      if (move.returnedMs < Number.POSITIVE_INFINITY) choices.push(at);
      else {
        // Of unanswered moves with the same effect, one is enough to try.
        const same = this.#kindOf(at, move);
        if (!guessed.has(same)) guesses.push(at);
        guessed.add(same);
      }
    }
    if (restockTo !== null && afterRestock(this.#now, restockTo)) choices.push(restock);
    const all = [...choices, ...guesses];
    if (all.length > 1) this.#branched = true;
    return this.#wasHereInVain() ? [] : all;
  }

  #kindOf(index: number, { act }: Move): string {
    const known = this.#kinds.get(index) ?? (act ? effectOf(act) : '');
    this.#kinds.set(index, known);
    return known;
  }

  /** Numbered sales keep their order, and an open hold ends once. */
  #isNext(index: number, move: Move): boolean {
    const { act } = move;
    const ends = act?.kind === 'confirm' || act?.kind === 'free';
    if (ends && (!this.#opened.has(act.hold) || this.#ended.has(act.hold))) return false;
    return saleNumber(move) === undefined || this.#sales[this.#nextSale] === index;
  }

  /** Continues with the next choice, here or further back. False: there is none. */
  #advance(): boolean {
    for (;;) {
      const frame = this.#frames.at(-1);
      if (frame === undefined) return false;
      this.#backTo(frame);
      const choice = frame.choices[frame.tried];
      frame.tried += 1;
      if (choice === undefined) this.#frames.pop();
      else if (this.#choose(choice)) return true;
    }
  }

  #choose(choice: number): boolean {
    const before = this.#now.version;
    const { restockTo } = this.#options;
    const move = choice === restock ? undefined : this.#open.move(choice);
    const now = move?.act ? after(this.#now, move.act) : afterRestock(this.#now, restockTo ?? 0);
    if (now === undefined) return false;
    if (now.version > before && (this.#tellers.get(before) ?? 0) > 0) return false;
    if (move) this.#removeMove(choice);
    if (move && saleNumber(move) !== undefined) this.#nextSale += 1;
    this.#now = now;
    // No answer contains the version that a removal makes.
    this.#steps.push({ version: now.version + Number(!now.exists), move });
    return true;
  }

  #backTo({ now, nextSale, newest, taken, steps }: Frame): void {
    while (this.#taken.length > taken) {
      const index = required(this.#taken.pop(), 'a move');
      this.#open.putBack(index);
      this.#count(this.#open.move(index), 1);
    }
    this.#steps.length = steps;
    this.#now = now;
    this.#nextSale = nextSale;
    this.#newest = newest;
  }

  #removeMove(index: number): void {
    this.#open.take(index);
    this.#taken.push(index);
    this.#newest = Math.max(this.#newest, index);
    this.#count(this.#open.move(index), -1);
  }

  #count({ sight, act, returnedMs }: Move, by: number): void {
    if (act && 'hold' in act) {
      const holds = act.kind === 'reserve' ? this.#opened : this.#ended;
      if (by < 0) holds.add(act.hold);
      else holds.delete(act.hold);
    }
    if (returnedMs === Number.POSITIVE_INFINITY) return;
    const isTold = act?.kind === 'change' || act?.kind === 'adjust';
    const seen = sight?.kind === 'seen' ? sight.seen : isTold && act.result;
    if (seen) this.#tellers.set(seen.version, (this.#tellers.get(seen.version) ?? 0) + by);
  }

  /** Without a branch no state is reached twice. */
  #wasHereInVain(): boolean {
    if (!this.#branched) return false;
    const { version, stock, priceCents, exists } = this.#now;
    const key = `${this.#open.signature(this.#newest)} ${version} ${stock} ${priceCents} ${exists}`;
    if (this.#vain.has(key)) return true;
    this.#vain.add(key);
    return false;
  }

  #remember(): void {
    if (this.#taken.length <= this.#deepest.taken) return;
    const blocked = this.#open.firstReturn();
    this.#deepest = { taken: this.#taken.length, now: this.#now, blocked };
  }

  #failure(why: string) {
    const { now, blocked } = this.#deepest;
    const { id } = this.#item;
    const state = now?.exists
      ? `version ${now.version} with ${now.stock} left at ${(now.priceCents / 100).toFixed(2)}`
      : 'no such product';
    const who = blocked < 0 ? '' : `: ${describe(this.#open.move(blocked).operation)}`;
    const problem = `I9: product ${id}: ${why} beyond ${state}${who}`;
    return { ok: false, isUndecided: false, problem } as const;
  }
}

function saleNumber({ act }: Move): number | undefined {
  return act?.kind === 'sale' || act?.kind === 'confirm' ? act.number : undefined;
}

/** Acts with the same effect; which of such holds ends makes no difference. */
function effectOf(act: Act): string {
  if (act.kind === 'free' && act.isOnly) return `free ${act.quantity}`;
  return JSON.stringify(act);
}
