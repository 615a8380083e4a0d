/**
 * Maps an order's number to its position in the log, in about four bytes a log entry: runs of
 * orders as variable-length integers, with a mark every 32 runs where reading can start. Does not
 * depend on orders or the journal. Invariant: the runs cover 1 … last without gaps, in log order.
 */
import { assert } from '../base/assert.js';

const runsPerMark = 32;
/** A run has at most three integers, each of at most eight bytes with seven bits. */
const runBytesMax = 24;
const firstBytes = 1_024;

/** Position of an order: an entry, and the index among that entry's sales. */
export interface OrderPlace {
  readonly seq: number;
  readonly offset: number;
}

/** `skipped` sales of the entry precede the run; they were orders already. */
export interface OrderRun {
  readonly seq: number;
  readonly count: number;
  readonly skipped: number;
}

/** The state before the run at `position`. */
interface Mark {
  readonly number: number;
  readonly seq: number;
  readonly position: number;
}

export class OrderIndex {
  #bytes = new Uint8Array(firstBytes);
  #length = 0;
  readonly #marks: Mark[] = [];
  #runs = 0;
  #last = 0;
  #lastSeq = 0;

  /** Number of the newest order. */
  get last(): number {
    return this.#last;
  }

  add(run: OrderRun): void {
    assert(run.seq > this.#lastSeq && run.count > 0, 'runs follow the log');
    if (this.#runs % runsPerMark === 0) {
      this.#marks.push({ number: this.#last, seq: this.#lastSeq, position: this.#length });
    }
    if (this.#length + runBytesMax > this.#bytes.length) this.#grow();
    this.#write(run.count);
    this.#write(run.seq - this.#lastSeq);
    this.#write(run.skipped);
    this.#runs++;
    this.#last += run.count;
    this.#lastSeq = run.seq;
  }

  locate(number: number): OrderPlace | undefined {
    if (!Number.isSafeInteger(number) || number < 1 || number > this.#last) return undefined;
    const reader = this.#reader(this.#markBefore(number));
    for (;;) {
      const { first, count, seq, skipped } = reader();
      if (number < first + count) return { seq, offset: skipped + number - first };
    }
  }

  /** All runs, oldest first. */
  *runs(): Generator<OrderRun> {
    const reader = this.#reader({ number: 0, seq: 0, position: 0 });
    for (let run = 0; run < this.#runs; run++) {
      const { seq, count, skipped } = reader();
      yield { seq, count, skipped };
    }
  }

  /** Bytes in use, without reserved ones. */
  get sizeBytes(): number {
    return this.#length + this.#marks.length * 40;
  }

  /** The last mark with fewer orders before it than `number`. */
  #markBefore(number: number): Mark {
    let low = 0;
    let high = this.#marks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#marks[middle]?.number ?? 0) < number) low = middle;
      else high = middle - 1;
    }
    const mark = this.#marks[low];
    assert(mark, 'an index with orders has a mark');
    return mark;
  }

  /** Returns a function that reads one run after another, from the mark on. */
  #reader(mark: Mark): () => OrderRun & { readonly first: number } {
    let { number, seq, position } = mark;
    const read = (): number => {
      let value = 0;
      for (let scale = 1; ; scale *= 128) {
        const byte = this.#bytes[position++] ?? 0;
        value += (byte & 0x7f) * scale;
        if (byte < 0x80) return value;
      }
    };
    return () => {
      assert(position < this.#length, 'a run is read where one was written');
      const first = number + 1;
      const count = read();
      seq += read();
      number += count;
      return { first, count, seq, skipped: read() };
    };
  }

  #write(value: number): void {
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 128)) {
      this.#bytes[this.#length++] = (rest % 128) | 0x80;
    }
    this.#bytes[this.#length++] = rest;
  }

  #grow(): void {
    const bigger = new Uint8Array(2 * this.#bytes.length);
    bigger.set(this.#bytes);
    this.#bytes = bigger;
  }
}
