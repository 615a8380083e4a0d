/**
 * The end of the log that a member keeps in memory: consecutive entries, the last ones of the log. Older
 * entries are in the database. Invariant: the entries follow the base without gaps, and epochs and times
 * do not decrease.
 */
import { assert } from '../../base/assert.js';
import { logLimits } from '../../base/limits.js';
import type { Entry } from '../../consensus/types.js';
import type { LogEnd } from '../../database/types.js';

export class RecentEntries {
  #entries: Entry[] = [];
  /** The entry before the first one in memory. */
  #base: LogEnd;
  #bytes = 0;

  constructor(base: LogEnd) {
    this.#base = base;
  }

  /** The end of the log. */
  get last(): LogEnd {
    return this.#entries.at(-1) ?? this.#base;
  }

  /** The entry, if it is in memory. */
  entry(seq: number): Entry | undefined {
    return this.#entries[seq - this.#base.seq - 1];
  }

  /** The epoch of the entry; undefined if it is not known here. */
  epochOf(seq: number): number | undefined {
    return seq === this.#base.seq ? this.#base.epoch : this.entry(seq)?.epoch;
  }

  append(entry: Entry): void {
    const { seq, epoch, time } = this.last;
    assert(entry.seq === seq + 1, 'the log has no gaps');
    assert(entry.epoch >= epoch && entry.time >= time, 'epochs and log time do not go back');
    this.#entries.push(entry);
    this.#bytes += entry.command.length;
  }

  /** Entries after `after` through `through`, at least one, about `bytesMax` bytes. */
  slice(after: number, through: number, bytesMax: number): Entry[] {
    const found: Entry[] = [];
    let bytes = 0;
    for (let seq = after + 1; seq <= through; seq++) {
      const entry = this.entry(seq);
      if (entry === undefined) break;
      bytes += entry.command.length;
      if (found.length > 0 && bytes > bytesMax) break;
      found.push(entry);
    }
    return found;
  }

  /** Forgets the entries after this one. */
  cutAfter(end: LogEnd): void {
    assert(end.seq >= this.#base.seq, 'what is committed stays');
    for (const { command } of this.#entries.splice(end.seq - this.#base.seq)) {
      this.#bytes -= command.length;
    }
  }

  /** Forgets entries through `seq`, as far as they exceed what followers may still need. */
  trim(seq: number): void {
    const { tailEntriesKept, tailBytesKept } = logLimits;
    let [count, bytes] = [0, this.#bytes];
    while (this.#entries.length - count > tailEntriesKept || bytes > tailBytesKept) {
      const entry = this.#entries[count];
      if (entry === undefined || entry.seq > seq) break;
      bytes -= entry.command.length;
      count++;
    }
    // Moving the rest costs more than a few entries are worth.
    const freed = this.#bytes - bytes;
    if (count < tailEntriesKept / 8 && freed < tailBytesKept / 8) return;
    const last = this.#entries[count - 1];
    if (last === undefined) return;
    this.#base = { seq: last.seq, epoch: last.epoch, time: last.time };
    this.#entries = this.#entries.slice(count);
    this.#bytes = bytes;
  }
}
