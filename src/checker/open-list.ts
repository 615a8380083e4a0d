/**
 * The moves of one product that are not placed yet: their calls and returns in order of time, in a
 * linked list. Taking a move out and putting it back takes constant time (Wing and Gong; Lowe, "Testing
 * for linearizability"). Invariant: the move taken out last is put back first.
 */
import { required } from '../base/assert.js';
import type { Move } from './move.js';

/** A position in the list: a move's index is its call; returns follow after the calls. */
type Place = number;

export class OpenList {
  /** In the order of their calls. */
  readonly moves: readonly Move[];
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  readonly #ends: Place;
  /** The number of moves that must be placed. */
  #due = 0;

  constructor(moves: readonly Move[]) {
    this.moves = [...moves].sort((a, b) => compare(a.invokedMs, b.invokedMs));
    const count = this.moves.length;
    this.#ends = 2 * count;
    this.#next = new Int32Array(2 * count + 1);
    this.#previous = new Int32Array(2 * count + 1);
    const returns = this.moves
      .map(({ returnedMs }, index) => ({ atMs: returnedMs, place: count + index }))
      .filter(({ atMs }) => atMs < Number.POSITIVE_INFINITY)
      .sort((a, b) => compare(a.atMs, b.atMs));
    this.#due = returns.length;
    let call = 0;
    let last = this.#ends;
    const append = (place: Place): void => {
      this.#next[last] = place;
      this.#previous[place] = last;
      last = place;
    };
    // A call at the same time as a return may come before it.
    for (const { atMs, place } of returns) {
      while (call < count && this.move(call).invokedMs <= atMs) append(call++);
      append(place);
    }
    while (call < count) append(call++);
    append(this.#ends);
  }

  get due(): number {
    return this.#due;
  }

  move(index: number): Move {
    return required(this.moves[index], 'a move');
  }

  /** The first candidate for the next step, or -1: moves called before the first remaining return. */
  firstCall(): number {
    return this.#callAt(this.#next[this.#ends]);
  }

  callAfter(index: number): number {
    return this.#callAt(this.#next[index]);
  }

  /** The move with the first remaining return, or -1. */
  firstReturn(): number {
    const count = this.moves.length;
    let place = required(this.#next[this.#ends], 'a place');
    while (place < count) place = required(this.#next[place], 'a place');
    return place === this.#ends ? -1 : place - count;
  }

  take(index: number): void {
    this.#unlink(index);
    if (!this.#returns(index)) return;
    this.#unlink(this.moves.length + index);
    this.#due -= 1;
  }

  putBack(index: number): void {
    if (this.#returns(index)) {
      this.#link(this.moves.length + index);
      this.#due += 1;
    }
    this.#link(index);
  }

  /**
   * Identifies the set of moves taken out, if none after `newest` is out: the gaps before it are enough.
   */
  signature(newest: number): string {
    let gaps = `${newest}:`;
    for (let at = this.firstCall(); at >= 0 && at < newest; at = this.callAfter(at)) {
      const behind = newest - at;
      gaps += String.fromCharCode(behind & 0xffff, behind >>> 16);
    }
    return gaps;
  }

  #returns(index: number): boolean {
    return this.move(index).returnedMs < Number.POSITIVE_INFINITY;
  }

  #callAt(place: Place | undefined): number {
    return place === undefined || place >= this.moves.length ? -1 : place;
  }

  #unlink(place: Place): void {
    const next = required(this.#next[place], 'a place');
    const previous = required(this.#previous[place], 'a place');
    this.#next[previous] = next;
    this.#previous[next] = previous;
  }

  #link(place: Place): void {
    const next = required(this.#next[place], 'a place');
    const previous = required(this.#previous[place], 'a place');
    this.#next[previous] = place;
    this.#previous[next] = place;
  }
}

/** Two infinities are the same time. */
function compare(a: number, b: number): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
