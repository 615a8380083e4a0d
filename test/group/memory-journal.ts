/**
 * A journal in memory whose disk can be held back, cut off and opened again. For tests of the
 * group alone: it shares no code with the real one.
 */
import type { Entry, LogRecord } from '../../src/consensus/types.js';
import type { Journal, Recovered } from '../../src/storage/types.js';

export class MemoryJournal implements Journal {
  readonly recovered: Recovered;
  /** When false, records become durable with `sync` only. */
  automatic = true;
  /** The disk: what a restart finds. */
  readonly disk: LogRecord[];
  #queue: LogRecord[] = [];
  #appended = 0;
  #durable: (position: number) => void = () => {};
  #failed: (error: Error) => void = () => {};

  constructor(disk: LogRecord[] = []) {
    this.disk = disk;
    const entries = entriesOf(disk);
    const last = entries.at(-1);
    const promise = disk.filter((record) => record.kind === 'promise').at(-1);
    this.recovered = {
      promised: promise ?? { epoch: 0, leader: '' },
      last: last
        ? { epoch: last.epoch, seq: last.seq, time: last.time }
        : { epoch: 0, seq: 0, time: 0 },
      firstSeq: entries[0]?.seq ?? (last?.seq ?? 0) + 1,
    };
  }

  append(records: readonly LogRecord[]): number {
    this.#queue.push(...records);
    this.#appended += records.length;
    if (this.automatic) queueMicrotask(() => this.sync());
    return this.#appended;
  }

  /** Everything queued reaches the disk. */
  sync(): void {
    if (this.#queue.length === 0) return;
    this.disk.push(...this.#queue);
    this.#queue = [];
    this.#durable(this.#appended);
  }

  fail(error: Error): void {
    this.#failed(error);
  }

  onDurable(callback: (position: number) => void): void {
    this.#durable = callback;
  }

  onFailure(callback: (error: Error) => void): void {
    this.#failed = callback;
  }

  readEntries(fromSeq: number, maxBytes: number): Promise<Entry[]> {
    const found: Entry[] = [];
    let bytes = 0;
    for (const entry of entriesOf(this.disk)) {
      if (entry.seq < fromSeq) continue;
      bytes += entry.command.length;
      if (found.length > 0 && bytes > maxBytes) break;
      found.push(entry);
    }
    return Promise.resolve(found);
  }

  readEntry(seq: number): Promise<Entry | undefined> {
    return Promise.resolve(entriesOf(this.disk).find((entry) => entry.seq === seq));
  }

  closedThrough(): number {
    return 0;
  }

  dropBefore(seq: number): Promise<void> {
    const kept = this.disk.filter((record) => record.kind !== 'entry' || record.entry.seq >= seq);
    this.disk.splice(0, this.disk.length, ...kept);
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.sync();
    return Promise.resolve();
  }
}

function entriesOf(disk: readonly LogRecord[]): Entry[] {
  const entries: Entry[] = [];
  for (const record of disk) {
    if (record.kind === 'entry') entries.push(record.entry);
    if (record.kind === 'truncate') {
      while ((entries.at(-1)?.seq ?? 0) >= record.from) entries.pop();
    }
  }
  return entries;
}
