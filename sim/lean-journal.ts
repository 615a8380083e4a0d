/**
 * A journal as plain records: a fast model of the real one, for most seeds. A batch becomes durable
 * completely or not at all; after a crash, the state of a batch under way is random. Open finds
 * corruption, as in the real journal. Invariant: everything reported as durable survives any crash.
 */
import type { Random } from '../src/base/random.js';
import type { Entry, LogRecord, PromiseRecord } from '../src/consensus/types.js';
import type { Journal, Recovered } from '../src/storage/types.js';
import type { Life } from './process.js';

export class LeanDisk {
  records: LogRecord[] = [];
  /** Passed to the device; after a crash it may be there or not. */
  writing: readonly LogRecord[] = [];
  /** From this record on the device returns wrong data. */
  rottenFrom: number | undefined;
  /** A crash left a part of the batch under way, which counts as not written. */
  isTorn = false;
  /** The records of the last batch; some may be dropped since. */
  #lastBatch: ReadonlySet<LogRecord> = new Set();

  /** A batch is durable. */
  wrote(batch: readonly LogRecord[]): void {
    this.records.push(...batch);
    this.#lastBatch = new Set(batch);
    this.writing = [];
  }

  /** The first record of the last batch, or the end if none is known. */
  tailStart(): number {
    let start = this.records.length;
    while (start > 0 && this.#lastBatch.has(this.records[start - 1] as LogRecord)) start -= 1;
    return start;
  }

  rotAt(record: number): void {
    this.rottenFrom = Math.min(this.rottenFrom ?? record, record);
  }

  /** The batch under way is present, absent or partial. */
  crash(random: Random): void {
    const fate = random.integer(4);
    if (this.writing.length > 0 && fate < 2) this.wrote(this.writing);
    else if (this.writing.length > 0) this.isTorn = fate === 2;
    this.writing = [];
  }

  repair(): void {
    if (this.rottenFrom === undefined) return;
    this.records = this.records.slice(0, this.rottenFrom);
    this.rottenFrom = undefined;
  }

  erase(): void {
    this.records = [];
    this.writing = [];
    this.rottenFrom = undefined;
    this.isTorn = false;
    this.#lastBatch = new Set();
  }
}

export interface LeanJournalOptions {
  readonly disk: LeanDisk;
  readonly life: Life;
  /** The seeded bug: reports batches as durable that are still being written. */
  readonly lies: boolean;
  /** How long a write takes; `fail` where it is refused. */
  readonly write: () => number | 'fail';
}

export class LeanJournal implements Journal {
  readonly recovered: Recovered;
  readonly #options: LeanJournalOptions;
  /** The log as appended: `#entries[0]` has seq `#first`. */
  #entries: Entry[] = [];
  #first = 1;
  #queue: LogRecord[] = [];
  #appended = 0;
  #durable = 0;
  #broken = false;
  #writing = false;
  #tellDurable: (position: number) => void = () => {};
  #tellFailure: (error: Error) => void = () => {};

  constructor(options: LeanJournalOptions) {
    this.#options = options;
    let promised: PromiseRecord = { epoch: 0, leader: '' };
    for (const record of options.disk.records) {
      if (record.kind === 'promise') promised = record;
      else this.#follow(record);
    }
    const last = this.#entries.at(-1);
    const { epoch, seq, time } = last ?? { epoch: 0, seq: 0, time: 0 };
    const firstSeq = last ? this.#first : 1;
    this.recovered = { promised, last: { epoch, seq, time }, firstSeq };
  }

  append(records: readonly LogRecord[]): number {
    for (const record of records) this.#follow(record);
    this.#queue.push(...records);
    this.#appended += records.length;
    this.#pump();
    return this.#appended;
  }

  onDurable(callback: (position: number) => void): void {
    this.#tellDurable = callback;
  }

  onFailure(callback: (error: Error) => void): void {
    this.#tellFailure = callback;
  }

  async readEntries(fromSeq: number, maxBytes: number): Promise<Entry[]> {
    const found: Entry[] = [];
    if (fromSeq < this.#first) return found;
    let bytes = 0;
    for (let at = fromSeq - this.#first; at < this.#entries.length; at++) {
      const entry = this.#entries[at] as Entry;
      bytes += entry.command.length;
      if (found.length > 0 && bytes > maxBytes) break;
      found.push(entry);
    }
    return found;
  }

  async readEntry(seq: number): Promise<Entry | undefined> {
    return seq < this.#first ? undefined : this.#entries[seq - this.#first];
  }

  closedThrough(): number {
    return this.#first + this.#entries.length - 1;
  }

  async dropBefore(seq: number): Promise<void> {
    const { disk } = this.#options;
    // Only durable records can be dropped; a record before a truncation stays.
    disk.records = disk.records.filter(
      (record) => record.kind !== 'entry' || record.entry.seq >= seq,
    );
    const count = Math.max(0, seq - this.#first);
    this.#entries.splice(0, count);
    this.#first = Math.max(this.#first, seq);
  }

  async close(): Promise<void> {}

  #follow(record: LogRecord): void {
    if (record.kind === 'entry') {
      const { seq } = record.entry;
      if (seq !== this.#first + this.#entries.length) {
        this.#entries = [];
        this.#first = seq;
      }
      this.#entries.push(record.entry);
    } else if (record.kind === 'truncate') {
      const kept = Math.max(0, record.from - this.#first);
      if (kept < this.#entries.length) this.#entries.length = kept;
      if (kept === 0) this.#first = Math.min(this.#first, record.from);
    }
  }

  #pump(): void {
    if (this.#writing || this.#broken || this.#queue.length === 0) return;
    const { disk, life, lies, write } = this.#options;
    const batch = this.#queue;
    this.#queue = [];
    this.#writing = true;
    const ms = write();
    disk.writing = batch;
    if (lies) {
      const position = this.#durable + batch.length;
      life.after(0, () => this.#tellDurable(position));
    }
    life.after(ms === 'fail' ? 0 : ms, () => {
      if (ms === 'fail') {
        this.#broken = true;
        this.#tellFailure(new Error('EIO: the disk refuses'));
        return;
      }
      disk.wrote(batch);
      this.#writing = false;
      this.#durable += batch.length;
      const position = this.#durable;
      this.#pump();
      if (!lies) this.#tellDurable(position);
    });
  }
}
