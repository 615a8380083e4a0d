/**
 * A simulated process and its lives. A crash ends a life with all its timers, connections and callbacks;
 * the next life starts empty. A life is the Clock of its code, with its own rate and origin. A pause
 * (SIGSTOP) stops everything but time. If the machine is suspended, the monotonic clock stops as well,
 * and the wall clock continues.
 */
import type { Clock, Timer } from '../src/base/clock.js';
import type { Random } from '../src/base/random.js';
import type { Scheduler } from './scheduler.js';

/** Timers fire slightly late, never early. */
const lateMs = 0.001;
/** Events within this time belong to one turn of the event loop. */
const turnMs = 0.02;
const wallOriginMs = 1_700_000_000_000;

export interface LifeOptions {
  readonly scheduler: Scheduler;
  readonly name: string;
  readonly index: number;
  /** The rate of the clock. */
  readonly rate: number;
  readonly random: Random;
}

interface Held {
  readonly isInput: boolean;
  /** The connection that it arrived on; events of one connection stay in order. */
  readonly source: object | undefined;
  readonly run: () => void;
}

export class Life implements Clock {
  readonly name: string;
  readonly number: number;
  /** Something has happened in it since the last check. */
  touched = false;
  readonly #options: LifeOptions;
  readonly #bornMs: number;
  readonly #originMs: number;
  readonly #ends: ((power: boolean) => void)[] = [];
  #dead = false;
  #paused = false;
  /** When its monotonic clock stopped, and for how long it had stood still before. */
  #frozenAtMs: number | undefined;
  #frozenMs = 0;
  #held: Held[] = [];

  constructor(options: LifeOptions, number: number) {
    this.#options = options;
    this.name = options.name;
    this.number = number;
    this.#bornMs = options.scheduler.nowMs;
    this.#originMs = options.random.integer(1_000_000);
  }

  get dead(): boolean {
    return this.#dead;
  }

  get paused(): boolean {
    return this.#paused;
  }

  nowMs(): number {
    const untilMs = this.#frozenAtMs ?? this.#options.scheduler.nowMs;
    return this.#originMs + (untilMs - this.#bornMs - this.#frozenMs) * this.#options.rate;
  }

  wallMs(): number {
    return wallOriginMs + this.#options.scheduler.nowMs;
  }

  after(ms: number, callback: () => void): Timer {
    const { scheduler, rate } = this.#options;
    const dueMs = this.nowMs() + Math.max(0, ms);
    let live = true;
    const arm = (leftMs: number) =>
      scheduler.in(leftMs / rate + lateMs, () => this.enter(fire, false));
    const fire = (): void => {
      if (!live) return;
      // The clock of the timers has stood still.
      const leftMs = dueMs - this.nowMs();
      if (leftMs > 0) event = arm(leftMs);
      else callback();
    };
    let event = arm(Math.max(0, ms));
    return {
      cancel() {
        live = false;
        event.run = undefined;
      },
    };
  }

  afterTurn(callback: () => void): void {
    this.#options.scheduler.in(turnMs, () => this.enter(callback, false));
  }

  /** Runs an event in this life: at once, after the pause, or never. */
  enter(run: () => void, isInput: boolean, source?: object): void {
    if (this.#dead) return;
    if (this.#paused) {
      this.#held.push({ isInput, source, run });
      return;
    }
    this.touched = true;
    this.#options.scheduler.mix(this.#options.index);
    run();
  }

  /** Called when this life ends; with `power` if its machine lost power. */
  onEnd(callback: (power: boolean) => void): void {
    this.#ends.push(callback);
  }

  /** `frozen`: the whole machine is suspended. */
  pause(frozen = false): void {
    this.#paused = true;
    if (frozen) this.#frozenAtMs ??= this.#options.scheduler.nowMs;
  }

  /**
   * Delivers the waiting events at once: at random timers first, in their order, or input first (A17),
   * one connection after the other.
   */
  resume(): void {
    if (!this.#paused || this.#dead) return;
    this.#paused = false;
    this.#thaw();
    const held = this.#held;
    this.#held = [];
    const order = this.#options.random.integer(3);
    if (order < 2) held.sort((a, b) => rank(a, order) - rank(b, order));
    if (order === 0) this.#byConnection(held);
    for (const { run } of held) this.#options.scheduler.in(0, () => this.enter(run, true));
  }

  #thaw(): void {
    if (this.#frozenAtMs === undefined) return;
    this.#frozenMs += this.#options.scheduler.nowMs - this.#frozenAtMs;
    this.#frozenAtMs = undefined;
  }

  #byConnection(held: Held[]): void {
    const turns = new Map<object, number>();
    const turnOf = (one: Held): number => {
      if (!one.isInput) return 1;
      const source = one.source ?? one;
      const turn = turns.get(source) ?? this.#options.random.fraction();
      turns.set(source, turn);
      return turn;
    };
    const placed = held.map((one) => ({ one, turn: turnOf(one) }));
    placed.sort((a, b) => a.turn - b.turn);
    for (const [place, { one }] of placed.entries()) held[place] = one;
  }

  end(power: boolean): void {
    if (this.#dead) return;
    this.#dead = true;
    this.#held = [];
    for (const callback of this.#ends) callback(power);
  }
}

function rank(held: Held, order: number): number {
  return held.isInput === (order === 0) ? 0 : 1;
}
