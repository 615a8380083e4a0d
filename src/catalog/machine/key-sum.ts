/**
 * A checksum over key records that does not depend on their order or place. Each record is mixed to
 * 64 bits, which are added with the record and subtracted when it is removed. The state hash
 * therefore costs the same for any number of keys, and a restored table can be verified.
 */
import type { KeyRecord } from './key-slab.js';

export class KeySum {
  readonly #numbers = new Float64Array(4);
  readonly #words = new Uint32Array(this.#numbers.buffer);
  #low = 0;
  #high = 0;

  add(record: KeyRecord): void {
    this.#low = (this.#low + this.#mix(record, 0x2c1b3c6d)) | 0;
    this.#high = (this.#high + this.#mix(record, 0x297a2d39)) | 0;
  }

  remove(record: KeyRecord): void {
    this.#low = (this.#low - this.#mix(record, 0x2c1b3c6d)) | 0;
    this.#high = (this.#high - this.#mix(record, 0x297a2d39)) | 0;
  }

  text(): string {
    const hex = (lane: number): string => (lane >>> 0).toString(16).padStart(8, '0');
    return hex(this.#high) + hex(this.#low);
  }

  /** Mixes as MurmurHash does: multiply and fold, word by word. */
  #mix(record: KeyRecord, seed: number): number {
    this.#numbers[0] = record.first;
    this.#numbers[1] = record.second;
    this.#numbers[2] = record.time;
    this.#numbers[3] = record.code;
    let hash = seed;
    for (let i = 0; i < 6; i++) hash = fold(hash, record.words[i] ?? 0);
    for (let i = 0; i < 8; i++) hash = fold(hash, this.#words[i] ?? 0);
    return hash;
  }
}

/** Mixes a word into a hash. */
export function fold(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
}
