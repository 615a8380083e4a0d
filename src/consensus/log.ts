/**
 * A replica's log as the core sees it: the epochs of all entries after the base, and the newest entries
 * in memory. Memory may drop durable entries, because the journal has them, but no others. Invariant:
 * seqs run from base + 1 to last without gaps; epochs and times do not decrease.
 */
import { assert, required } from '../base/assert.js';
import { logLimits } from '../base/limits.js';
import type { SnapshotMark } from './messages.js';
import type { Entry, Position } from './types.js';

/** Entries from `from` up to the next run's `from` are of this epoch. */
interface Run {
  readonly from: number;
  readonly epoch: number;
}

export class Log {
  #base: SnapshotMark;
  #last: SnapshotMark;
  #runs: Run[] = [];
  /** `#tail[#head]` has seq `#first`; entries before #head are dropped. */
  #tail: (Entry | undefined)[] = [];
  #head = 0;
  #first: number;
  #tailBytes = 0;
  #durable: number;
  /** Entries that are appended but not yet durable, by journal position. */
  #pending: { readonly position: number; seq: number }[] = [];

  constructor(base: SnapshotMark) {
    this.#base = base;
    this.#last = base;
    this.#first = base.seq + 1;
    this.#durable = base.seq;
  }

  get base(): SnapshotMark {
    return this.#base;
  }

  get last(): SnapshotMark {
    return this.#last;
  }

  /** The first seq in memory, or last + 1 if memory is empty. */
  get firstInMemory(): number {
    return this.#first;
  }

  /** Everything up to this seq is on this member's disk. */
  get durable(): number {
    return this.#durable;
  }

