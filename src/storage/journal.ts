/**
 * The one first-in-first-out log of a replica (docs/PROTOCOL.md, 2 and R10), with group commit: while
 * one write is under way, all queued records collect for the next batch. It treats entries as bytes.
 * Invariant: a position is reported durable once everything up to it is on disk.
 */
import { assert } from '../base/assert.js';
import { NumberMap } from '../base/number-map.js';
import type { Entry, LogRecord } from '../consensus/types.js';
import type { CompactionTarget } from './compaction.js';
import { adoptPacked } from './compaction.js';
import { readRun } from './entry-reader.js';
import type { MarkKeeper } from './mark-keeper.js';
import { recordBytes } from './record-format.js';
import type { Dropped, LogState } from './recovery.js';
import type { SegmentFiles } from './segment-files.js';
import type { Layout } from './segment-format.js';
import type { SegmentWriter } from './segment-writer.js';
import type { Disk, Journal, Recovered } from './types.js';

export interface ClosedSegment {
  readonly path: string;
  readonly layout: Layout;
  /** The entries whose last version is in this segment; `firstSeq > lastSeq`: none. */
  readonly firstSeq: number;
  readonly lastSeq: number;
}

export interface SegmentedJournal extends Journal {
  /** The part that `repair` cut off at open. The replica must not vote until it has caught up. */
  readonly dropped: Dropped | undefined;
  /** The first entry kept, and the last one appended; `first > last`: none. */
  firstSeq(): number;
  lastSeq(): number;
  closedSegments(): ClosedSegment[];
  /** Reads the packed copy of a closed segment from now on, and removes the padded file. */
  adoptRewritten(packedPath: string): Promise<void>;
}

export interface JournalParts {
  readonly disk: Disk;
  readonly folder: string;
  readonly batchBytesMax: number;
  readonly keepAll: boolean;
  readonly recovered: Recovered;
  readonly dropped: Dropped | undefined;
  readonly state: LogState;
  readonly files: SegmentFiles;
  readonly writer: SegmentWriter;
  readonly marks: MarkKeeper;
}

export class DiskJournal implements SegmentedJournal {
  readonly recovered: Recovered;
  readonly dropped: Dropped | undefined;
  readonly #parts: JournalParts;
  #queue: LogRecord[] = [];
  /** The entries that are not durable yet: the newest part of the log. */
  readonly #pending = new NumberMap<Entry>();
  /** The log as appended. The index covers only what is written. */
  #first: number;
  #last: number;
  #appended = 0;
  #durable = 0;
  /** Counts removals of entries, for readers that wait meanwhile. */
  #truncations = 0;
  #writing = false;
  #closed = false;
  #failure: Error | undefined;
  #tellDurable: (position: number) => void = () => {};
  #tellFailure: (error: Error) => void = () => {};
  #tellIdle: () => void = () => {};

