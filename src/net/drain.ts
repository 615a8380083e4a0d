/** Who waits for a session to be drained, and the look whether the network has taken everything. */
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

  /** Looks again soon. */
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
