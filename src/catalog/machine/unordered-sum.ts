/**
 * A checksum over records that does not depend on their order, as KeySum is one over keys: a record is
 * mixed to 64 bits, which are added with it and subtracted when it goes. So the state hash costs the same
 * for any number of records, and a restored table can be verified.
 */
import { fold } from './key-sum.js';

const seeds = [0x2c1b3c6d, 0x297a2d39] as const;

/** Collects the values of one record, in two lanes of 32 bits. */
export class Mixer {
  readonly #numbers = new Float64Array(1);
  readonly #words = new Uint32Array(this.#numbers.buffer);
  low = 0;
  high = 0;

  start(): void {
    [this.low, this.high] = seeds;
  }

  number(value: number): void {
    this.#numbers[0] = value;
    this.#word(this.#words[0] ?? 0);
    this.#word(this.#words[1] ?? 0);
  }

  bytes(value: Uint8Array): void {
    this.#word(value.length);
    for (let at = 0; at < value.length; at += 4) {
      this.#word(
        (value[at] ?? 0) |
          ((value[at + 1] ?? 0) << 8) |
          ((value[at + 2] ?? 0) << 16) |
          ((value[at + 3] ?? 0) << 24),
      );
    }
  }

  #word(word: number): void {
    this.low = fold(this.low, word);
    this.high = fold(this.high, word);
  }
}

export class UnorderedSum<Item> {
  /** All sums share it: a mixer takes hundreds of bytes, and each product with a limit has a sum. */
  static readonly #mixer = new Mixer();
  readonly #mix: (into: Mixer, item: Item) => void;
  #low = 0;
  #high = 0;

  /** `mix` passes all values of an item to the mixer. */
  constructor(mix: (into: Mixer, item: Item) => void) {
    this.#mix = mix;
  }

  add(item: Item): void {
    const { low, high } = this.#mixed(item);
    this.#low = (this.#low + low) | 0;
    this.#high = (this.#high + high) | 0;
  }

  remove(item: Item): void {
    const { low, high } = this.#mixed(item);
    this.#low = (this.#low - low) | 0;
    this.#high = (this.#high - high) | 0;
  }

  /** Adds all records of another sum. */
  addAll(other: UnorderedSum<Item>): void {
    this.#low = (this.#low + other.#low) | 0;
    this.#high = (this.#high + other.#high) | 0;
  }

  text(): string {
    const hex = (lane: number): string => (lane >>> 0).toString(16).padStart(8, '0');
    return hex(this.#high) + hex(this.#low);
  }

  #mixed(item: Item): Mixer {
    const mixer = UnorderedSum.#mixer;
    mixer.start();
    this.#mix(mixer, item);
    return mixer;
  }
}
