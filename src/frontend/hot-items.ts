/**
 * Items that a crowd reads while they change all the time, as when everybody wants the last pieces.
 * Of their readers a few are let through in each period, and the others together at its end: what
 * they took in speed, those who buy would pay for. Knows neither questions nor answers. Invariant:
 * nobody waits for longer than a period, and whoever is not of a crowd does not wait.
 */
import type { Clock } from '../base/clock.js';
import type { Sighting } from './stamps.js';

/** So many readers of an item at a time are a crowd. */
const crowd = 16;
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
  /** Readers who came in it, and those who had waited for it; beyond a crowd they wait. */
  came: number;
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

  /** So many want an answer of the services: a crowd makes the item hot. */
  wanted(id: number, by: number): void {
    if (by >= crowd && !this.#periods.has(id)) this.#begin(id, by);
  }

  /** May a reader who comes look at once? Else it is to wait until the item is open. */
  admits(id: number): boolean {
    const period = this.#periods.get(id);
    if (period === undefined) return true;
    period.came++;
    return period.came <= crowd;
  }

  /** When whoever was not admitted may look; undefined for those who were. */
  whenOpen(id: number): Promise<void> | undefined {
    const period = this.#periods.get(id);
    if (period === undefined || period.came <= crowd) return undefined;
    period.waiting++;
    return period.end;
  }

  #begin(id: number, came: number): void {
    const { clock, sight } = this.#options;
    const end = new Promise<void>((resolve) => {
      clock.after(periodMs, () => {
        this.#end(id);
        resolve();
      });
    });
    this.#periods.set(id, { sighting: sight(id), came, waiting: 0, end });
  }

  #end(id: number): void {
    const period = this.#periods.get(id);
    this.#periods.delete(id);
    if (period === undefined || period.came < crowd) return;
    if (!this.#options.isCurrent(period.sighting)) this.#begin(id, period.waiting);
  }
}
