/**
 * Holds what the order book does not have yet, in the bytes that were encoded at apply: the sales, and in
 * other instances the cancellations and the movements of stock. Does not depend on stock or keys.
 * Invariants: the numbers have no gaps; nothing above the watermark is ever dropped (docs/PROTOCOL.md,
 * section 5, step 5; A27).
 */
import { assert, required } from '../../base/assert.js';
import { BazarError } from '../../base/errors.js';
import { purchaseLimits } from '../../base/limits.js';
import { encode } from '../../wire/codec.js';
import type { SalesMessage } from '../../wire/internal.js';
import { countSales, joinSales } from '../../wire/sales-bytes.js';

export interface RunsPosition {
  readonly last: number;
  readonly watermark: number;
}

/** Something with its number first. */
export type Numbered = readonly [number: number, ...rest: unknown[]];

/** To read only. */
export type ReadonlyRuns = Pick<NumberedRuns, 'last' | 'watermark' | 'from'>;

export class NumberedRuns {
  /** What is numbered, for messages. */
  readonly #noun: 'sale' | 'cancellation' | 'movement';
  #runs: SalesMessage[] = [];
  /** Runs before this index lie wholly at or below the watermark. */
  #kept = 0;
  #last = 0;
  #watermark = 0;

  constructor(noun: 'sale' | 'cancellation' | 'movement') {
    this.#noun = noun;
  }

  /** Number of the newest one. */
  get last(): number {
    return this.#last;
  }

  /** The highest number known to be committed in the order book. */
  get watermark(): number {
    return this.#watermark;
  }

  /** Adds those of one entry, numbered from `last` + 1. */
  add(items: readonly Numbered[]): SalesMessage {
    const first = this.#last + 1;
    assert(items[0]?.[0] === first, 'numbers have no gaps');
    const run: SalesMessage = [first, items.length, encode(items)];
    this.#runs.push(run);
    this.#last += items.length;
    return run;
  }

  /** Raises the watermark; ignores a lower number and one above the last. */
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
   * Returns a run of about `max` items that contains `number`, or undefined if there is none yet.
   * Throws `not_found` if it is in the order book and was dropped.
   */
  from(number: number, max: number): SalesMessage | undefined {
    if (number > this.#last) return undefined;
    const place = this.#find(number);
    if (place < 0) throw new BazarError('not_found', `${this.#noun} ${number} is no longer kept`);
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

  /** Number of the oldest one held, or of the next one. It may be projected, but not its whole run. */
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
  load(position: RunsPosition, runs: readonly SalesMessage[]): void {
    this.#last = position.last;
    this.#watermark = position.watermark;
    this.#runs = [...runs];
    this.#kept = 0;
    this.invariants();
  }

  invariants(): void {
    assert(this.#watermark <= this.#last, 'the watermark is at or below the last number');
    let next: number | undefined;
    for (const [first, count, bytes] of this.kept()) {
      assert(
        next === undefined ? first <= this.#watermark + 1 : first === next,
        'runs have no gaps',
      );
      assert(countSales(bytes) === count, 'a run holds as many as it says');
      next = first + count;
    }
    assert((next ?? this.#watermark + 1) === this.#last + 1, 'all above the watermark is kept');
  }

  #run(place: number): SalesMessage {
    return required(this.#runs[place], 'a run');
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
