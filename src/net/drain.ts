/**
 * The callers that wait for a session to drain, and the check whether the network has taken all output.
 */
import type { Clock, Timer } from '../base/clock.js';

const pollMs = 5;

export class Drain {
  readonly #clock: Clock;
  readonly #look: () => void;
  readonly #waiters: (() => void)[] = [];
  #poll: Timer | undefined;

  constructor(clock: Clock, look: () => void) {
    this.#clock = clock;
    this.#look = look;
  }

  wait(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Checks again after a short time. */
  later(): void {
    this.#poll ??= this.#clock.after(pollMs, () => {
      this.#poll = undefined;
      this.#look();
    });
  }

  release(): void {
    for (const release of this.#waiters.splice(0)) release();
  }
}
