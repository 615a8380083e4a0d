/**
 * Simulated time: one queue of events for the whole cluster, in one thread. Between two events all
 * microtasks run, so promises need no real turn of the event loop. Invariant: the same seed gives the
 * same order of events, and so the same hash.
 */
import { BinaryHeap } from './heap.js';

export interface Scheduled {
  readonly atMs: number;
  readonly order: number;
  run: (() => void) | undefined;
}

/** More than any seed takes; beyond it the run is in an endless loop. */
const eventsMax = 3_000_000;

export class Scheduler {
  nowMs = 0;
  /** The part of the time that was skipped. */
  skippedMs = 0;
  events = 0;
  /** Called after each event, when its microtasks are done. True ends the run. */
  after: (() => boolean) | undefined;
  readonly #heap = new BinaryHeap<Scheduled>(
    (a, b) => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order),
  );
  #order = 0;
  #hash = 0x811c9dc5;

  /** Calls back in `delayMs`. */
  in(delayMs: number, run: () => void): Scheduled {
    return this.at(this.nowMs + delayMs, run);
  }

  at(atMs: number, run: () => void): Scheduled {
    this.#order += 1;
    const event = { atMs: Math.max(atMs, this.nowMs), order: this.#order, run };
    this.#heap.push(event);
    return event;
  }

  /**
   * The whole world stands still for this time while its clocks run; events due meanwhile happen at once
   * afterwards, in order.
   */
  skip(ms: number): void {
    this.nowMs += ms;
    this.skippedMs += ms;
  }

  /** The time without skipped parts. */
  get livedMs(): number {
    return this.nowMs - this.skippedMs;
  }

  /** Adds a value to the trace's hash: one that must be equal in every run of a seed. */
  mix(value: number): void {
    this.#hash = Math.imul(this.#hash ^ value, 0x01000193);
    this.#hash ^= this.#hash >>> 15;
  }

  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0');
  }

  /** Runs all events up to `untilMs`, and sets the time to that. */
  run(untilMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      // A tick queued by a microtask runs when all microtasks are done.
      const again = (): void => process.nextTick(step);
      const step = (): void => {
        try {
          if (this.after?.() || !this.#step(untilMs)) resolve();
          else queueMicrotask(again);
        } catch (error) {
          reject(error);
        }
      };
      process.nextTick(step);
    });
  }

  #step(untilMs: number): boolean {
    for (let event = this.#heap.peek(); event; event = this.#heap.peek()) {
      if (event.atMs > untilMs) break;
      this.#heap.pop();
      const { run } = event;
      if (run === undefined) continue;
      this.events += 1;
      if (this.events > eventsMax) throw new Error(`more than ${eventsMax} events`);
      this.nowMs = Math.max(this.nowMs, event.atMs);
      this.mix(Math.floor(event.atMs * 1_000));
      run();
      return true;
    }
    this.nowMs = Math.max(this.nowMs, untilMs);
    return false;
  }
}
