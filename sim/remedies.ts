/**
 * The actions that undo injected faults: each at its time, or at once when everything is healed.
 * Invariant: nothing is undone twice.
 */
import type { Scheduler } from './scheduler.js';

export class Remedies {
  readonly #scheduler: Scheduler;
  readonly #open = new Set<() => void>();
  #healed = false;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** No more faults are injected. */
  get healed(): boolean {
    return this.#healed;
  }

  undoIn(ms: number, undo: () => void): void {
    const once = (): void => {
      if (this.#open.delete(once)) undo();
    };
    this.#open.add(once);
    this.#scheduler.in(ms, once);
  }

  /** After this time, unless everything is healed by then. */
  injectIn(ms: number, inject: () => void): void {
    this.#scheduler.in(ms, () => {
      if (!this.#healed) inject();
    });
  }

  heal(): void {
    this.#healed = true;
    for (const undo of [...this.#open]) undo();
  }
}
