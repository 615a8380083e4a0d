/**
 * Maps a product to the seqs of the log entries that name it, in about three bytes a pair. Each product has
 * a list of chunks of one arena. A chunk starts with the index of the next one and its first entry; then come
 * the distances from entry to entry as variable-length integers. A distance of 0 ends the chunk.
 * Invariant: the entries of a product ascend.
 */
import { assert, required } from '../base/assert.js';

const chunkBytes = 64;
/** 4 bytes: index of the next chunk, or 0. Then 6 bytes: the first entry. */
const headerBytes = 10;
/** The arena grows by blocks, so that growth copies nothing. */
const blockBits = 12;
const chunksPerBlock = 1 << blockBits;
const firstSlots = 64;
/** 2^32: chunk indexes and the low part of a seq have 32 bits. */
const scale = 0x1_0000_0000;

export class ProductEntries {
  readonly #blocks: DataView[] = [];
  /** Chunk 0 is never used: an index of 0 means none. */
  #chunks = 1;
  readonly #slots = new Map<number, number>();
  /** By slot: the first and the last chunk, the offset of the next distance, and the last entry. */
  #first = new Uint32Array(firstSlots);
  #last = new Uint32Array(firstSlots);
  #end = new Uint8Array(firstSlots);
  #seq = new Float64Array(firstSlots);
  #pairs = 0;

  /** Number of pairs of an entry and a product. */
  get pairs(): number {
    return this.#pairs;
  }

  /** Bytes in use, without reserved ones and the table of slots. */
  get sizeBytes(): number {
    return this.#chunks * chunkBytes + this.#slots.size * 17;
  }

  products(): Iterable<number> {
    return this.#slots.keys();
  }

  /** The entry is the newest one, and names the product. */
  add(product: number, seq: number): void {
    this.#pairs++;
    const slot = this.#slots.get(product);
    if (slot === undefined) {
      const added = this.#addSlot(product);
      this.#first[added] = this.#startChunk(added, seq);
      return;
    }
    const distance = seq - (this.#seq[slot] ?? 0);
    assert(distance > 0, 'the entries of a product ascend');
    const end = this.#end[slot] ?? 0;
    if (end + lengthOf(distance) > chunkBytes) {
      const before = this.#last[slot] ?? 0;
      const chunk = this.#startChunk(slot, seq);
      this.#block(before).setUint32(offsetOf(before), chunk);
      return;
    }
    const chunk = this.#last[slot] ?? 0;
    const block = this.#block(chunk);
    let at = offsetOf(chunk) + end;
    let rest = distance;
    for (; rest >= 0x80; rest = Math.floor(rest / 128)) block.setUint8(at++, (rest % 128) | 0x80);
    block.setUint8(at++, rest);
    this.#end[slot] = at - offsetOf(chunk);
    this.#seq[slot] = seq;
  }

  /** The entries that name the product, ascending, from `fromSeq` on. */
  *from(product: number, fromSeq: number): Generator<number> {
    const slot = this.#slots.get(product);
    if (slot === undefined) return;
    let chunk = this.#first[slot] ?? 0;
    for (let next = this.#next(chunk); next > 0 && this.#firstSeq(next) <= fromSeq; ) {
      chunk = next;
      next = this.#next(chunk);
    }
    for (; chunk > 0; chunk = this.#next(chunk)) {
      for (const seq of this.#entriesIn(chunk)) if (seq >= fromSeq) yield seq;
    }
  }

  *#entriesIn(chunk: number): Generator<number> {
    const block = this.#block(chunk);
    const start = offsetOf(chunk);
    let seq = this.#firstSeq(chunk);
    yield seq;
    for (let at = start + headerBytes; at < start + chunkBytes; ) {
      let distance = 0;
      for (let factor = 1; ; factor *= 128) {
        const byte = block.getUint8(at++);
        distance += (byte & 0x7f) * factor;
        if (byte < 0x80) break;
      }
      if (distance === 0) return;
      seq += distance;
      yield seq;
    }
  }

  #addSlot(product: number): number {
    const slot = this.#slots.size;
    this.#slots.set(product, slot);
    if (slot < this.#first.length) return slot;
    const length = 2 * this.#first.length;
    const [first, last] = [new Uint32Array(length), new Uint32Array(length)];
    const [end, seq] = [new Uint8Array(length), new Float64Array(length)];
    first.set(this.#first);
    last.set(this.#last);
    end.set(this.#end);
    seq.set(this.#seq);
    this.#first = first;
    this.#last = last;
    this.#end = end;
    this.#seq = seq;
    return slot;
  }

  /** Starts the last chunk of a slot, and returns its index. */
  #startChunk(slot: number, seq: number): number {
    const chunk = this.#chunks++;
    if (chunk >>> blockBits >= this.#blocks.length) {
      this.#blocks.push(new DataView(new ArrayBuffer(chunksPerBlock * chunkBytes)));
    }
    const block = this.#block(chunk);
    block.setUint16(offsetOf(chunk) + 4, Math.floor(seq / scale));
    block.setUint32(offsetOf(chunk) + 6, seq % scale);
    this.#last[slot] = chunk;
    this.#end[slot] = headerBytes;
    this.#seq[slot] = seq;
    return chunk;
  }

  #next(chunk: number): number {
    return this.#block(chunk).getUint32(offsetOf(chunk));
  }

  #firstSeq(chunk: number): number {
    const at = offsetOf(chunk);
    const block = this.#block(chunk);
    return block.getUint16(at + 4) * scale + block.getUint32(at + 6);
  }

  #block(chunk: number): DataView {
    return required(this.#blocks[chunk >>> blockBits], 'a block of the arena');
  }
}

/** Offset of the chunk in its block, in bytes. */
function offsetOf(chunk: number): number {
  return (chunk & (chunksPerBlock - 1)) * chunkBytes;
}

/** How many bytes a distance takes. */
function lengthOf(distance: number): number {
  let length = 1;
  for (let rest = distance; rest >= 0x80; rest = Math.floor(rest / 128)) length++;
  return length;
}
