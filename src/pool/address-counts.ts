/**
 * Counts the sessions of each address, so that one address cannot take all places. An IPv6 network
 * of 64 bits counts as one address. Invariant: an address without a session uses no memory.
 */
import { networkOf } from '../base/network-of.js';

export class AddressCounts {
  readonly #max: number;
  readonly #counts = new Map<string, number>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Counts a session; returns false if its address has the maximum. */
  add(remote: string): boolean {
    const host = networkOf(remote);
    const count = this.#counts.get(host) ?? 0;
    if (count >= this.#max) return false;
    this.#counts.set(host, count + 1);
    return true;
  }

  /** A counted session has closed. */
  remove(remote: string): void {
    const host = networkOf(remote);
    const count = this.#counts.get(host) ?? 0;
    if (count > 1) this.#counts.set(host, count - 1);
    else this.#counts.delete(host);
  }
}
