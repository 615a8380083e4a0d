/**
 * Stores the records of purchase keys in typed arrays, in chunks, first in, first out. A record takes
 * 38 bytes. It grows and shrinks by whole chunks, so that no record is ever copied. Uses no hash index
 * and no expiry rule. Invariants: a record keeps its slot number while it exists; it is read exactly as
 * it was written.
 */
import { assert, required } from '../../base/assert.js';

const chunkSlots = 8_192;
/** 32-bit words of the key's digest and the request's hash. */
const hashWords = 6;
/** 32-bit words a slot: the hashes, the low words of the outcome's two numbers, and code and time. */
const slotWords = 9;
/** Numbers of a record that does not fit its words. */
const wideNumbers = 3;

const word = 2 ** 32;
/** The last word: code 2 bits, wide 1 bit, and the log time since the chunk's first record. */
const wideBit = 4;
const timeShift = 3;
const passedMax = 2 ** (32 - timeShift);
/** The high bits of a slot: 11 of the first number, 5 of the second. */
const secondShift = 11;
const firstMax = word * 2 ** secondShift;
const secondMax = word * 2 ** (16 - secondShift);
/** In some outcomes the first number is a line index, or -1. */
const firstMin = -1;

interface Chunk {
  readonly words: Uint32Array;
  readonly highs: Uint16Array;
  baseTime: number;
  /**
   * The numbers of records that do not fit above, such as totals of 2^37 cents or more. Absent in
   * almost every chunk.
   */
  wide: Float64Array | undefined;
}

/** One record, read into an object of the caller. */
export interface KeyRecord {
  /** The key's digest, then the request's hash. */
  readonly words: Uint32Array;
  /** 0 to 3. */
  code: number;
  first: number;
  second: number;
  time: number;
}

export function emptyRecord(): KeyRecord {
  return { words: new Uint32Array(hashWords), code: 0, first: 0, second: 0, time: 0 };
}

export class KeySlab {
  /** Chunks by number; a free number has no memory. */
  readonly #chunks: (Chunk | undefined)[] = [];
  /** Chunk numbers in use, oldest first, from #usedFrom on. */
  #used: number[] = [];
  #usedFrom = 0;
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
    const chunks = this.#used.length - this.#usedFrom;
    return chunks === 0 ? 0 : (chunks - 1) * chunkSlots + this.#tail - this.#head;
  }

  push(record: KeyRecord): number {
    if (this.#tail === chunkSlots || this.#used.length === this.#usedFrom) this.#grow(record.time);
    const number = required(this.#used.at(-1), 'the newest chunk');
    const chunk = this.#chunk(number);
    write(chunk, this.#tail, record);
    return number * chunkSlots + this.#tail++;
  }

  /** The slot of the oldest record. The slab must not be empty. */
  oldest(): number {
    return required(this.#used[this.#usedFrom], 'the oldest chunk') * chunkSlots + this.#head;
  }

  dropOldest(): void {
    assert(this.size > 0, 'there is a record to drop');
    this.#head++;
    if (this.#head < chunkSlots) return;
    const number = required(this.#used[this.#usedFrom++], 'the oldest chunk');
    this.#spare = this.#chunk(number);
    this.#chunks[number] = undefined;
    this.#free.push(number);
    this.#head = 0;
    if (2 * this.#usedFrom <= this.#used.length) return;
    this.#used = this.#used.slice(this.#usedFrom);
    this.#usedFrom = 0;
  }

  read(slot: number, into: KeyRecord): void {
    const { words, highs, wide, baseTime } = this.#chunk(Math.floor(slot / chunkSlots));
    const place = slot % chunkSlots;
    const at = place * slotWords;
    for (let i = 0; i < hashWords; i++) into.words[i] = words[at + i] ?? 0;
    const last = words[at + 8] ?? 0;
    into.code = last & 3;
    if ((last & wideBit) !== 0) {
      assert(wide, 'a wide record has its numbers');
      into.first = wide[place * wideNumbers] ?? 0;
      into.second = wide[place * wideNumbers + 1] ?? 0;
      into.time = wide[place * wideNumbers + 2] ?? 0;
      return;
    }
    const high = highs[place] ?? 0;
    into.first = (words[at + 6] ?? 0) + (high & (2 ** secondShift - 1)) * word + firstMin;
    into.second = (words[at + 7] ?? 0) + (high >>> secondShift) * word;
    into.time = baseTime + (last >>> timeShift);
  }

  /** True if the slot's record has this key digest. */
  isKey(slot: number, digest: Uint32Array): boolean {
    const { words } = this.#chunk(Math.floor(slot / chunkSlots));
    const at = (slot % chunkSlots) * slotWords;
    return (
      words[at] === digest[0] &&
      words[at + 1] === digest[1] &&
      words[at + 2] === digest[2] &&
      words[at + 3] === digest[3]
    );
  }

  /** The slots in use, oldest first, without the first `skipped`. */
  *slots(skipped = 0): Generator<number> {
    const first = this.#head + skipped;
    const firstPlace = this.#usedFrom + Math.floor(first / chunkSlots);
    for (let place = firstPlace; place < this.#used.length; place++) {
      const number = required(this.#used[place], 'a chunk in use');
      const from = place === firstPlace ? first % chunkSlots : 0;
      const to = place === this.#used.length - 1 ? this.#tail : chunkSlots;
      for (let at = from; at < to; at++) yield number * chunkSlots + at;
    }
  }

  #chunk(number: number): Chunk {
    return required(this.#chunks[number], 'the chunk of a slot');
  }

  #grow(baseTime: number): void {
    const number = this.#free.pop() ?? this.#chunks.length;
    const chunk = this.#spare ?? makeChunk();
    chunk.baseTime = baseTime;
    chunk.wide = undefined;
    this.#chunks[number] = chunk;
    this.#spare = undefined;
    this.#used.push(number);
    this.#tail = 0;
  }
}

function makeChunk(): Chunk {
  const words = new Uint32Array(chunkSlots * slotWords);
  return { words, highs: new Uint16Array(chunkSlots), baseTime: 0, wide: undefined };
}

function write(chunk: Chunk, place: number, record: KeyRecord): void {
  const { code, second, time } = record;
  const { words, highs, baseTime } = chunk;
  const at = place * slotWords;
  for (let i = 0; i < hashWords; i++) words[at + i] = record.words[i] ?? 0;
  const first = record.first - firstMin;
  const passed = time - baseTime;
  if (isBelow(first, firstMax) && isBelow(second, secondMax) && isBelow(passed, passedMax)) {
    words[at + 6] = first;
    words[at + 7] = second;
    words[at + 8] = code | (passed << timeShift);
    highs[place] = Math.floor(first / word) | (Math.floor(second / word) << secondShift);
    return;
  }
  words[at + 8] = code | wideBit;
  chunk.wide ??= new Float64Array(chunkSlots * wideNumbers);
  chunk.wide.set([record.first, second, time], place * wideNumbers);
}

/** True for a whole number from 0 to below `max`. */
function isBelow(value: number, max: number): boolean {
  return value >= 0 && value < max && Number.isInteger(value);
}
