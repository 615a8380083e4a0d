/**
 * The frontends' processes that may hold a lease on what they cache (docs/PROTOCOL.md, R8): part of
 * the state machine, so that every later leader knows whom it may have to wait for. Bounded: who
 * finds no room caches nothing until the dead are struck out.
 */
import { assert } from '../../base/assert.js';
import { leaseLimits } from '../../base/limits.js';

/** A process as it lies in a snapshot. */
export type LeaseHolder = readonly [process: string, frontend: string];

export class LeaseHolders {
  /** By process; the oldest first. */
  readonly #frontends = new Map<string, string>();

  constructor(saved: readonly LeaseHolder[] = []) {
    for (const [process, frontend] of saved) this.register(process, frontend);
  }

  /** False where there is no room. */
  register(process: string, frontend: string): boolean {
    if (!this.#frontends.has(process) && this.#frontends.size >= leaseLimits.processesMax) {
      return false;
    }
    this.#frontends.set(process, frontend);
    return true;
  }

  deregister(process: string): void {
    this.#frontends.delete(process);
  }

  has(process: string): boolean {
    return this.#frontends.has(process);
  }

  all(): LeaseHolder[] {
    return [...this.#frontends];
  }

  invariants(): void {
    assert(this.#frontends.size <= leaseLimits.processesMax, 'no more processes than have room');
  }
}
