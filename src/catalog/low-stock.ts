/**
 * Which products have less in stock than a restock would give them, known without walking all: a
 * set kept up at each change, for the target asked for last. An index only, no part of the state.
 */
import { assert } from '../base/assert.js';

interface Stocked {
  readonly id: number;
  readonly stock: number;
  readonly removed: boolean;
}

export class LowStock {
  readonly #all: () => Iterable<Stocked>;
  readonly #below = new Set<number>();
  #target = 0;

  constructor(all: () => Iterable<Stocked>) {
    this.#all = all;
  }

  changed(product: Stocked): void {
    if (product.stock < this.#target) this.#below.add(product.id);
    else this.#below.delete(product.id);
  }

  removed(product: Stocked): void {
    this.#below.delete(product.id);
  }

  /** Ascending ids. Walks all products only when the target is another than the last time. */
  below(target: number): number[] {
    if (target !== this.#target) {
      this.#target = target;
      this.#below.clear();
      for (const product of this.#all()) if (!product.removed) this.changed(product);
    }
    return [...this.#below].sort((a, b) => a - b);
  }

  invariants(): void {
    for (const product of this.#all()) {
      const isLow = !product.removed && product.stock < this.#target;
      assert(this.#below.has(product.id) === isLow, 'the set holds what is below the target');
    }
  }
}