  /** The epoch of an entry, or undefined if it is beyond the end or before the base. */
  epochOf(seq: number): number | undefined {
    if (seq > this.#last.seq || seq < this.#base.seq) return undefined;
    if (seq === this.#base.seq) return this.#base.epoch;
    for (let i = this.#runs.length - 1; i >= 0; i--) {
      const run = this.#runs[i];
      if (run && run.from <= seq) return run.epoch;
    }
    return undefined;
  }

  /** The greatest seq at or below `seq` whose epoch is at most `epoch`, but at least the base's seq. */
  lastOfEpochAtMost(seq: number, epoch: number): number {
    let through = Math.min(seq, this.#last.seq);
    for (let i = this.#runs.length - 1; i >= 0; i--) {
      const run = this.#runs[i];
      if (!run || run.from > through) continue;
      if (run.epoch <= epoch) return through;
      through = run.from - 1;
    }
    return Math.max(through, this.#base.seq);
  }

  /** Appends an entry that will be durable at the journal position. */
  append(entry: Entry, position: number): void {
    this.#push(entry);
    this.#pending.push({ position, seq: entry.seq });
  }

  /** Adds an entry that the journal held at start. */
  recover(entry: Entry): void {
    this.#push(entry);
    this.#durable = entry.seq;
    this.trim();
  }

  /** Drops the entries from `from` on; the caller persists the truncation. */
  truncate(from: number): void {
    assert(from > this.#base.seq, 'truncation reaches into the snapshot');
    if (from > this.#last.seq) return;
    const epoch = required(this.epochOf(from - 1), 'epoch before a truncation');
    const time = this.entry(from - 1)?.time ?? this.#base.time;
    for (let seq = Math.max(from, this.#first); seq <= this.#last.seq; seq++) {
      this.#tailBytes -= this.#at(seq)?.command.length ?? 0;
    }
    if (from <= this.#first) this.#forget(from);
    else this.#tail.length = this.#head + (from - this.#first);
    while ((this.#runs.at(-1)?.from ?? 0) >= from) this.#runs.pop();
    // If memory has dropped the time, the base's time is used until the conflicting entry follows.
    this.#last = { seq: from - 1, epoch, time };
    this.#durable = Math.min(this.#durable, from - 1);
    for (const pending of this.#pending) pending.seq = Math.min(pending.seq, from - 1);
  }

  /** The log is now the snapshot and nothing after it. */
  reset(base: SnapshotMark): void {
    this.#base = base;
    this.#last = base;
    this.#runs = [];
    this.#pending = [];
    this.#durable = base.seq;
    this.#forget(base.seq + 1);
  }

  /** The journal has everything up to the position. */
  persisted(position: number): void {
    let count = 0;
    for (const pending of this.#pending) {
      if (pending.position > position) break;
      this.#durable = Math.max(this.#durable, pending.seq);
      count += 1;
    }
    if (count > 0) this.#pending.splice(0, count);
    this.trim();
  }

  entry(seq: number): Entry | undefined {
    return seq < this.#first || seq > this.#last.seq ? undefined : this.#at(seq);
  }

  /** Entries from `from` on within the limits of one message, or undefined if memory dropped them. */
  slice(from: number): Entry[] | undefined {
    if (from < this.#first) return undefined;
    const entries: Entry[] = [];
    let bytes = 0;
    const end = Math.min(this.#last.seq, from + logLimits.appendEntriesMax - 1);
    for (let seq = from; seq <= end; seq++) {
      const entry = required(this.#at(seq), 'entry in memory');
      bytes += entry.command.length;
      if (entries.length > 0 && bytes > logLimits.appendBytesMax) break;
      entries.push(entry);
    }
    return entries;
  }

  /** Drops durable entries, except those kept for peers that lag slightly. */
  trim(): void {
    const { tailEntriesKept, tailBytesKept } = logLimits;
    while (
      this.#first <= this.#durable &&
      (this.#last.seq - this.#first + 1 > tailEntriesKept || this.#tailBytes > tailBytesKept)
    ) {
      this.#tailBytes -= this.#at(this.#first)?.command.length ?? 0;
      this.#tail[this.#head] = undefined;
      this.#head += 1;
      this.#first += 1;
    }
    if (this.#head > tailEntriesKept) {
      this.#tail.splice(0, this.#head);
      this.#head = 0;
    }
  }

  invariants(): void {
    assert(
      this.#tail.length - this.#head === this.#last.seq - this.#first + 1,
      'tail without gaps',
    );
    assert(this.#durable <= this.#last.seq, 'durable beyond the end');
    assert(this.#first <= this.#durable + 1, 'an entry is neither in memory nor durable');
    let bytes = 0;
    let before: Entry | undefined;
    for (let seq = this.#first; seq <= this.#last.seq; seq++) {
      const entry = required(this.#at(seq), 'entry in memory');
      assert(entry.seq === seq, 'entry out of place');
      assert(entry.epoch === this.epochOf(seq), 'epoch index disagrees');
      assert(!before || entry.time >= before.time, 'log time went back');
      assert(!before || entry.epoch >= before.epoch, 'epoch went back');
      bytes += entry.command.length;
      before = entry;
    }
    assert(bytes === this.#tailBytes, 'bytes in memory');
  }

  #at(seq: number): Entry | undefined {
    return this.#tail[this.#head + seq - this.#first];
  }

  #push(entry: Entry): void {
    assert(entry.seq === this.#last.seq + 1, 'entry leaves a gap');
    assert(entry.epoch >= this.#last.epoch, 'epoch goes back');
    assert(entry.time >= this.#last.time, 'log time goes back');
    if ((this.#runs.at(-1)?.epoch ?? -1) !== entry.epoch) {
      this.#runs.push({ from: entry.seq, epoch: entry.epoch });
    }
    this.#tail.push(entry);
    this.#tailBytes += entry.command.length;
    this.#last = { seq: entry.seq, epoch: entry.epoch, time: entry.time };
  }

  #forget(first: number): void {
    this.#tail = [];
    this.#head = 0;
    this.#first = first;
    this.#tailBytes = 0;
  }
}

/** R4: by epoch first, then by seq. */
export function isGreater(a: Position, b: Position): boolean {
  return a.epoch !== b.epoch ? a.epoch > b.epoch : a.seq > b.seq;
}
