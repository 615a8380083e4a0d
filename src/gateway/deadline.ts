/**
 * Bounds how long callers wait. The work itself continues; a purchase is retried with its key. All
 * callers have the same patience, so that one timer serves all. Invariant: while a caller waits, the
 * timer fires at the earliest deadline or before.
 */
import type { Clock } from '../base/clock.js';
import { BazarError } from '../base/errors.js';

export interface Wait {
  /** Monotonic. */
  readonly deadlineMs: number;
  /** Called with `deadline_exceeded` at the deadline; undefined after the end of the wait. */
  expired: ((error: BazarError) => void) | undefined;
}

/** The list drops its ended waits when there are more in front of the oldest open one. */
const endedMax = 1_024;

export class Deadlines {
  readonly #clock: Clock;
  readonly #patienceMs: number;
  /** Oldest first from `#first`. */
  #waits: Wait[] = [];
  #first = 0;
  #isArmed = false;

  constructor(clock: Clock, patienceMs: number) {
    this.#clock = clock;
    this.#patienceMs = patienceMs;
  }

  begin(expired: (error: BazarError) => void): Wait {
    const wait: Wait = { deadlineMs: this.#clock.nowMs() + this.#patienceMs, expired };
    this.#waits.push(wait);
    if (!this.#isArmed) this.#arm(this.#patienceMs);
    return wait;
  }

  /** Returns false if the wait has expired. */
  end(wait: Wait): boolean {
    if (wait.expired === undefined) return false;
    wait.expired = undefined;
    this.#forgetEnded();
    return true;
  }

  #forgetEnded(): void {
    const waits = this.#waits;
    while (this.#first < waits.length && waits[this.#first]?.expired === undefined) this.#first++;
    if (this.#first === waits.length) waits.length = 0;
    else if (this.#first <= endedMax) return;
    else this.#waits = waits.slice(this.#first);
    this.#first = 0;
  }

  /** The timer is not cancelled when a wait ends: most waits end long before their deadline. */
  #arm(ms: number): void {
    this.#isArmed = true;
    this.#clock.after(ms, () => this.#expire());
  }

  #expire(): void {
    this.#isArmed = false;
    const nowMs = this.#clock.nowMs();
    const late: Wait['expired'][] = [];
    this.#forgetEnded();
    let wait = this.#waits[this.#first];
    while (wait !== undefined && wait.deadlineMs <= nowMs) {
      late.push(wait.expired);
      this.end(wait);
      wait = this.#waits[this.#first];
    }
    // Armed before the calls, so that one that throws leaves no wait without a timer.
    if (wait !== undefined) this.#arm(wait.deadlineMs - nowMs);
    for (const expired of late) {
      expired?.(new BazarError('deadline_exceeded', 'the answer took too long'));
    }
  }
}
