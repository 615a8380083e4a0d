/**
 * Holds the frontend processes that may hold a cache lease (docs/PROTOCOL.md, R8). It is part of
 * the replicated state, so that every later leader knows the processes that it may have to wait
 * for. Bounded: a process that finds no room caches nothing until dead processes are deregistered.
 */
import { assert } from '../../base/assert.js';
import { leaseLimits } from '../../base/limits.js';

/** A process as a snapshot stores it. */
export type LeaseHolder = readonly [process: string, frontend: string];

export class LeaseHolders {
  /** Process to frontend, oldest first. */
  readonly #frontends = new Map<string, string>();

  constructor(saved: readonly LeaseHolder[] = []) {
    for (const [process, frontend] of saved) this.register(process, frontend);
  }

  /** Returns false if there is no room. */
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
    assert(
      this.#frontends.size <= leaseLimits.processesMax,
      'at most the maximum of lease holders',
    );
  }
}
