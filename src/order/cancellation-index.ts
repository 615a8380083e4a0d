/**
 * Where the cancellations lie in the order log, and the newest one of each cancelled order; each record
 * names the one before it. So an order replica keeps one number a cancelled order. Invariant:
 * cancellations are 1 … last, each taken once, and hashed in a chain like the orders.
 */
import { createHash } from 'node:crypto';
import { assert } from '../base/assert.js';
import { NumberMap } from '../base/number-map.js';
import { decode } from '../wire/codec.js';
import type { OrderCommand } from '../wire/internal.js';
import { countSales } from '../wire/sales-bytes.js';
import { isInteger, isRecord, isText } from '../wire/shapes.js';
import type { Cancellation } from '../wire/trade.js';
import { OrderIndex, type OrderPlace } from './order-index.js';

export interface SavedCancellations {
  readonly hash: string;
  /** Seq, count and skipped of each run, in one flat list. */
  readonly runs: readonly number[];
  /** Each cancelled order and its newest cancellation, in one flat list. */
  readonly newest: readonly number[];
}

const noHash = '0'.repeat(64);

export class CancellationIndex {
  readonly #index = new OrderIndex();
  readonly #newest = new NumberMap<number>();
  #hash = noHash;

  constructor(saved?: SavedCancellations) {
    if (!saved) return;
    const { hash, runs, newest } = saved;
    this.#hash = hash;
    for (let at = 0; at < runs.length; at += 3) {
      const [seq = 0, count = 0, skipped = 0] = runs.slice(at, at + 3);
      this.#index.add({ seq, count, skipped });
    }
    for (let at = 0; at < newest.length; at += 2) {
      this.#newest.set(newest[at] ?? 0, newest[at + 1] ?? 0);
    }
  }

  /** Number of the newest cancellation; 0 if there is none. */
  get last(): number {
    return this.#index.last;
  }

  /** Part of the state's hash; empty before the first cancellation. */
  get text(): string {
    return this.last === 0 ? '' : ` cancellations ${this.last} ${this.#hash}`;
  }

  locate(number: number): OrderPlace | undefined {
    return this.#index.locate(number);
  }

  newestOf(order: number): number | undefined {
    return this.#newest.get(order);
  }

  /** Adds those that continue the last one. Skips known ones; adds none after a gap. */
  add(
    [, first, count, bytes]: Extract<OrderCommand, readonly ['cancellations', ...unknown[]]>,
    seq: number,
  ): number {
    assert(countSales(bytes) === count, 'an entry holds as many cancellations as it says');
    const skipped = this.last + 1 - first;
    if (skipped < 0 || skipped >= count) return 0;
    const taken = count - skipped;
    for (const [number, , order] of (decode(bytes) as readonly Cancellation[]).slice(skipped)) {
      this.#newest.set(order, number);
    }
    this.#index.add({ seq, count: taken, skipped });
    this.#hash = createHash('sha256')
      .update(`${this.#hash} ${first} ${skipped} `)
      .update(bytes)
      .digest('hex');
    return taken;
  }

  saved(): { readonly cancellations?: SavedCancellations } {
    if (this.last === 0) return {};
    const runs = [...this.#index.runs()].flatMap(({ seq, count, skipped }) => [
      ...[seq, count, skipped],
    ]);
    const newest: number[] = [];
    for (const order of this.#newest.keys()) newest.push(order, this.newestOf(order) ?? 0);
    return { cancellations: { hash: this.#hash, runs, newest } };
  }

  invariants(): void {
    let count = 0;
    for (const run of this.#index.runs()) count += run.count;
    assert(count === this.last, 'the runs cover all cancellations');
    this.#newest.forEach((number) => {
      assert(number > 0 && number <= this.last, 'the newest cancellation of an order is known');
    });
  }
}

export function isSavedCancellations(value: unknown): value is SavedCancellations {
  if (!isRecord(value) || !isText(value['hash'])) return false;
  return [value['runs'], value['newest']].every(
    (list) => Array.isArray(list) && list.every(isInteger),
  );
}
