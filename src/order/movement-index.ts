/**
 * Where the movements of stock lie in the order log: by number, and by product (docs/STOCK.md, M6). It does
 * not decode them: the command names the products. Invariant: movements are 1 … last, each taken once, and
 * hashed in a chain like the orders.
 */
import { createHash } from 'node:crypto';
import { assert } from '../base/assert.js';
import type { OrderCommand } from '../wire/internal.js';
import { countSales } from '../wire/sales-bytes.js';
import { isInteger, isRecord, isText } from '../wire/shapes.js';
import { OrderIndex, type OrderPlace } from './order-index.js';
import { ProductEntries } from './product-entries.js';

export interface SavedMovements {
  readonly hash: string;
  /** Seq, count and skipped of each run, in one flat list. */
  readonly runs: readonly number[];
  /** For each product its id, and then the seqs of the entries that name it. */
  readonly products: readonly (readonly number[])[];
}

const noHash = '0'.repeat(64);

export class MovementIndex {
  readonly #index = new OrderIndex();
  readonly #entries = new ProductEntries();
  #hash = noHash;

  constructor(saved?: SavedMovements) {
    if (!saved) return;
    const { hash, runs, products } = saved;
    this.#hash = hash;
    for (let at = 0; at < runs.length; at += 3) {
      const [seq = 0, count = 0, skipped = 0] = runs.slice(at, at + 3);
      this.#index.add({ seq, count, skipped });
    }
    for (const [product = 0, ...seqs] of products) {
      for (const seq of seqs) this.#entries.add(product, seq);
    }
  }

  /** Number of the newest movement; 0 if there is none. */
  get last(): number {
    return this.#index.last;
  }

  /** Part of the state's hash; empty before the first movement. */
  get text(): string {
    return this.last === 0 ? '' : ` movements ${this.last} ${this.#hash}`;
  }

  /** Bytes in use, without the table of products. */
  get sizeBytes(): number {
    return this.#index.sizeBytes + this.#entries.sizeBytes;
  }

  locate(number: number): OrderPlace | undefined {
    return this.#index.locate(number);
  }

  /** The entries that may have movements of the product, ascending, from `fromSeq` on. */
  entriesOf(product: number, fromSeq: number): Iterable<number> {
    return this.#entries.from(product, fromSeq);
  }

  /**
   * Adds the movements that continue the last one, and returns how many. Skips known ones; adds none after
   * a gap.
   */
  add(
    [, first, count, bytes, products]: Extract<OrderCommand, readonly ['movements', ...unknown[]]>,
    seq: number,
  ): number {
    assert(countSales(bytes) === count, 'an entry holds as many movements as it says');
    const skipped = this.last + 1 - first;
    if (skipped < 0 || skipped >= count) return 0;
    const taken = count - skipped;
    this.#index.add({ seq, count: taken, skipped });
    for (const product of products) this.#entries.add(product, seq);
    this.#hash = createHash('sha256')
      .update(`${this.#hash} ${first} ${skipped} `)
      .update(bytes)
      .digest('hex');
    return taken;
  }

  saved(): { readonly movements?: SavedMovements } {
    if (this.last === 0) return {};
    const runs: number[] = [];
    for (const { seq, count, skipped } of this.#index.runs()) runs.push(seq, count, skipped);
    const products: number[][] = [];
    for (const product of this.#entries.products()) {
      products.push([product, ...this.#entries.from(product, 0)]);
    }
    return { movements: { hash: this.#hash, runs, products } };
  }

  invariants(): void {
    const seqs = new Set<number>();
    let count = 0;
    for (const run of this.#index.runs()) {
      count += run.count;
      seqs.add(run.seq);
    }
    assert(count === this.last, 'the runs cover all movements');
    let pairs = 0;
    for (const product of this.#entries.products()) {
      let before = 0;
      for (const seq of this.#entries.from(product, 0)) {
        assert(seq > before && seqs.has(seq), 'a product is named by entries with movements');
        before = seq;
        pairs++;
      }
    }
    assert(pairs === this.#entries.pairs, 'each product of an entry is found');
  }
}

export function isSavedMovements(value: unknown): value is SavedMovements {
  if (!isRecord(value) || !isText(value['hash']) || !Array.isArray(value['products'])) return false;
  return [value['runs'], ...value['products']].every(
    (list) => Array.isArray(list) && list.every(isInteger),
  );
}
