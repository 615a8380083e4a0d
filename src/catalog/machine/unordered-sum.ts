/**
 * A checksum over records that does not depend on their order, as KeySum is one over keys: a record is
 * mixed to 64 bits, which are added with it and subtracted when it goes. So the state hash costs the same
 * for any number of records, and a restored table can be verified.
 */
import { fold } from './key-sum.js';

const seeds = [0x2c1b3c6d, 0x297a2d39] as const;

/** Collects the values of one record. */
export class Mixer {
  readonly #numbers = new Float64Array(1);
  readonly #words = new Uint32Array(this.#numbers.buffer);
  #hash = 0;

  start(seed: number): void {
    this.#hash = seed;
  }

  number(value: number): void {
    this.#numbers[0] = value;
    this.#hash = fold(fold(this.#hash, this.#words[0] ?? 0), this.#words[1] ?? 0);
  }

  bytes(value: Uint8Array): void {
    this.number(value.length);
    for (const byte of value) this.#hash = fold(this.#hash, byte);
  }

  get value(): number {
    return this.#hash;
  }
}

export class UnorderedSum<Item> {
  readonly #mix: (into: Mixer, item: Item) => void;
  readonly #mixer = new Mixer();
  #low = 0;
  #high = 0;

  /** `mix` passes all values of an item to the mixer. */
  constructor(mix: (into: Mixer, item: Item) => void) {
    this.#mix = mix;
  }

  add(item: Item): void {
    this.#low = (this.#low + this.#mixed(item, seeds[0])) | 0;
    this.#high = (this.#high + this.#mixed(item, seeds[1])) | 0;
  }

  remove(item: Item): void {
    this.#low = (this.#low - this.#mixed(item, seeds[0])) | 0;
    this.#high = (this.#high - this.#mixed(item, seeds[1])) | 0;
  }

  text(): string {
    const hex = (lane: number): string => (lane >>> 0).toString(16).padStart(8, '0');
    return hex(this.#high) + hex(this.#low);
  }

  #mixed(item: Item, seed: number): number {
    this.#mixer.start(seed);
    this.#mix(this.#mixer, item);
    return this.#mixer.value;
  }
}
