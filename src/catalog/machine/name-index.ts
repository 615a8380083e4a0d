/**
 * Finds products by name: by the exact text, and from rules 1 on by any text with the same key
 * (base/product-text.ts). Under rules 0 several products may have names with the same key. They
 * keep these names, and the exact text takes precedence. An index over records that others own.
 * Invariant: no two products have exactly the same name.
 */
import { assert, required } from '../../base/assert.js';
import { textKey } from '../../base/product-text.js';

interface Named {
  readonly id: number;
  readonly name: string;
}

export class NameIndex<T extends Named> {
  readonly #exact = new Map<string, T>();
  /** Products by name key, each list ascending by id; undefined under rules 0. */
  #folded: Map<string, T[]> | undefined;

  get size(): number {
    return this.#exact.size;
  }

  /** From this call on, names are compared by their keys. */
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

  /** Groups of products whose names have the same key; from rules 1 on. */
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
