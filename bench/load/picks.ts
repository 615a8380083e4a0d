/**
 * The item of each request: drawn in advance from a seeded source, so that a pick costs one array read
 * and every run requests the same items.
 */
import { seededRandom } from '../../src/base/random.js';

const drawnLog2 = 20;
const seed = 17;

export class Picks {
  readonly #items: Uint32Array;
  #next = 0;

  private constructor(items: Uint32Array) {
    this.#items = items;
  }

  static always(item: number): Picks {
    return new Picks(Uint32Array.of(item));
  }

  /** Uniform over the items 1 … count. */
  static uniform(count: number): Picks {
    const random = seededRandom(seed);
    return new Picks(Uint32Array.from({ length: 2 ** drawnLog2 }, () => 1 + random.integer(count)));
  }

  next(): number {
    const at = this.#next;
    this.#next = at + 1 === this.#items.length ? 0 : at + 1;
    return this.#items[at] ?? 0;
  }
}
