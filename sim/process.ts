/**
 * A simulated process and its lives: a crash ends a life, and with it every timer, connection and
 * callback that the life had; the next one starts anew. A life is the Clock of all that runs in it:
 * its clock has a rate and an origin of its own. A pause (SIGSTOP) holds up everything but time; where
 * the machine is suspended the monotonic clock stands still as well, and the wall clock goes on.
 */
import type { Clock, Timer } from '../src/base/clock.js';
import type { Random } from '../src/base/random.js';
import type { Scheduler } from './scheduler.js';

/** Timers fire a little late, never early. */
const lateMs = 0.001;
/** What comes within it is one turn of the event loop. */
const turnMs = 0.02;
const wallOriginMs = 1_700_000_000_000;

export interface LifeOptions {
  readonly scheduler: Scheduler;
  readonly name: string;
  readonly index: number;
  /** How fast the clock goes. */
  readonly rate: number;
  readonly random: Random;
}

interface Held {
  readonly isInput: boolean;
  /** The connection that it came over: of one the order stays. */
  readonly source: object | undefined;
  readonly run: () => void;
}

export class Life implements Clock {
  readonly name: string;
  readonly number: number;
  /** Something has happened in it since a checker last looked. */
  touched = false;
  readonly #options: LifeOptions;
  readonly #bornMs: number;
  readonly #originMs: number;
  readonly #ends: ((power: boolean) => void)[] = [];
  #dead = false;
  #paused = false;
  /** When its monotonic clock was stopped, and for how long it has stood still before. */
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
      // The clock that timers go by has stood still.
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

  /** Runs what happens in this life: at once, after the pause, or never. */
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

  /** Called when this life ends; with `power`, because its machine lost it. */
  onEnd(callback: (power: boolean) => void): void {
    this.#ends.push(callback);
  }

  /** `frozen`: the whole machine is suspended. */
  pause(frozen = false): void {
    this.#paused = true;
    if (frozen) this.#frozenAtMs ??= this.#options.scheduler.nowMs;
  }

  /**
   * What came meanwhile is found all at once: by chance timers first, as it came, or input first
   * (A17), one connection after the other.
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
