/**
 * Items that a crowd reads while they change all the time, as when everybody wants the last pieces:
 * their readers are let through together, every few milliseconds, for what they took in speed those
 * who buy would pay for. Knows neither questions nor answers. Invariant: nobody waits for longer than
 * a period, and an item that did not change in one, or was not read by a crowd, is not hot.
 */
import type { Clock } from '../base/clock.js';
import type { Sighting } from './stamps.js';

/** So many readers of an item at a time are a crowd. */
export const crowd = 16;
const periodMs = 4;

export interface HotItemsOptions {
  readonly clock: Clock;
  /** What is known of the item now. */
  sight(id: number): Sighting;
  /** Nothing has changed since. */
  isCurrent(sighting: Sighting): boolean;
}

interface Period {
  /** The item as it was when the period began. */
  readonly sighting: Sighting;
  /** Readers that were let through. */
  passed: number;
  waiting: number;
  readonly end: Promise<void>;
}

export class HotItems {
  readonly #options: HotItemsOptions;
  readonly #periods = new Map<number, Period>();

  constructor(options: HotItemsOptions) {
    this.#options = options;
  }

  get any(): boolean {
    return this.#periods.size > 0;
  }

  /** A crowd waits for one and the same answer: the item is hot until a period shows that it is not. */
  heat(id: number): void {
    if (!this.#periods.has(id)) this.#begin(id, crowd);
  }

  /** May a reader look now? Else it is to wait for the period's end. */
  admits(id: number): boolean {
    const period = this.#periods.get(id);
    if (period === undefined) return true;
    if (period.passed >= crowd) return false;
    period.passed++;
    return true;
  }

  /** Resolves when whoever waits may look; undefined where nobody has to wait. */
  whenOpen(id: number): Promise<void> | undefined {
    const period = this.#periods.get(id);
    if (period === undefined || period.passed < crowd) return undefined;
    period.waiting++;
    return period.end;
  }

  #begin(id: number, passed: number): void {
    const { clock, sight } = this.#options;
    const end = new Promise<void>((resolve) => {
      clock.after(periodMs, () => {
        this.#end(id);
        resolve();
      });
    });
    this.#periods.set(id, { sighting: sight(id), passed, waiting: 0, end });
  }

  #end(id: number): void {
    const period = this.#periods.get(id);
    this.#periods.delete(id);
    if (period === undefined || period.passed + period.waiting < crowd) return;
    if (!this.#options.isCurrent(period.sighting)) this.#begin(id, period.waiting);
  }
}
