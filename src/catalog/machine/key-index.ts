/**
 * Finds a key's slot by its digest: open addressing with linear probing, in 256 parts by the first
 * digest byte. Each part grows alone, so that growth never blocks the owner for longer than one
 * part takes. The SHA-256 digest is evenly distributed and serves as the hash. Invariant: a part is
 * at most two thirds full.
 */
import { assert, required } from '../../base/assert.js';

const parts = 256;
const firstSlots = 8;

/** Compares a slot's key with a digest. Called only when 32 bits agree. */
export interface SlotKeys {
  isKey(slot: number, words: Uint32Array): boolean;
}

interface Part {
  /** Pairs of a tag (the digest's second word) and slot + 1; 0 marks an empty place. */
  pairs: Uint32Array;
  mask: number;
  count: number;
}

export class KeyIndex {
  readonly #keys: SlotKeys;
  readonly #parts: readonly Part[];
  #size = 0;

  constructor(keys: SlotKeys) {
    this.#keys = keys;
    this.#parts = Array.from({ length: parts }, () => makePart(firstSlots));
  }

  get size(): number {
    return this.#size;
  }

  /** The slot of the key, or -1. */
  find(words: Uint32Array): number {
    const { pairs, mask } = this.#part(words);
    const tag = words[1] ?? 0;
    for (let place = tag & mask; ; place = (place + 1) & mask) {
      const slot = pairs[2 * place + 1] ?? 0;
      if (slot === 0) return -1;
      if (pairs[2 * place] === tag && this.#keys.isKey(slot - 1, words)) return slot - 1;
    }
  }

  /** Adds a key that is not in the index. */
  add(words: Uint32Array, slot: number): void {
    const part = this.#part(words);
    if (3 * (part.count + 1) > 2 * (part.mask + 1)) grow(part);
    put(part, words[1] ?? 0, slot + 1);
    part.count++;
    this.#size++;
  }

  remove(words: Uint32Array, slot: number): void {
    const part = this.#part(words);
    const { pairs, mask } = part;
    let hole = (words[1] ?? 0) & mask;
    while (pairs[2 * hole + 1] !== slot + 1) {
      assert(pairs[2 * hole + 1] !== 0, 'a removed key is in the index');
      hole = (hole + 1) & mask;
    }
    // Entries behind the hole move up where they may, so that no search ends early.
    for (let next = (hole + 1) & mask; pairs[2 * next + 1] !== 0; next = (next + 1) & mask) {
      const home = (pairs[2 * next] ?? 0) & mask;
      if (((next - home) & mask) < ((next - hole) & mask)) continue;
      pairs.copyWithin(2 * hole, 2 * next, 2 * next + 2);
      hole = next;
    }
    pairs[2 * hole + 1] = 0;
    part.count--;
    this.#size--;
  }

  #part(words: Uint32Array): Part {
    return required(this.#parts[(words[0] ?? 0) >>> 24], 'a part of the key index');
  }
}

function makePart(places: number): Part {
  return { pairs: new Uint32Array(2 * places), mask: places - 1, count: 0 };
}

function put(part: Part, tag: number, slotPlusOne: number): void {
  let place = tag & part.mask;
  while (part.pairs[2 * place + 1] !== 0) place = (place + 1) & part.mask;
  part.pairs[2 * place] = tag;
  part.pairs[2 * place + 1] = slotPlusOne;
}

function grow(part: Part): void {
  const old = part.pairs;
  const bigger = makePart(2 * (part.mask + 1));
  for (let at = 0; at < old.length; at += 2) {
    const slotPlusOne = old[at + 1] ?? 0;
    if (slotPlusOne !== 0) put(bigger, old[at] ?? 0, slotPlusOne);
  }
  part.pairs = bigger.pairs;
  part.mask = bigger.mask;
}
