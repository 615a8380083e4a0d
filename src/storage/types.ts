/**
 * The ports of storage. A Disk is a folder tree with explicit durability. The real one uses node:fs; the
 * simulated one may tear, lose and corrupt bytes that were not synced. A Journal is the one
 * first-in-first-out log of a replica (docs/PROTOCOL.md, R10).
 */
import type { Entry, LogRecord, PromiseRecord } from '../consensus/types.js';

export interface DiskFile {
  readonly path: string;
  /** Reads up to `length` bytes at `offset` into new memory; fewer at the end of the file. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /**
   * Writes all bytes at `offset`; durable when it resolves (fdatasync or O_DSYNC). The caller must not
   * change `bytes` until then.
   */
  writeDurably(offset: number, bytes: Uint8Array): Promise<void>;
  size(): Promise<number>;
  /** Waits for the reads and writes under way. */
  close(): Promise<void>;
}

/** A file in the making, written from its beginning on. A refused write removes it. */
export interface DraftFile {
  /** One write at a time. The caller must not change `bytes` until it resolves. */
  write(bytes: Uint8Array): Promise<void>;
  /** When it resolves, all bytes are durable under this name, in the folder of the draft. */
  finish(path: string): Promise<void>;
  /** Does nothing if the draft is finished or discarded. */
  discard(): Promise<void>;
}

export interface Disk {
  /** An existing file. */
  open(path: string, mode: 'read' | 'write'): Promise<DiskFile>;
  /**
   * A new file of `size` bytes, `head` and then zeros, open for writing. It gets its name only when all
   * of it is durable, so such a file is never found incomplete.
   */
  preallocate(path: string, size: number, head?: Uint8Array): Promise<DiskFile>;
  /** Writes a temporary file, syncs it, renames it over `path`, syncs the folder. */
  replace(path: string, bytes: Uint8Array): Promise<void>;
  /** Like `replace`, unless the file exists: then it stays, and the answer is false. */
  create(path: string, bytes: Uint8Array): Promise<boolean>;
  /** Begins a file beside `path`, under a temporary name until it is finished; it may be long. */
  draft(path: string): Promise<DraftFile>;
  readFile(path: string): Promise<Uint8Array | undefined>;
  /** The names of the files in a folder, sorted; empty if there is no folder. */
  list(folder: string): Promise<string[]>;
  /** Creates the folder and its parents, durably. */
  makeFolder(path: string): Promise<void>;
  /** Removes the file and syncs its folder; no error if there is none. */
  remove(path: string): Promise<void>;
}

/**
 * The segments of a journal. The mark is kept outside of the journal's folder, so that a lost folder or
 * segment is noticed (docs/PROTOCOL.md, R10).
 */
export interface JournalMark {
  /** Identifies this journal; its segments contain it too. Never 0. */
  readonly id: number;
  readonly firstSegment: number;
  /** No segment with a higher number was ever written to. */
  readonly lastSegment: number;
  /** The entries through this one were dropped, because a snapshot holds their state; 0: none. */
  readonly droppedThrough: number;
}

export interface JournalMarks {
  /** Undefined if the journal has none yet: it is new, or from a version without marks. */
  readonly mark: JournalMark | undefined;
  /** The id for a journal that has none yet. */
  readonly newId: number;
  /** Durable when it resolves. */
  set(mark: JournalMark): Promise<void>;
}

/** The state of a journal at start, read in order. */
export interface Recovered {
  /** The last promise on disk. */
  readonly promised: PromiseRecord;
  /** The last entry on disk; zeros if the journal is empty. */
  readonly last: { readonly epoch: number; readonly seq: number; readonly time: number };
  /** The first entry still on disk, or `last.seq + 1` if there is none. */
  readonly firstSeq: number;
}

export interface Journal {
  readonly recovered: Recovered;
  /**
   * Queues records in order and returns their position: the count of records appended so far. All
   * records queued while a write is under way form the next batch (group commit).
   */
  append(records: readonly LogRecord[]): number;
  /** Called with the position up to which everything is durable. Set once, before the first append. */
  onDurable(callback: (position: number) => void): void;
  /** Called once when a write or a read fails; the process must end. */
  onFailure(callback: (error: Error) => void): void;
  /** Entries from `fromSeq` on, up to `maxBytes` of commands but at least one if there is one. */
  readEntries(fromSeq: number, maxBytes: number): Promise<Entry[]>;
  /** The last version of the entry under this seq, or undefined if it was dropped or truncated. */
  readEntry(seq: number): Promise<Entry | undefined>;
  /** The highest seq for which it and all entries before it lie in closed segments. */
  closedThrough(): number;
  /** Removes the closed segments whose entries are all below `seq`. */
  dropBefore(seq: number): Promise<void>;
  /** Waits until everything appended is durable, then closes the files. */
  close(): Promise<void>;
}
