/** A clock moved by hand that waits, between two timers, until nothing happens any more. */
import type { Clock, Timer } from '../../src/base/clock.js';

interface Alarm {
  readonly atMs: number;
  readonly order: number;
  readonly callback: () => void;
}

export class SettlingClock implements Clock {
  #nowMs = 1_000;
  #order = 0;
  #turn: (() => void)[] = [];
  readonly #alarms = new Set<Alarm>();

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#nowMs;
  }

  after(ms: number, callback: () => void): Timer {
    const alarm = { atMs: this.#nowMs + ms, order: this.#order++, callback };
    this.#alarms.add(alarm);
    return { cancel: () => void this.#alarms.delete(alarm) };
  }

  afterTurn(callback: () => void): void {
    this.#turn.push(callback);
  }

  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 3; quiet++) {
      if (this.#turn.length > 0) quiet = 0;
      for (const callback of this.#turn.splice(0)) callback();
      await new Promise(setImmediate);
    }
  }

  async advance(ms: number): Promise<void> {
    await this.settle();
    const endMs = this.#nowMs + ms;
    for (let next = this.#next(endMs); next; next = this.#next(endMs)) {
      this.#alarms.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.callback();
      await this.settle();
    }
    this.#nowMs = endMs;
  }

  #next(endMs: number): Alarm | undefined {
    return [...this.#alarms]
      .filter((alarm) => alarm.atMs <= endMs)
      .sort((a, b) => a.atMs - b.atMs || a.order - b.order)[0];
  }
}
