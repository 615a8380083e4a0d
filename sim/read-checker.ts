/**
 * Watches what customers read (docs/PROTOCOL.md, I9): whatever was answered before a look-up began
 * is in its answer. A product is a register whose versions are known, so comparing with the newest
 * version answered by then is the whole of linearizability; that it is not there yet comes before
 * all of them, that it is gone after all. Each answer is also a state that was.
 */
import type { Product } from '../src/wire/schemas.js';
import type { BooksChecker } from './books-checker.js';

/** Where an answer came from: asked for now, shared with an earlier reader's question, or kept. */
export type Source = 'fetched' | 'shared' | 'hit';

export class ReadChecker {
  lookups = 0;
  hits = 0;
  readonly #books: BooksChecker;
  readonly #report: (problem: string) => void;
  readonly #minimums = new Map<number, number>();
  /** Products that somebody has begun to remove. */
  readonly #leaving = new Set<number>();
  readonly #trace: (line: () => string) => void;

  constructor(
    books: BooksChecker,
    report: (problem: string) => void,
    trace: (line: () => string) => void,
  ) {
    this.#books = books;
    this.#report = report;
    this.#trace = trace;
  }

  /** To be taken when an operation begins. */
  minimum(item: number): number {
    return this.#minimums.get(item) ?? 0;
  }

  /** This version was answered to somebody. */
  answered(item: number, version: number): void {
    if (version > this.minimum(item)) this.#minimums.set(item, version);
  }

  /** A purchase or change that became visible with this entry was answered. */
  answeredAt(item: number, seq: number): void {
    const state = this.#books.itemAt(item, seq);
    if (state) this.answered(item, state.version);
  }

  /** From now on it may be gone. */
  leaving(item: number): void {
    this.#leaving.add(item);
  }

  /** Somebody was told so: no version is as new as that, and no id is given twice. */
  gone(item: number): void {
    this.answered(item, Number.POSITIVE_INFINITY);
  }

  /** There was no such product. */
  missed(item: number, minimum: number, source: Source, who: string): void {
    this.#trace(() => `${who}: ${source} no item ${item}, at least ${minimum}`);
    this.lookups += 1;
    if (source === 'hit') this.hits += 1;
    if (minimum === 0) return;
    if (this.#leaving.has(item)) this.gone(item);
    else this.#report(`I9: ${who} ${source} no item ${item} after version ${minimum}`);
  }

  lookedUp(product: Product, minimum: number, source: Source, who: string): void {
    const { id, version, quantity } = product;
    this.#trace(() => `${who}: ${source} item ${id} version ${version}, at least ${minimum}`);
    this.lookups += 1;
    if (source === 'hit') this.hits += 1;
    const state = this.#books.items.get(id)?.find((known) => known.version === version);
    if (!state || state.stock !== quantity) {
      this.#report(`I9: ${who} was told ${quantity} of item ${id}, version ${version}: never so`);
      return;
    }
    if (version >= minimum) this.answered(id, version);
    else this.#report(`I9: ${who} ${source} version ${version} of item ${id} after ${minimum}`);
  }
}
