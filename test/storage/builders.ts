/** Records, small journals and waits for the tests of storage. */
import type { Entry, LogRecord } from '../../src/consensus/types.js';
import type { SegmentedJournal } from '../../src/storage/journal.js';
import type { JournalOptions } from '../../src/storage/open-journal.js';
import { openJournal } from '../../src/storage/open-journal.js';
import type { Disk } from '../../src/storage/types.js';

export const folder = '/journal';
export const kib = 1024;

/** Small enough that a test sees several segments. */
export const small: JournalOptions = { segmentBytes: 64 * kib, batchBytesMax: 32 * kib };

export function entryOf(seq: number, text = `command ${seq}`, epoch = 1): Entry {
  return { seq, epoch, time: seq * 10, command: new TextEncoder().encode(text) };
}

export function entry(seq: number, text?: string, epoch?: number): LogRecord {
  return { kind: 'entry', entry: entryOf(seq, text, epoch) };
}

export function entries(from: number, through: number, text?: string): LogRecord[] {
  return Array.from({ length: through - from + 1 }, (_, at) => entry(from + at, text));
}

export function promise(epoch: number, leader = 'catalog-1'): LogRecord {
  return { kind: 'promise', epoch, leader };
}

export function truncate(from: number): LogRecord {
  return { kind: 'truncate', from };
}

export function textOf(found: Entry | undefined): string | undefined {
  return found && new TextDecoder().decode(found.command);
}

export interface Watched {
  readonly journal: SegmentedJournal;
  /** Appends as one batch would be and waits until it is durable. */
  write(...records: LogRecord[]): Promise<void>;
  /** The positions as they became durable. */
  readonly durable: number[];
  readonly failures: Error[];
}

export async function open(disk: Disk, options: JournalOptions = small): Promise<Watched> {
  const journal = await openJournal(disk, folder, options);
  const durable: number[] = [];
  const failures: Error[] = [];
  let waiting: { position: number; resolve: () => void }[] = [];
  journal.onDurable((position) => {
    durable.push(position);
    for (const one of waiting) if (one.position <= position) one.resolve();
    waiting = waiting.filter((one) => one.position > position);
  });
  journal.onFailure((error) => failures.push(error));
  return {
    journal,
    durable,
    failures,
    write: (...records) => {
      const position = journal.append(records);
      return new Promise((resolve) => waiting.push({ position, resolve }));
    },
  };
}

/** All entries that a journal holds, as `seq:command`. */
export async function contents(journal: SegmentedJournal): Promise<string[]> {
  const found: string[] = [];
  for (let seq = journal.firstSeq(); seq <= journal.lastSeq(); ) {
    const run = await journal.readEntries(seq, 4 * kib);
    if (run.length === 0) throw new Error(`entry ${seq} cannot be read`);
    for (const one of run) found.push(`${one.seq}:${textOf(one)}`);
    seq += run.length;
  }
  return found;
}
