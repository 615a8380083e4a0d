/**
 * Stores holds in typed arrays, by serial number, in chunks of 256: about 104 bytes for a hold of one
 * line. A chunk is made with its first hold and freed with its last one. Also links the holds into
 * lists, for HoldTable. Uses no rule and no index. Invariant: a hold is read as it was written.
 */
import { assert, required } from '../../base/assert.js';
import type { HoldState } from '../../wire/trade.js';

const chunkHolds = 256;
/** A link is a slot plus 1 in 32 bits. */
const slotsMax = 2 ** 32 - 1;

/** 32-bit words of a hold: id, customer, seconds to live, first line, state and count of lines, links. */
const wordsEach = 13;
const [customerAt, ttlAt, linesAt, stateAt, beforeAt, afterAt] = [4, 8, 9, 10, 11, 12];
const digestWords = 4;
/** Numbers of a hold, in this order: see HoldTimes. */
const numbersEach = 4;

/** 0: the slot has no hold. */
export const stateCodes = { open: 1, confirmed: 2, released: 3, expired: 4 } as const;
const states: readonly HoldState[] = ['open', 'confirmed', 'released', 'expired'];
const stateBits = 3;
const stateMask = 2 ** stateBits - 1;

export interface HoldLine {
  readonly id: number;
  readonly quantity: number;
  readonly priceCents: number;
}

export interface Hold {
  /** From 1, without gaps. */
  readonly serial: number;
  readonly id: Uint8Array;
  /** Undefined if the hold has none. */
  readonly customer: Uint8Array | undefined;
  readonly state: HoldState;
  readonly ttlSeconds: number;
  /** Log time. */
  readonly openedAt: number;
  /** Wall time, in milliseconds. */
  readonly openedWall: number;
  /** Log time: when an open hold is due, or when it was resolved. */
  readonly at: number;
  /** Wall time when it is due; of a confirmed hold the order's number. */
  readonly wallOrOrder: number;
  readonly lines: readonly HoldLine[];
}

interface Chunk {
  readonly words: Uint32Array;
  readonly numbers: Float64Array;
  lineIds: Float64Array;
  linePrices: Float64Array;
  lineUnits: Uint32Array;
  lines: number;
  /** Holds in the chunk. */
  size: number;
}

/** The newest serial number up to `last` that has the slot. */
export function serialOf(slot: number, last: number): number {
  const behind = (last - slot) % slotsMax;
  return last - (behind < 0 ? behind + slotsMax : behind);
}

/** The slot of a serial number. Far fewer holds exist at a time than there are slots. */
export function slotOf(serial: number): number {
  return serial % slotsMax;
}

/** A hold with its reference, which lies in the table. */
export interface KeptHold extends Hold {
  readonly reference: string | undefined;
}

export class HoldSlab {
  readonly #chunks = new Map<number, Chunk>();
  #lastNumber = -1;
  #lastChunk: Chunk | undefined;

  get chunks(): number {
    return this.#chunks.size;
  }

  put(hold: Hold): void {
    const slot = slotOf(hold.serial);
    const number = Math.floor(slot / chunkHolds);
    let chunk = this.#chunks.get(number);
    if (!chunk) {
      chunk = makeChunk();
      this.#chunks.set(number, chunk);
    }
    const first = addLines(chunk, hold.lines);
    const at = (slot % chunkHolds) * wordsEach;
    writeDigest(chunk.words, at, hold.id);
    writeDigest(chunk.words, at + customerAt, hold.customer);
    chunk.words[at + ttlAt] = hold.ttlSeconds;
    chunk.words[at + linesAt] = first;
    chunk.words[at + stateAt] = (hold.lines.length << stateBits) | stateCodes[hold.state];
    const numbers = [hold.openedAt, hold.openedWall, hold.at, hold.wallOrOrder];
    chunk.numbers.set(numbers, (slot % chunkHolds) * numbersEach);
    chunk.size++;
  }

  drop(slot: number): void {
    const number = Math.floor(slot / chunkHolds);
    const chunk = this.#chunk(slot);
    chunk.words[(slot % chunkHolds) * wordsEach + stateAt] = 0;
    chunk.size--;
    if (chunk.size > 0) return;
    this.#chunks.delete(number);
    this.#lastChunk = undefined;
  }

  has(slot: number): boolean {
    const chunk = this.#chunks.get(Math.floor(slot / chunkHolds));
    return chunk !== undefined && this.#code(slot) > 0;
  }

  read(serial: number, reference?: string): KeptHold {
    const slot = slotOf(serial);
    const { words, numbers } = this.#chunk(slot);
    const at = (slot % chunkHolds) * wordsEach;
    const n = (slot % chunkHolds) * numbersEach;
    return {
      serial,
      id: readDigest(words, at),
      customer: hasDigest(words, at + customerAt) ? readDigest(words, at + customerAt) : undefined,
      state: this.state(slot),
      ttlSeconds: words[at + ttlAt] ?? 0,
      openedAt: numbers[n] ?? 0,
      openedWall: numbers[n + 1] ?? 0,
      at: numbers[n + 2] ?? 0,
      wallOrOrder: numbers[n + 3] ?? 0,
      lines: this.#lines(slot),
      reference,
    };
  }

  productsOf(slot: number): readonly number[] {
    const first = this.#word(slot, linesAt);
    const ids = this.#chunk(slot).lineIds.subarray(first, first + this.lineCount(slot));
    return [...ids];
  }

