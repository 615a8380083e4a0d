/**
 * Maintains the set of products whose stock is below their restock target, so that a restock need
 * not visit all products. Under rules 0 one target holds for all products, and the set is for the
 * last target asked for. From rules 1 on each product has its own target. Not part of the state
 * hash.
 */
import { assert } from '../../base/assert.js';

interface Stocked {
  readonly id: number;
  readonly stock: number;
  readonly restockTo: number | null;
  readonly removed: boolean;
}

/** The target of a restock; undefined for each product's own target. */
export type RestockTarget = number | undefined;

export class LowStock {
  readonly #all: () => Iterable<Stocked>;
  readonly #below = new Set<number>();
  #target: RestockTarget = 0;

  constructor(all: () => Iterable<Stocked>) {
    this.#all = all;
  }

  changed(product: Stocked): void {
    if (this.#isLow(product)) this.#below.add(product.id);
    else this.#below.delete(product.id);
  }

  removed(product: Stocked): void {
    this.#below.delete(product.id);
  }

  /** Ids in ascending order. Visits all products only if the target differs from the last call. */
  below(target: RestockTarget): number[] {
    if (target !== this.#target) {
      this.#target = target;
      this.#below.clear();
      for (const product of this.#all()) if (!product.removed) this.changed(product);
    }
    return [...this.#below].sort((a, b) => a - b);
  }

  invariants(): void {
    for (const product of this.#all()) {
      const isLow = !product.removed && this.#isLow(product);
      assert(this.#below.has(product.id) === isLow, 'the set holds what is below the target');
    }
  }

  #isLow({ stock, restockTo }: Stocked): boolean {
    return stock < (this.#target ?? restockTo ?? 0);
  }
}
