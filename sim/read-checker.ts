/**
 * Checks what customers read (docs/PROTOCOL.md, I9): a look-up's answer includes everything that was
 * answered before it began. A product is a register with known versions, so comparing with the newest
 * version answered by then is a complete check of linearizability. Absence before the addition precedes
 * all versions; removal follows them. Each answer must also be a state that existed.
 */
import type { Product } from '../src/wire/schemas.js';
import type { BooksChecker } from './books-checker.js';

/**
 * The origin of an answer: fetched for this request, shared with an earlier reader's request, or cached.
 */
export type Source = 'fetched' | 'shared' | 'hit';

export class ReadChecker {
  lookups = 0;
  hits = 0;
  readonly #books: BooksChecker;
  readonly #report: (problem: string) => void;
  readonly #minimums = new Map<number, number>();
  /** Products with a removal under way. */
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

  /** The minimum version; read it when an operation begins. */
  minimum(item: number): number {
    return this.#minimums.get(item) ?? 0;
  }

  /** This version was in an answer. */
  answered(item: number, version: number): void {
    if (version > this.minimum(item)) this.#minimums.set(item, version);
  }

  /** A purchase or change that became visible with this entry was answered. */
  answeredAt(item: number, seq: number): void {
    const state = this.#books.itemAt(item, seq);
    if (state) this.answered(item, state.version);
    this.#books.ledger.answeredAt(item, seq);
  }

  /** From now on it may be gone. */
  leaving(item: number): void {
    this.#leaving.add(item);
  }

  /** The removal was answered: it follows every version, and no id is used twice. */
  gone(item: number): void {
    this.answered(item, Number.POSITIVE_INFINITY);
  }

  /** The answer was that there is no such product. */
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
