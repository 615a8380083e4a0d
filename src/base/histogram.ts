/**
 * Counts observations in buckets: one search and two additions each, without allocation. Invariant: the
 * buckets' counts only grow.
 */
import { assert } from './assert.js';

export class Histogram {
  readonly #bounds: readonly number[];
  /** One cell for each bound, one for values above all bounds, and the sum. */
  readonly #cells: Float64Array;

  constructor(bounds: readonly number[]) {
    assert(bounds.length > 0, 'a histogram has bounds');
    this.#bounds = bounds;
    this.#cells = new Float64Array(bounds.length + 2);
  }

  observe(value: number): void {
    const at = bucketOf(this.#bounds, value);
    this.#cells[at] = (this.#cells[at] ?? 0) + 1;
    const sum = this.#cells.length - 1;
    this.#cells[sum] = (this.#cells[sum] ?? 0) + value;
  }

  get count(): number {
    return this.#cells.subarray(0, -1).reduce((sum, count) => sum + count, 0);
  }

  /** Counts of the buckets, the infinite one last, and then the sum. */
  values(): number[] {
    return [...this.#cells];
  }
}

/** The first bucket whose bound is at least the value. */
export function bucketOf(bounds: readonly number[], value: number): number {
  let low = 0;
  let high = bounds.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((bounds[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