  constructor(parts: JournalParts) {
    this.#parts = parts;
    this.recovered = parts.recovered;
    this.dropped = parts.dropped;
    this.#first = parts.state.index.first;
    this.#last = parts.state.index.last;
    parts.writer.onFailure((error) => this.#fail(error));
  }

  append(records: readonly LogRecord[]): number {
    assert(!this.#closed, 'a closed journal takes no records');
    for (const record of records) {
      const fits = recordBytes(record) <= this.#parts.batchBytesMax;
      assert(fits, 'a record fits one batch');
      this.#follow(record);
      this.#queue.push(record);
    }
    this.#appended += records.length;
    this.#pump();
    return this.#appended;
  }

  onDurable(callback: (position: number) => void): void {
    this.#tellDurable = callback;
  }

  onFailure(callback: (error: Error) => void): void {
    this.#tellFailure = callback;
    if (this.#failure) callback(this.#failure);
  }

  firstSeq(): number {
    return this.#first;
  }

  lastSeq(): number {
    return this.#last;
  }

  async readEntry(seq: number): Promise<Entry | undefined> {
    const [entry] = await this.readEntries(seq, 0);
    return entry;
  }

  async readEntries(fromSeq: number, maxBytes: number): Promise<Entry[]> {
    try {
      return await this.#read(fromSeq, maxBytes);
    } catch (error) {
      // Bytes that the disk cannot read now will stay unreadable.
      if (!this.#closed) this.#fail(error);
      throw error;
    }
  }

  async #read(fromSeq: number, maxBytes: number): Promise<Entry[]> {
    const { state, files } = this.#parts;
    const truncations = this.#truncations;
    const found: Entry[] = [];
    let room = maxBytes;
    for (let seq = fromSeq; seq >= this.#first && seq <= this.#last; ) {
      const waiting = this.#pending.get(seq);
      const through = (this.#firstPending() ?? this.#last + 1) - 1;
      const run = waiting
        ? [waiting]
        : await readRun(state.index, files, seq, through, Math.max(room, 0));
      // The entries found first are the log as it was; later parts may belong to a changed log.
      if (run.length === 0 || (found.length > 0 && truncations !== this.#truncations)) break;
      for (const entry of run) {
        room -= entry.command.length;
        if (room < 0 && found.length > 0) return found;
        found.push(entry);
      }
      seq += run.length;
      if (room <= 0) break;
    }
    return found;
  }

  closedThrough(): number {
    const { state, writer } = this.#parts;
    const closed = state.index.firstSince(writer.closedBelow()) - 1;
    return Math.min(closed, (this.#firstPending() ?? this.#last + 1) - 1);
  }

  closedSegments(): ClosedSegment[] {
    const { state, files, writer } = this.#parts;
    const closed = files.names().filter((name) => name.number < writer.closedBelow());
    return closed.map(({ path, layout, number }) => ({
      path,
      layout,
      firstSeq: state.index.firstSince(number),
      lastSeq: state.index.firstSince(number + 1) - 1,
    }));
  }

  async dropBefore(seq: number): Promise<void> {
    const { disk, files, state, writer, marks, keepAll } = this.#parts;
    if (keepAll) return;
    const unused = [];
    for (const name of files.names()) {
      // In order and without a gap, so that the rest is still one chain.
      if (name.number >= writer.closedBelow() || state.index.firstSince(name.number + 1) > seq) {
        break;
      }
      unused.push(name);
    }
    const last = unused.at(-1);
    if (!last) return;
    const kept = state.index.firstSince(last.number + 1);
    state.index.drop(kept);
    this.#first = Math.max(this.#first, kept);
    try {
      await marks.set({ firstSegment: last.number + 1, droppedThrough: kept - 1 });
      for (const name of unused) {
        await files.forget(name.number);
        await disk.remove(name.path);
      }
    } catch (error) {
      this.#fail(error);
      throw error;
    }
  }

  async adoptRewritten(packedPath: string): Promise<void> {
    const { disk, folder, files, state } = this.#parts;
    const target: CompactionTarget = { disk, folder, files, index: state.index };
    await adoptPacked(target, packedPath);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await new Promise<void>((resolve) => {
      this.#tellIdle = resolve;
      if (!this.#writing && (this.#queue.length === 0 || this.#failure)) resolve();
    });
    await this.#parts.writer.close();
    await this.#parts.files.close();
  }

  /** Follows the log as appended, before it is written. */
  #follow(record: LogRecord): void {
    if (record.kind === 'entry') {
      const { seq } = record.entry;
      assert(seq > this.#last, `entry ${seq} follows entry ${this.#last}`);
      if (seq !== this.#last + 1) this.#startAnew(seq);
      this.#last = seq;
      this.#pending.set(seq, record.entry);
    } else if (record.kind === 'truncate' && record.from <= this.#last) {
      this.#truncations++;
      let seq = this.#last;
      while (seq >= record.from && this.#pending.delete(seq)) seq--;
      this.#last = record.from - 1;
      this.#first = Math.min(this.#first, record.from);
    }
  }

  #startAnew(seq: number): void {
    this.#truncations++;
    this.#pending.clear();
    this.#first = seq;
  }

  /** The pending entries are the last of the log, without gaps. */
  #firstPending(): number | undefined {
    return this.#pending.size === 0 ? undefined : this.#last - this.#pending.size + 1;
  }

  #pump(): void {
    if (this.#writing || this.#failure || this.#queue.length === 0) return;
    this.#writing = true;
    const { batch, bytes } = this.#takeBatch();
    this.#parts.writer.write(batch, bytes).then(
      () => this.#wrote(batch),
      (error: unknown) => {
        this.#writing = false;
        this.#fail(error);
      },
    );
  }

  #takeBatch(): { batch: LogRecord[]; bytes: number } {
    let bytes = 0;
    let count = 0;
    for (const record of this.#queue) {
      const more = recordBytes(record);
      if (bytes + more > this.#parts.batchBytesMax) break;
      bytes += more;
      count++;
      // Entries that replace truncated ones go into a later batch. So a lost batch has replaced nothing
      // that can still be read (docs/PROTOCOL.md, A33).
      if (record.kind === 'truncate') break;
    }
    const batch = this.#queue;
    this.#queue = batch.splice(count);
    return { batch, bytes };
  }

  #wrote(batch: readonly LogRecord[]): void {
    this.#writing = false;
    if (this.#failure) {
      this.#tellIdle();
      return;
    }
    this.#durable += batch.length;
    for (const record of batch) {
      if (record.kind !== 'entry') continue;
      // A newer version of the entry may wait under the same seq.
      const { entry } = record;
      if (this.#pending.get(entry.seq) === entry) this.#pending.delete(entry.seq);
    }
    // The next write starts first, so that the disk works while the owner handles this one.
    const position = this.#durable;
    this.#pump();
    this.#tellDurable(position);
    if (!this.#writing) this.#tellIdle();
  }

  #fail(error: unknown): void {
    if (!this.#failure) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      this.#tellFailure(this.#failure);
    }
    if (!this.#writing) this.#tellIdle();
  }
}
