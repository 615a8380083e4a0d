/**
 * Reads the batches of one segment in order and records any damage at their end (docs/PROTOCOL.md, R10):
 * a batch that was never synced, one that may have been, or one with a later batch after it [A28]. Reads
 * the batches in pieces of a few MiB, and then the rest at once.
 */
import { unreachable } from '../base/assert.js';
import type { LogRecord } from '../consensus/types.js';
import type { BatchHead, BatchPlaces, Chain } from './batch-format.js';
import {
  batchBytes,
  blockBytes,
  follows,
  headBytes,
  isSealed,
  readHead,
  recordsAreWhole,
  trailerOffset,
} from './batch-format.js';
import type { CorruptionReason } from './corruption.js';
import { CorruptionError, orUnreadable } from './corruption.js';
import type { DecodedRecord, Span } from './record-format.js';
import { decodeRecord, spanOf } from './record-format.js';
import type { SegmentName } from './segment-format.js';
import { segmentHeadBytes } from './segment-format.js';
import { judgeTail } from './tail-verdict.js';
import type { DiskFile } from './types.js';

const pieceBytes = 4 * 1024 * 1024;

/**
 * Called with each record and its position in the file. A command is a view and stays valid while it is
 * referenced.
 */
export type RecordVisitor = (record: LogRecord, offset: number, length: number) => void;

/** Invalid bytes after the valid batches of a segment. */
export interface TailDamage {
  /** `torn`: never synced. `doubtful`: perhaps synced, and acknowledged. */
  readonly kind: 'torn' | 'doubtful';
  /** The entries that the batch writes, if they can be determined. */
  readonly places: BatchPlaces | undefined;
  /** The error if the damage is not accepted. */
  readonly error: CorruptionError;
}

export type BatchVisitor = (start: number, head: BatchHead) => void;

export class SegmentScan {
  readonly name: SegmentName;
  readonly size: number;
  /** Where the valid batches end. */
  end: number;
  /** The last valid batch, or undefined before the first. */
  chain: Chain | undefined;
  batches = 0;
  /** The last batch is whole but its trailer is missing; no batch may follow it. */
  unsealed: BatchHead | undefined;
  damage: TailDamage | undefined;
  readonly #file: DiskFile;
  readonly #live: boolean;
  #piece: Span = spanOf(new Uint8Array(0));
  #pieceStart = 0;
  /** Smaller once the disk could not read a piece, because the batches before the bad sector count. */
  #pieceBytes = pieceBytes;
  #visitBatch: BatchVisitor = () => {};

  /**
   * With `live`, a whole batch without its trailer does not count yet: its writer is still writing.
   * Otherwise it counts: a batch that was not acknowledged may stay, and an acknowledged one must.
   */
  constructor(
    name: SegmentName,
    file: DiskFile,
    size: number,
    after: Chain | undefined,
    live = false,
  ) {
    this.#live = live;
    this.name = name;
    this.size = size;
    this.chain = after;
    this.end = name.layout === 'padded' ? blockBytes : segmentHeadBytes;
    this.#file = file;
  }

  /**
   * Visits all records from `end` on, those of each batch before it calls `visitBatch` with the batch's
   * start. Throws a CorruptionError; `end` and `chain` then lie before the damage. A damaged end of a
   * padded segment goes to `damage`: the caller decides whether it is the end of the journal.
   */
  async run(visit: RecordVisitor, visitBatch: BatchVisitor = () => {}): Promise<void> {
    this.#visitBatch = visitBatch;
    this.damage = undefined;
    this.#piece = spanOf(new Uint8Array(0));
    if (this.name.layout === 'packed') await this.#runPacked(visit);
    else await this.#runPadded(visit);
  }

