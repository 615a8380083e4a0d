/** A clock that a test turns by hand; turns of the event loop are real. */
import type { Clock, Timer } from '../../src/base/clock.js';

interface Alarm {
  readonly atMs: number;
  readonly callback: () => void;
}

export class ManualClock implements Clock {
  #nowMs = 1_000;
  #alarms = new Set<Alarm>();

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return 1_700_000_000_000 + this.#nowMs;
  }

  after(ms: number, callback: () => void): Timer {
    const alarm = { atMs: this.#nowMs + ms, callback };
    this.#alarms.add(alarm);
    return { cancel: () => this.#alarms.delete(alarm) };
  }

  afterTurn(callback: () => void): void {
    setImmediate(callback);
  }

  /** Lets `ms` pass: what is due is called in its order, each at its time. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (let next = this.#next(endMs); next; next = this.#next(endMs)) {
      this.#alarms.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.callback();
    }
    this.#nowMs = endMs;
  }

  #next(endMs: number): Alarm | undefined {
    let first: Alarm | undefined;
    for (const alarm of this.#alarms) {
      if (alarm.atMs <= endMs && (!first || alarm.atMs < first.atMs)) first = alarm;
    }
    return first;
  }
}
