/**
 * A checksum over holds that does not depend on their order, as KeySum is one over keys: the state hash
 * costs the same for any number of holds, and a restored table can be verified.
 */
import type { KeptHold } from './hold-table.js';
import { fold } from './key-sum.js';

const seeds = [0x2c1b3c6d, 0x297a2d39] as const;

export class HoldSum {
  readonly #numbers = new Float64Array(1);
  readonly #words = new Uint32Array(this.#numbers.buffer);
  #low = 0;
  #high = 0;

  add(hold: KeptHold): void {
    this.#low = (this.#low + this.#mix(hold, seeds[0])) | 0;
    this.#high = (this.#high + this.#mix(hold, seeds[1])) | 0;
  }

  remove(hold: KeptHold): void {
    this.#low = (this.#low - this.#mix(hold, seeds[0])) | 0;
    this.#high = (this.#high - this.#mix(hold, seeds[1])) | 0;
  }

  text(): string {
    const hex = (lane: number): string => (lane >>> 0).toString(16).padStart(8, '0');
    return hex(this.#high) + hex(this.#low);
  }

  #mix(hold: KeptHold, seed: number): number {
    const { serial, id, customer, state, ttlSeconds, openedAt, openedWall, lines } = hold;
    let hash = seed;
    const number = (value: number): void => {
      this.#numbers[0] = value;
      hash = fold(fold(hash, this.#words[0] ?? 0), this.#words[1] ?? 0);
    };
    const bytes = (value: Uint8Array): void => {
      number(value.length);
      for (const byte of value) hash = fold(hash, byte);
    };
    for (const value of [serial, ttlSeconds, openedAt, openedWall, hold.at, hold.wallOrOrder]) {
      number(value);
    }
    number(state.length);
    number(state.charCodeAt(0));
    bytes(id);
    bytes(customer ?? new Uint8Array());
    bytes(Buffer.from(hold.reference ?? ''));
    for (const { id: product, quantity, priceCents } of lines) {
      number(product);
      number(quantity);
      number(priceCents);
    }
    return hash;
  }
}