  /** The records of the next batch without advancing; none if there is no whole one. */
  async peek(): Promise<LogRecord[]> {
    const head = await this.#nextHead();
    if (!head || this.end + head.headBytes + head.bytes > this.size) return [];
    const at = await this.#load(this.end, head.headBytes + head.bytes);
    if (!recordsAreWhole(this.#piece, at, head)) return [];
    return this.#decode(at, head).map(({ record }) => record);
  }

  /** True if a valid batch head that follows the last batch is next. */
  async continues(): Promise<boolean> {
    return (await this.#nextHead()) !== undefined;
  }

  async #nextHead(): Promise<BatchHead | undefined> {
    const head = await this.#headAt(this.end);
    return head && (!this.chain || follows(head, this.chain)) ? head : undefined;
  }

  /** The highest seq in any batch after `offset`: what a repair loses. */
  async highestSeqAfter(offset: number): Promise<number> {
    let highest = 0;
    const start = Math.ceil(offset / blockBytes) * blockBytes;
    for (let at = start; at + blockBytes <= this.size; at += blockBytes) {
      const head = await this.#headAt(at);
      if (!head || at + head.headBytes + head.bytes > this.size) continue;
      const from = await this.#load(at, head.headBytes + head.bytes);
      if (!recordsAreWhole(this.#piece, from, head)) continue;
      for (const { record } of this.#decode(from, head)) {
        if (record.kind === 'entry') highest = Math.max(highest, record.entry.seq);
      }
    }
    return highest;
  }

  async #runPadded(visit: RecordVisitor): Promise<void> {
    for (;;) {
      const head = await this.#nextHead();
      if (!head || this.end + batchBytes(head) > this.size) break;
      const at = await this.#load(this.end, batchBytes(head));
      if (!isSealed(this.#piece, at + trailerOffset(head), head)) break;
      if (!recordsAreWhole(this.#piece, at, head)) break;
      await this.#accept(at, head, this.end + batchBytes(head), visit);
    }
    await this.#judgeEnd(visit);
  }

  async #judgeEnd(visit: RecordVisitor): Promise<void> {
    const at = await this.#load(this.end, this.size - this.end);
    const rest = spanOf(this.#piece.bytes.subarray(at));
    const verdict = judgeTail(rest, this.chain);
    switch (verdict.kind) {
      case 'clean':
        return;
      case 'unsealed': {
        if (this.#live) return;
        const { head } = verdict;
        await this.#accept(at, head, this.end + batchBytes(head), visit);
        this.unsealed = head;
        return;
      }
      case 'corrupt':
        throw this.#corrupt(verdict.reason, verdict.message);
      case 'torn':
      case 'doubtful': {
        const { kind, reason, message } = verdict;
        const error = this.#corrupt(reason, message);
        const places = kind === 'doubtful' ? verdict.places : undefined;
        // The writer of a live batch may be in the middle of it; it writes the trailer last.
        if (this.#live && !verdict.isSealed) return;
        if (this.#live) throw error;
        this.damage = { kind, places, error };
        return;
      }
      default:
        unreachable(verdict);
    }
  }

  async #runPacked(visit: RecordVisitor): Promise<void> {
    while (this.end < this.size) {
      const head = await this.#nextHead();
      const bytes = head ? head.headBytes + head.bytes : 0;
      const next = this.end + bytes;
      if (!head || next > this.size) throw this.#corrupt('batch', 'the batch cannot be read');
      const at = await this.#load(this.end, bytes);
      if (!recordsAreWhole(this.#piece, at, head)) {
        throw this.#corrupt('records', 'the records differ from their checksum');
      }
      await this.#accept(at, head, next, visit);
    }
  }

  async #accept(at: number, head: BatchHead, next: number, visit: RecordVisitor): Promise<void> {
    // All records are decoded before the first is visited, so that a batch counts completely or not at
    // all.
    const found = this.#decode(at, head);
    if (found.length !== head.count) throw this.#corrupt('record', 'a record has no known form');
    let start = at + head.headBytes;
    for (const { record, end } of found) {
      visit(record, this.end + start - at, end - start);
      start = end;
    }
    this.#visitBatch(this.end, head);
    this.chain = { number: head.number, checksum: head.checksum };
    this.end = next;
    this.batches++;
  }

  #decode(at: number, head: BatchHead): DecodedRecord[] {
    const found: DecodedRecord[] = [];
    const limit = at + head.headBytes + head.bytes;
    for (let start = at + head.headBytes; start < limit; ) {
      const decoded = decodeRecord(this.#piece, start, limit, false);
      if (!decoded) break;
      found.push(decoded);
      start = decoded.end;
    }
    return found;
  }

  #corrupt(reason: CorruptionReason, message: string): CorruptionError {
    return new CorruptionError(this.name.path, this.end, reason, message);
  }

  async #headAt(offset: number): Promise<BatchHead | undefined> {
    const at = await this.#load(offset, headBytes);
    return readHead(this.#piece, at);
  }

  /** Loads these bytes into the piece, as far as the file goes, and returns their offset in it. */
  async #load(offset: number, length: number): Promise<number> {
    const at = offset - this.#pieceStart;
    if (at >= 0 && at + length <= this.#piece.bytes.length) return at;
    const wanted = Math.min(Math.max(length, this.#pieceBytes), this.size - offset);
    try {
      this.#piece = spanOf(
        await orUnreadable(this.name.path, offset, this.#file.read(offset, wanted)),
      );
    } catch (error) {
      if (!(error instanceof CorruptionError) || wanted <= length) throw error;
      this.#pieceBytes = 0;
      return this.#load(offset, length);
    }
    this.#pieceStart = offset;
    return 0;
  }
}
