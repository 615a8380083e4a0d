/**
 * Stores the records of purchase keys in typed arrays, in chunks, first in, first out. It grows and
 * shrinks by whole chunks, so that no record is ever copied. Uses no hash index and no expiry rule.
 * Invariant: a record keeps its slot number while it exists.
 */
import { assert, required } from '../../base/assert.js';

const chunkSlots = 8_192;
/** 32-bit words a slot: four of the key's digest, two of the request's hash. */
const wordsPerSlot = 6;
/** Numbers a slot: the two numbers of the outcome and the log time. */
const numbersPerSlot = 3;

interface Chunk {
  readonly words: Uint32Array;
  readonly numbers: Float64Array;
  readonly codes: Uint8Array;
}

/** One record, read into an object of the caller. */
export interface KeyRecord {
  /** The key's digest, then the request's hash. */
  readonly words: Uint32Array;
  code: number;
  first: number;
  second: number;
  time: number;
}

export function emptyRecord(): KeyRecord {
  return { words: new Uint32Array(wordsPerSlot), code: 0, first: 0, second: 0, time: 0 };
}

export class KeySlab {
  /** Chunks by number; a free number has no memory. */
  readonly #chunks: (Chunk | undefined)[] = [];
  /** Chunk numbers in use, oldest first. */
  readonly #used: number[] = [];
  readonly #free: number[] = [];
  /**
   * One empty chunk is kept: a short queue at a chunk border would otherwise allocate again and
   * again.
   */
  #spare: Chunk | undefined;
  /**
   * Slots before #head in the oldest chunk are dropped; slots before #tail in the newest are
   * written.
   */
  #head = 0;
  #tail = chunkSlots;

  get size(): number {
    if (this.#used.length === 0) return 0;
    return (this.#used.length - 1) * chunkSlots + this.#tail - this.#head;
  }

  push(record: KeyRecord): number {
    if (this.#tail === chunkSlots || this.#used.length === 0) this.#grow();
    const number = required(this.#used.at(-1), 'the newest chunk');
    const chunk = this.#chunk(number);
    const at = this.#tail++;
    chunk.words.set(record.words, at * wordsPerSlot);
    chunk.numbers[at * numbersPerSlot] = record.first;
    chunk.numbers[at * numbersPerSlot + 1] = record.second;
    chunk.numbers[at * numbersPerSlot + 2] = record.time;
    chunk.codes[at] = record.code;
    return number * chunkSlots + at;
  }

  /** The slot of the oldest record. The slab must not be empty. */
  oldest(): number {
    return required(this.#used[0], 'the oldest chunk') * chunkSlots + this.#head;
  }

  dropOldest(): void {
    assert(this.size > 0, 'there is a record to drop');
    this.#head++;
    if (this.#head < chunkSlots) return;
    const number = required(this.#used.shift(), 'the oldest chunk');
    this.#spare = this.#chunk(number);
    this.#chunks[number] = undefined;
    this.#free.push(number);
    this.#head = 0;
  }

  read(slot: number, into: KeyRecord): void {
    const chunk = this.#chunk(Math.floor(slot / chunkSlots));
    const at = slot % chunkSlots;
    const firstWord = at * wordsPerSlot;
    for (let i = 0; i < wordsPerSlot; i++) into.words[i] = chunk.words[firstWord + i] ?? 0;
    into.first = chunk.numbers[at * numbersPerSlot] ?? 0;
    into.second = chunk.numbers[at * numbersPerSlot + 1] ?? 0;
    into.time = chunk.numbers[at * numbersPerSlot + 2] ?? 0;
    into.code = chunk.codes[at] ?? 0;
  }

  /** True if the slot's record has this key digest. */
  isKey(slot: number, words: Uint32Array): boolean {
    const held = this.#chunk(Math.floor(slot / chunkSlots)).words;
    const at = (slot % chunkSlots) * wordsPerSlot;
    return (
      held[at] === words[0] &&
      held[at + 1] === words[1] &&
      held[at + 2] === words[2] &&
      held[at + 3] === words[3]
    );
  }

  /** All slots in use, oldest first. */
  *slots(): Generator<number> {
    for (const [place, number] of this.#used.entries()) {
      const from = place === 0 ? this.#head : 0;
      const to = place === this.#used.length - 1 ? this.#tail : chunkSlots;
      for (let at = from; at < to; at++) yield number * chunkSlots + at;
    }
  }

  #chunk(number: number): Chunk {
    return required(this.#chunks[number], 'the chunk of a slot');
  }

  #grow(): void {
    const number = this.#free.pop() ?? this.#chunks.length;
    this.#chunks[number] = this.#spare ?? makeChunk();
    this.#spare = undefined;
    this.#used.push(number);
    this.#tail = 0;
  }
}

function makeChunk(): Chunk {
  return {
    words: new Uint32Array(chunkSlots * wordsPerSlot),
    numbers: new Float64Array(chunkSlots * numbersPerSlot),
    codes: new Uint8Array(chunkSlots),
  };
}
