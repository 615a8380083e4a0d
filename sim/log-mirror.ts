/**
 * The content of a member's journal, followed from outside: the epochs of its entries and its promise,
 * as appended and as durable. Shares no code with journals and cores.
 */
import type { Entry, LogRecord, PromiseRecord } from '../src/consensus/types.js';

export class LogMirror {
  /** `epochs[0]` is the epoch of entry `first`. */
  first = 1;
  epochs: number[] = [];
  promised: PromiseRecord = { epoch: 0, leader: '' };

  get last(): number {
    return this.first + this.epochs.length - 1;
  }

  epochOf(seq: number): number | undefined {
    return seq < this.first ? undefined : this.epochs[seq - this.first];
  }

  follow(record: LogRecord): void {
    switch (record.kind) {
      case 'promise':
        this.promised = record;
        break;
      case 'entry':
        if (record.entry.seq !== this.last + 1) {
          this.epochs = [];
          this.first = record.entry.seq;
        }
        this.epochs.push(record.entry.epoch);
        break;
      case 'truncate':
        if (record.from <= this.first) {
          this.first = record.from;
          this.epochs = [];
        } else if (record.from <= this.last) {
          this.epochs.length = record.from - this.first;
        }
        break;
    }
  }

  load(entries: readonly Entry[], promised: PromiseRecord): void {
    this.first = entries[0]?.seq ?? 1;
    this.epochs = entries.map((entry) => entry.epoch);
    this.promised = promised;
  }
}

/** A member's two mirrors, and the records between them. */
export class MemberMirror {
  readonly appended = new LogMirror();
  readonly durable = new LogMirror();
  /** Covered by a durable snapshot. */
  snapshot = { seq: 0, epoch: 0 };
  /** Every entry that was durable at some time; messages may still name truncated ones. */
  readonly #held = new Set<number>();
  #queue: LogRecord[] = [];
  #durablePosition = 0;

  append(records: readonly LogRecord[]): void {
    for (const record of records) {
      this.appended.follow(record);
      this.#queue.push(record);
    }
  }

  sync(position: number): void {
    const count = position - this.#durablePosition;
    for (const record of this.#queue.splice(0, count)) {
      this.durable.follow(record);
      if (record.kind === 'entry') this.#held.add(entryKey(record.entry));
    }
    this.#durablePosition = position;
  }

  /** A new life found this on its disk. */
  restart(entries: readonly Entry[], promised: PromiseRecord): void {
    this.appended.load(entries, promised);
    this.durable.load(entries, promised);
    for (const entry of entries) this.#held.add(entryKey(entry));
    this.#queue = [];
    this.#durablePosition = 0;
  }

  /** Whether it was durable once: as an entry of this epoch, or within the snapshot. */
  holds(seq: number, epoch: number): boolean {
    if (seq === 0) return true;
    if (seq < this.snapshot.seq) return true;
    if (seq === this.snapshot.seq && epoch === this.snapshot.epoch) return true;
    return this.#held.has(entryKey({ seq, epoch }));
  }
}

export function entryKey({ seq, epoch }: { readonly seq: number; readonly epoch: number }): number {
  return epoch * 2 ** 22 + seq;
}
