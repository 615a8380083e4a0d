/** A clock that stands still until a test moves it; timers fire in order of their time. */
import type { Clock, Timer } from '../../src/base/clock.js';

interface Alarm {
  readonly atMs: number;
  readonly order: number;
  readonly callback: () => void;
}

export class ManualClock implements Clock {
  #nowMs = 0;
  #wallAheadMs = 1_700_000_000_000;
  #order = 0;
  #alarms: Alarm[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#wallAheadMs + this.#nowMs;
  }

  /** Sets the wall clock ahead or back; alone, as a suspended machine finds it when it goes on. */
  moveWall(ms: number): void {
    this.#wallAheadMs += ms;
  }

  after(ms: number, callback: () => void): Timer {
    const alarm = { atMs: this.#nowMs + ms, order: this.#order++, callback };
    this.#alarms.push(alarm);
    return {
      cancel: () => {
        this.#alarms = this.#alarms.filter((other) => other !== alarm);
      },
    };
  }

  afterTurn(callback: () => void): void {
    setImmediate(callback);
  }

  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const due = this.#alarms.filter((alarm) => alarm.atMs <= endMs);
      const [next] = due.sort((a, b) => a.atMs - b.atMs || a.order - b.order);
      if (!next) break;
      this.#alarms = this.#alarms.filter((alarm) => alarm !== next);
      this.#nowMs = next.atMs;
      next.callback();
    }
    this.#nowMs = endMs;
  }
}