  /** Log time: when an open hold is due, or when it was resolved. */
  at(slot: number): number {
    return this.#chunk(slot).numbers[(slot % chunkHolds) * numbersEach + 2] ?? 0;
  }

  state(slot: number): HoldState {
    return required(states[this.#code(slot) - 1], 'the state of a hold');
  }

  lineCount(slot: number): number {
    return this.#word(slot, stateAt) >>> stateBits;
  }

  /** Changes the state and the last two numbers. */
  change(slot: number, state: HoldState, at: number, wallOrOrder: number): void {
    const chunk = this.#chunk(slot);
    const count = this.lineCount(slot);
    chunk.words[(slot % chunkHolds) * wordsEach + stateAt] =
      (count << stateBits) | stateCodes[state];
    chunk.numbers.set([at, wallOrOrder], (slot % chunkHolds) * numbersEach + 2);
  }

  /** True if the slot's hold has this id. */
  isKey(slot: number, digest: Uint32Array): boolean {
    const { words } = this.#chunk(slot);
    const at = (slot % chunkHolds) * wordsEach;
    for (let i = 0; i < digestWords; i++) if (words[at + i] !== digest[i]) return false;
    return true;
  }

  /** The slot before in a list; undefined at its start. Slots are stored plus 1. */
  before(slot: number): number | undefined {
    return linked(this.#word(slot, beforeAt));
  }

  after(slot: number): number | undefined {
    return linked(this.#word(slot, afterAt));
  }

  link(slot: number, before: number | undefined, after: number | undefined): void {
    const { words } = this.#chunk(slot);
    const at = (slot % chunkHolds) * wordsEach;
    words[at + beforeAt] = before === undefined ? 0 : before + 1;
    words[at + afterAt] = after === undefined ? 0 : after + 1;
  }

  #lines(slot: number): HoldLine[] {
    const { lineIds, lineUnits, linePrices } = this.#chunk(slot);
    const first = this.#word(slot, linesAt);
    const lines: HoldLine[] = [];
    for (let at = first; at < first + this.lineCount(slot); at++) {
      const [id, quantity, priceCents] = [
        lineIds[at] ?? 0,
        lineUnits[at] ?? 0,
        linePrices[at] ?? 0,
      ];
      lines.push({ id, quantity, priceCents });
    }
    return lines;
  }

  #code(slot: number): number {
    return this.#word(slot, stateAt) & stateMask;
  }

  #word(slot: number, place: number): number {
    return this.#chunk(slot).words[(slot % chunkHolds) * wordsEach + place] ?? 0;
  }

  /** Usually the chunk of the last call: a hold takes several calls. */
  #chunk(slot: number): Chunk {
    const number = Math.floor(slot / chunkHolds);
    if (number !== this.#lastNumber || this.#lastChunk === undefined) {
      this.#lastChunk = required(this.#chunks.get(number), 'the chunk of a hold');
      this.#lastNumber = number;
    }
    return this.#lastChunk;
  }
}

function linked(stored: number): number | undefined {
  return stored === 0 ? undefined : stored - 1;
}

function makeChunk(): Chunk {
  return {
    words: new Uint32Array(chunkHolds * wordsEach),
    numbers: new Float64Array(chunkHolds * numbersEach),
    lineIds: new Float64Array(chunkHolds),
    linePrices: new Float64Array(chunkHolds),
    lineUnits: new Uint32Array(chunkHolds),
    lines: 0,
    size: 0,
  };
}

function addLines(chunk: Chunk, lines: readonly HoldLine[]): number {
  const first = chunk.lines;
  const end = first + lines.length;
  if (end > chunk.lineIds.length) {
    const length = Math.max(end, 2 * chunk.lineIds.length);
    const grow = <T extends Float64Array | Uint32Array>(old: T, grown: T): T => {
      grown.set(old);
      return grown;
    };
    chunk.lineIds = grow(chunk.lineIds, new Float64Array(length));
    chunk.linePrices = grow(chunk.linePrices, new Float64Array(length));
    chunk.lineUnits = grow(chunk.lineUnits, new Uint32Array(length));
  }
  for (const [place, { id, quantity, priceCents }] of lines.entries()) {
    chunk.lineIds[first + place] = id;
    chunk.lineUnits[first + place] = quantity;
    chunk.linePrices[first + place] = priceCents;
  }
  chunk.lines = end;
  return first;
}

export function digestToWords(bytes: Uint8Array, into: Uint32Array): void {
  writeDigest(into, 0, bytes);
}

/** All zeros if there is none. Little-endian. */
function writeDigest(words: Uint32Array, at: number, bytes: Uint8Array | undefined): void {
  assert(bytes === undefined || bytes.length === 4 * digestWords, 'a digest has 16 bytes');
  for (let i = 0; i < digestWords; i++) {
    const b = 4 * i;
    words[at + i] = bytes
      ? (bytes[b] ?? 0) |
        ((bytes[b + 1] ?? 0) << 8) |
        ((bytes[b + 2] ?? 0) << 16) |
        ((bytes[b + 3] ?? 0) << 24)
      : 0;
  }
}

function readDigest(words: Uint32Array, at: number): Uint8Array {
  const bytes = new Uint8Array(4 * digestWords);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = (words[at + (i >>> 2)] ?? 0) >>> (8 * (i & 3));
  }
  return bytes;
}

function hasDigest(words: Uint32Array, at: number): boolean {
  for (let i = 0; i < digestWords; i++) if (words[at + i] !== 0) return true;
  return false;
}
