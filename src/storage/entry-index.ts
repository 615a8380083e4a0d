/**
 * The position of each entry of a log: seq → segment, offset, length, in typed arrays with eight bytes
 * per entry. It contains only the last version of an entry. The last versions of a log are in the order
 * of their seqs, so each segment holds one run of them.
 */
import { assert } from '../base/assert.js';

export interface EntryPlace {
  readonly segment: number;
  readonly offset: number;
  readonly length: number;
}

interface Run {
  readonly segment: number;
  readonly firstSeq: number;
}

const slotsMin = 1_024;

export class EntryIndex {
  #offsets: Uint32Array = new Uint32Array(slotsMin);
  #lengths: Uint32Array = new Uint32Array(slotsMin);
  /** Slots before it are free, because their entries were dropped. */
  #start = 0;
  #count = 0;
  #first = 1;
  #runs: Run[] = [];

  /** The first entry, or `last + 1` if there is none. */
  get first(): number {
    return this.#first;
  }

  get last(): number {
    return this.#first + this.#count - 1;
  }

  /**
   * Adds an entry after the last. A gap restarts the index, because a snapshot replaced the entries
   * before.
   */
  add(seq: number, place: EntryPlace): void {
    assert(seq > this.last, `entry ${seq} follows ${this.last}`);
    if (seq !== this.last + 1) this.#clear(seq);
    if (this.#start + this.#count === this.#offsets.length) this.#makeRoom();
    const slot = this.#start + this.#count;
    this.#offsets[slot] = place.offset;
    this.#lengths[slot] = place.length;
    this.#count++;
    if (this.#runs.at(-1)?.segment !== place.segment) {
      this.#runs.push({ segment: place.segment, firstSeq: seq });
    }
  }

  /** Removes the entries from `from` on. */
  truncate(from: number): void {
    if (from > this.last) return;
    if (from <= this.#first) this.#clear(from);
    else this.#count = from - this.#first;
    while ((this.#runs.at(-1)?.firstSeq ?? 0) >= from) this.#runs.pop();
  }

  /** Removes the entries below `seq`. */
  drop(seq: number): void {
    if (seq <= this.#first) return;
    if (seq > this.last) {
      this.#clear(seq);
      return;
    }
    this.#start += seq - this.#first;
    this.#count -= seq - this.#first;
    this.#first = seq;
    const at = this.#runIndex(seq);
    const run = this.#runs[at];
    this.#runs.splice(0, at + 1);
    if (run) this.#runs.unshift({ segment: run.segment, firstSeq: seq });
  }

  /** Sets another position within the same segment; ignored if the entry is in another segment. */
  move(seq: number, segment: number, offset: number): void {
    if (this.segmentOf(seq) === segment) this.#offsets[this.#slot(seq)] = offset;
  }

  segmentOf(seq: number): number | undefined {
    if (seq < this.#first || seq > this.last) return undefined;
    return this.#runs[this.#runIndex(seq)]?.segment;
  }

  /** The last of the entries that follow `seq` in the same segment. */
  runEnd(seq: number): number {
    const next = this.#runs[this.#runIndex(seq) + 1];
    return next ? next.firstSeq - 1 : this.last;
  }

  offset(seq: number): number {
    return this.#offsets[this.#slot(seq)] ?? 0;
  }

  length(seq: number): number {
    return this.#lengths[this.#slot(seq)] ?? 0;
  }

  /** The first entry in the segments from this number on, or `last + 1` if there is none. */
  firstSince(segment: number): number {
    return this.#runs.find((run) => run.segment >= segment)?.firstSeq ?? this.last + 1;
  }

  #slot(seq: number): number {
    return this.#start + seq - this.#first;
  }

  /** The last run that starts at or before `seq`. */
  #runIndex(seq: number): number {
    let low = 0;
    let high = this.#runs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#runs[middle]?.firstSeq ?? 0) <= seq) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #clear(next: number): void {
    this.#start = 0;
    this.#count = 0;
    this.#first = next;
    this.#runs = [];
  }

  /** Moves the entries to the front, into longer arrays if they fill more than half. */
  #makeRoom(): void {
    const slots = this.#offsets.length;
    const longer = this.#count > slots / 2 ? slots * 2 : slots;
    this.#offsets = moved(this.#offsets, this.#start, this.#count, longer);
    this.#lengths = moved(this.#lengths, this.#start, this.#count, longer);
    this.#start = 0;
  }
}

function moved(from: Uint32Array, start: number, count: number, slots: number): Uint32Array {
  const to = slots === from.length ? from : new Uint32Array(slots);
  to.set(from.subarray(start, start + count));
  return to;
}
