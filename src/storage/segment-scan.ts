/**
 * Reads the batches of one segment in order and judges what it finds where they end
 * (docs/PROTOCOL.md, R10): nothing valid after a batch without its trailer is a torn tail; anything
 * else is corruption [A28]. Reads in pieces of a few MiB, so a segment is never in memory whole.
 */
import type { LogRecord } from '../consensus/types.js';
import type { BatchHead, Chain } from './batch-format.js';
import {
  batchBytes,
  blockBytes,
  follows,
  headBytes,
  readHead,
  readTrailer,
  recordsAreWhole,
  trailerOffset,
} from './batch-format.js';
import type { CorruptionReason } from './corruption.js';
import { CorruptionError } from './corruption.js';
import type { DecodedRecord, Span } from './record-format.js';
import { decodeRecord, spanOf } from './record-format.js';
import type { SegmentName } from './segment-format.js';
import { segmentHeadBytes } from './segment-format.js';
import type { DiskFile } from './types.js';

const pieceBytes = 4 * 1024 * 1024;

/** Told of each record with its place in the file. A command is a view: it lives as long as it is held. */
export type RecordVisitor = (record: LogRecord, offset: number, length: number) => void;

export type BatchVisitor = (start: number, head: BatchHead) => void;

export class SegmentScan {
  readonly name: SegmentName;
  readonly size: number;
  /** Where the valid batches end. */
  end: number;
  /** The last valid batch; undefined where none is known, before the first. */
  chain: Chain | undefined;
  batches = 0;
  /** The last batch is whole but its trailer is missing; it may have none after it. */
  unsealed: BatchHead | undefined;
  readonly #file: DiskFile;
  readonly #live: boolean;
  #piece: Span = spanOf(new Uint8Array(0));
  #pieceStart = 0;
  #visitBatch: BatchVisitor = () => {};

  /**
   * With `live`, a whole batch without its trailer is not yet there: its writer is at it. Else it is
   * taken, for a batch that was not acknowledged may stand, and one that was must.
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
   * Visits all records from `end` on, each batch's before `visitBatch` is told where it starts.
   * Throws a CorruptionError; `end` and `chain` then stand before it.
   */
  async run(visit: RecordVisitor, visitBatch: BatchVisitor = () => {}): Promise<void> {
    this.#visitBatch = visitBatch;
    this.#piece = spanOf(new Uint8Array(0));
    if (this.name.layout === 'packed') await this.#runPacked(visit);
    else await this.#runPadded(visit);
  }

  /** The records of the next batch, without going on; none where there is no whole one. */
  async peek(): Promise<LogRecord[]> {
    const head = await this.#nextHead();
    if (!head || this.end + headBytes + head.bytes > this.size) return [];
    const at = await this.#load(this.end, headBytes + head.bytes);
    if (!recordsAreWhole(this.#piece, at, head)) return [];
    return this.#decode(at, head).map(({ record }) => record);
  }

  /** True where a good batch head that follows the last batch stands next. */
  async continues(): Promise<boolean> {
    return (await this.#nextHead()) !== undefined;
  }

  async #nextHead(): Promise<BatchHead | undefined> {
    if (this.end + headBytes > this.size) return undefined;
    const head = await this.#headAt(this.end);
    return head && (!this.chain || follows(head, this.chain)) ? head : undefined;
  }

  /** The highest seq in the batches of any kind after `offset`: what a repair loses. */
  async highestSeqAfter(offset: number): Promise<number> {
    let highest = 0;
    const start = Math.ceil(offset / blockBytes) * blockBytes;
    for (let at = start; at + blockBytes <= this.size; at += blockBytes) {
      const head = await this.#headAt(at);
      if (!head || at + headBytes + head.bytes > this.size) continue;
      const from = await this.#load(at, headBytes + head.bytes);
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
      if (!head || this.end + batchBytes(head.bytes) > this.size) break;
      const at = await this.#load(this.end, batchBytes(head.bytes));
      const trailer = readTrailer(this.#piece, at + trailerOffset(head.bytes));
      const sealed = trailer?.checksum === head.checksum && trailer.number === head.number;
      if (!recordsAreWhole(this.#piece, at, head)) {
        if (sealed) throw this.#corrupt('records', 'the trailer is good, its records are not');
        break;
      }
      const next = this.end + batchBytes(head.bytes);
      if (!sealed) await this.#refuseLater(next, head.number);
      if (!sealed && this.#live) return;
      await this.#accept(at, head, next, visit);
      if (!sealed) {
        this.unsealed = head;
        return;
      }
    }
    const block = await this.#headAt(this.end);
    if (block && this.chain && block.number > this.chain.number && !follows(block, this.chain)) {
      throw this.#corrupt('chain', `batch ${block.number} does not follow ${this.chain.number}`);
    }
    await this.#refuseLater(this.end, this.chain?.number);
  }

  async #runPacked(visit: RecordVisitor): Promise<void> {
    while (this.end < this.size) {
      const head = await this.#nextHead();
      const next = this.end + headBytes + (head?.bytes ?? 0);
      if (!head || next > this.size) throw this.#corrupt('batch', 'the batch cannot be read');
      const at = await this.#load(this.end, headBytes + head.bytes);
      if (!recordsAreWhole(this.#piece, at, head)) {
        throw this.#corrupt('records', 'the records differ from their checksum');
      }
      await this.#accept(at, head, next, visit);
    }
  }

  async #accept(at: number, head: BatchHead, next: number, visit: RecordVisitor): Promise<void> {
    // All are decoded before the first is told, so that a batch counts whole or not at all.
    const found = this.#decode(at, head);
    if (found.length !== head.count) throw this.#corrupt('record', 'a record has no known form');
    let start = at + headBytes;
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
    const limit = at + headBytes + head.bytes;
    for (let start = at + headBytes; start < limit; ) {
      const decoded = decodeRecord(this.#piece, start, limit, false);
      if (!decoded) break;
      found.push(decoded);
      start = decoded.end;
    }
    return found;
  }

  /** Throws where a head or a trailer of a batch after number `last` stands at a block from `from` on. */
  async #refuseLater(from: number, last = 0): Promise<void> {
    for (let block = from; block + blockBytes <= this.size; block += blockBytes) {
      const at = await this.#load(block, blockBytes);
      const head = block > this.end ? readHead(this.#piece, at) : undefined;
      const found = head ?? readTrailer(this.#piece, at);
      if (!found || found.number <= last) continue;
      const message = `the batch cannot be read, but batch ${found.number} is at ${block}`;
      throw this.#corrupt('batch', message);
    }
  }

  #corrupt(reason: CorruptionReason, message: string): CorruptionError {
    return new CorruptionError(this.name.path, this.end, reason, message);
  }

  async #headAt(offset: number): Promise<BatchHead | undefined> {
    const at = await this.#load(offset, headBytes);
    return readHead(this.#piece, at);
  }

  /** Has these bytes in the piece, as far as the file goes, and returns where in it they start. */
  async #load(offset: number, length: number): Promise<number> {
    const at = offset - this.#pieceStart;
    if (at >= 0 && at + length <= this.#piece.bytes.length) return at;
    const wanted = Math.min(Math.max(length, pieceBytes), this.size - offset);
    this.#piece = spanOf(await this.#file.read(offset, wanted));
    this.#pieceStart = offset;
    return 0;
  }
}
