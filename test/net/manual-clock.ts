/** A clock that stands still until told, for tests over the in-memory network. */
import type { Clock, Timer } from '../../src/base/clock.js';

interface Waiting {
  readonly dueMs: number;
  readonly callback: () => void;
}

export class ManualClock implements Clock {
  #nowMs = 1_000;
  #wallAheadMs = 0;
  #turn: (() => void)[] = [];
  readonly #timers = new Set<Waiting>();

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#wallAheadMs + this.#nowMs;
  }

  /** As a suspended machine finds it when it goes on. */
  moveWall(ms: number): void {
    this.#wallAheadMs += ms;
  }

  after(ms: number, callback: () => void): Timer {
    const waiting = { dueMs: this.#nowMs + ms, callback };
    this.#timers.add(waiting);
    return { cancel: () => void this.#timers.delete(waiting) };
  }

  afterTurn(callback: () => void): void {
    this.#turn.push(callback);
  }

  get timerCount(): number {
    return this.#timers.size;
  }

  /** Runs turns, and the promises between them, until nothing happens any more. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 2; quiet++) {
      while (this.#turn.length > 0) {
        quiet = 0;
        const turn = this.#turn;
        this.#turn = [];
        for (const callback of turn) callback();
        await new Promise(setImmediate);
      }
      await new Promise(setImmediate);
    }
  }

  /** Moves on timer by timer, and settles after each. */
  async advance(ms: number): Promise<void> {
    await this.settle();
    const endMs = this.#nowMs + ms;
    for (;;) {
      const due = [...this.#timers].filter((timer) => timer.dueMs <= endMs);
      const next = due.sort((a, b) => a.dueMs - b.dueMs)[0];
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.callback();
      await this.settle();
    }
    this.#nowMs = endMs;
  }
}
