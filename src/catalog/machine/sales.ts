/**
 * Holds the sales that are not orders yet, in the bytes that were encoded at apply. Does not depend
 * on stock or keys. Invariants: sale numbers have no gaps; no sale above the watermark is ever
 * dropped (docs/PROTOCOL.md, section 5, step 5; A27).
 */
import { assert, required } from '../../base/assert.js';
import { BazarError } from '../../base/errors.js';
import { purchaseLimits } from '../../base/limits.js';
import { encode } from '../../wire/codec.js';
import type { Sale, SalesMessage } from '../../wire/internal.js';
import { countSales, joinSales } from '../../wire/sales-bytes.js';

export interface SalesPosition {
  readonly last: number;
  readonly watermark: number;
}

export class Sales {
  #runs: SalesMessage[] = [];
  /** Runs before this index lie wholly at or below the watermark. */
  #kept = 0;
  #last = 0;
  #watermark = 0;

  /** Number of the newest sale. */
  get last(): number {
    return this.#last;
  }

  /** The highest number known to be a committed order. */
  get watermark(): number {
    return this.#watermark;
  }

  /** Adds the sales of one entry, numbered from `last` + 1. */
  add(sales: readonly Sale[]): SalesMessage {
    const first = this.#last + 1;
    assert(sales[0]?.[0] === first, 'sale numbers have no gaps');
    const run: SalesMessage = [first, sales.length, encode(sales)];
    this.#runs.push(run);
    this.#last += sales.length;
    return run;
  }

  /** Raises the watermark; ignores a lower number and one above the last sale. */
  advance(number: number): void {
    this.#watermark = Math.max(this.#watermark, Math.min(number, this.#last));
    while (this.#kept < this.#runs.length && lastOf(this.#run(this.#kept)) <= this.#watermark) {
      this.#kept++;
    }
    if (this.#kept < purchaseLimits.salesDroppedMax) return;
    this.#runs = this.#runs.slice(this.#kept);
    this.#kept = 0;
  }

  /**
   * Returns a run of about `max` sales that contains `number`, or undefined if there is none yet.
   * Throws `not_found` if the sale is an order and was dropped.
   */
  from(number: number, max: number): SalesMessage | undefined {
    if (number > this.#last) return undefined;
    const place = this.#find(number);
    if (place < 0) throw new BazarError('not_found', `sale ${number} is no longer kept`);
    const runs = [this.#run(place)];
    let count = this.#run(place)[1];
    let bytes = this.#run(place)[2].length;
    for (let next = place + 1; next < this.#runs.length; next++) {
      count += this.#run(next)[1];
      bytes += this.#run(next)[2].length;
      if (count > max || bytes > purchaseLimits.salesRunBytesMax) break;
      runs.push(this.#run(next));
    }
    return joinSales(runs);
  }

  /** Number of the oldest sale held, or of the next sale. It may be projected, but not its whole run. */
  get first(): number {
    return this.#runs[this.#kept]?.[0] ?? this.#last + 1;
  }

  /** Number of the runs held. */
  get runs(): number {
    return this.#runs.length - this.#kept;
  }

  /** The runs held, oldest first. */
  kept(): readonly SalesMessage[] {
    return this.#runs.slice(this.#kept);
  }

  /** Restores the runs of a snapshot. */
  load(position: SalesPosition, runs: readonly SalesMessage[]): void {
    this.#last = position.last;
    this.#watermark = position.watermark;
    this.#runs = [...runs];
    this.#kept = 0;
    this.invariants();
  }

  invariants(): void {
    assert(this.#watermark <= this.#last, 'the watermark is at or below the last sale');
    let next: number | undefined;
    for (const [first, count, bytes] of this.kept()) {
      assert(
        next === undefined ? first <= this.#watermark + 1 : first === next,
        'sales have no gaps',
      );
      assert(countSales(bytes) === count, 'a run holds as many sales as it says');
      next = first + count;
    }
    assert(
      (next ?? this.#watermark + 1) === this.#last + 1,
      'all sales above the watermark are kept',
    );
  }

  #run(place: number): SalesMessage {
    return required(this.#runs[place], 'a run of sales');
  }

  /** Index of the run that contains the number, or -1. */
  #find(number: number): number {
    let low = this.#kept;
    let high = this.#runs.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const run = this.#run(middle);
      if (number < run[0]) high = middle - 1;
      else if (number > lastOf(run)) low = middle + 1;
      else return middle;
    }
    return -1;
  }
}

function lastOf(run: SalesMessage): number {
  return run[0] + run[1] - 1;
}
