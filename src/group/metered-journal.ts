/**
 * A journal that measures how long its batches take to become durable. While one batch is written
 * the next is collected, so each is measured from the moment at which the disk was free for it.
 * Changes nothing else.
 */
import type { Clock } from '../base/clock.js';
import { Histogram } from '../base/histogram.js';
import { latencyBounds } from '../base/metric-table.js';
import type { Entry, LogRecord } from '../consensus/types.js';
import type { Journal, Recovered } from '../storage/types.js';

export class MeteredJournal implements Journal {
  readonly recovered: Recovered;
  readonly syncs = new Histogram(latencyBounds);
  readonly #journal: Journal;
  readonly #clock: Clock;
  #appended = 0;
  /** Start time of the batch in progress; undefined if there is none. */
  #sinceMs: number | undefined;

  constructor(journal: Journal, clock: Clock) {
    this.#journal = journal;
    this.#clock = clock;
    this.recovered = journal.recovered;
  }

  append(records: readonly LogRecord[]): number {
    this.#sinceMs ??= this.#clock.nowMs();
    this.#appended = this.#journal.append(records);
    return this.#appended;
  }

  onDurable(callback: (position: number) => void): void {
    this.#journal.onDurable((position) => {
      const nowMs = this.#clock.nowMs();
      this.syncs.observe((nowMs - (this.#sinceMs ?? nowMs)) / 1_000);
      this.#sinceMs = position < this.#appended ? nowMs : undefined;
      callback(position);
    });
  }

  onFailure(callback: (error: Error) => void): void {
    this.#journal.onFailure(callback);
  }

  readEntry(seq: number): Promise<Entry | undefined> {
    return this.#journal.readEntry(seq);
  }

  readEntries(fromSeq: number, maxBytes: number): Promise<Entry[]> {
    return this.#journal.readEntries(fromSeq, maxBytes);
  }

  closedThrough(): number {
    return this.#journal.closedThrough();
  }

  dropBefore(seq: number): Promise<void> {
    return this.#journal.dropBefore(seq);
  }

  close(): Promise<void> {
    return this.#journal.close();
  }
}
