/**
 * Finds products by their names: by the exact text, and from rules 1 on by any text that counts as
 * the same (base/product-text.ts). Up to rules 0 products may have names that count as the same;
 * such products keep them, and the exact text comes first. An index over records that others own.
 * Invariant: no two products have the same text as their name.
 */
import { assert, required } from '../../base/assert.js';
import { textKey } from '../../base/product-text.js';

interface Named {
  readonly id: number;
  readonly name: string;
}

export class NameIndex<T extends Named> {
  readonly #exact = new Map<string, T>();
  /** By key, each list ascending by id; undefined up to rules 0. */
  #folded: Map<string, T[]> | undefined;

  get size(): number {
    return this.#exact.size;
  }

  /** From here on names count as the same by their keys. */
  fold(): void {
    this.#folded = new Map();
    for (const product of this.#exact.values()) this.#addKey(product);
  }

  find(name: string): T | undefined {
    return this.#exact.get(name) ?? this.#folded?.get(textKey(name))?.[0];
  }

  has(product: T): boolean {
    return this.#exact.get(product.name) === product;
  }

  add(product: T): void {
    assert(!this.#exact.has(product.name), 'a product name is unique');
    this.#exact.set(product.name, product);
    this.#addKey(product);
  }

  remove(product: T): void {
    this.#exact.delete(product.name);
    if (!this.#folded) return;
    const key = textKey(product.name);
    const same = required(this.#folded.get(key), 'the key of a name').filter(
      (one) => one !== product,
    );
    if (same.length === 0) this.#folded.delete(key);
    else this.#folded.set(key, same);
  }

  /** Products whose names count as the same, of each such name; from rules 1 on. */
  twins(): T[][] {
    return [...(this.#folded?.values() ?? [])].filter(({ length }) => length > 1);
  }

  #addKey(product: T): void {
    if (!this.#folded) return;
    const key = textKey(product.name);
    const same = this.#folded.get(key);
    if (!same) this.#folded.set(key, [product]);
    else {
      same.push(product);
      same.sort((a, b) => a.id - b.id);
    }
  }
}
