/** A clock that jumps from timer to timer, once nothing else happens. */
import type { Clock, Timer } from '../../src/base/clock.js';

interface Alarm {
  readonly atMs: number;
  readonly order: number;
  readonly callback: () => void;
}

export class VirtualClock implements Clock {
  #nowMs = 1_000;
  #order = 0;
  #turn: (() => void)[] = [];
  /** Sorted by time, the next one last. */
  readonly #alarms: Alarm[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#nowMs;
  }

  after(ms: number, callback: () => void): Timer {
    const alarm: Alarm = { atMs: this.#nowMs + Math.max(0, ms), order: this.#order++, callback };
    this.#alarms.splice(this.#placeOf(alarm), 0, alarm);
    return {
      cancel: () => {
        const place = this.#placeOf(alarm);
        if (this.#alarms[place] === alarm) this.#alarms.splice(place, 1);
      },
    };
  }

  afterTurn(callback: () => void): void {
    this.#turn.push(callback);
  }

  /** Runs until this time; stops early if `isOver` says so. */
  async run(untilMs: number, isOver: () => boolean = () => false): Promise<void> {
    await this.#settle();
    while (!isOver()) {
      const next = this.#alarms.at(-1);
      if (next === undefined || next.atMs > untilMs) break;
      this.#alarms.pop();
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.callback();
      await this.#settle();
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  async #settle(): Promise<void> {
    do {
      for (const callback of this.#turn.splice(0)) callback();
      // All promise callbacks run before the next immediate.
      await new Promise((resolve) => setImmediate(resolve));
    } while (this.#turn.length > 0);
  }

  /** Where the alarm is, or where it belongs. */
  #placeOf({ atMs, order }: Alarm): number {
    let [low, high] = [0, this.#alarms.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#alarms[middle];
      const isLater =
        other !== undefined && (other.atMs > atMs || (other.atMs === atMs && other.order > order));
      if (isLater) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
