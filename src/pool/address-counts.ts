/**
 * How many sessions each address has, so that one address cannot take all places; an IPv6 network of
 * 64 bits counts as one. Invariant: an address without a session takes no memory.
 */
import { networkOf } from '../base/network-of.js';

export class AddressCounts {
  readonly #max: number;
  readonly #counts = new Map<string, number>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Counts a session; false where its address has as many as it may have. */
  add(remote: string): boolean {
    const host = networkOf(remote);
    const count = this.#counts.get(host) ?? 0;
    if (count >= this.#max) return false;
    this.#counts.set(host, count + 1);
    return true;
  }

  /** A session that was counted has closed. */
  remove(remote: string): void {
    const host = networkOf(remote);
    const count = this.#counts.get(host) ?? 0;
    if (count > 1) this.#counts.set(host, count - 1);
    else this.#counts.delete(host);
  }
}
