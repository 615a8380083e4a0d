/**
 * One run: founds a store, starts customers, injects faults until the time is over, heals everything,
 * and compares the books with the customers' answers. Returns the outcome and prints nothing.
 */
import { checkHistory } from '../src/checker/check.js';
import type { History } from '../src/checker/types.js';
import { seeded } from '../test/e2e/seeded.js';
import { type Reckoning, reckon } from './books.js';
import { startClients, stock } from './clients.js';
import { FaultInjector } from './fault-injector.js';
import { Fleet, healsWithinMs } from './fleet.js';
import { type Ground, journalGround } from './ground.js';
import { OutageWatch } from './outage-watch.js';
import type { PastInjection } from './outages.js';
import { type Card, deal, type Injection, nameOf } from './plan.js';
import { Recorder } from './recorder.js';

const size = { catalogs: 2, orders: 3, frontends: 2 } as const;
const customersCount = 12;
const pollMs = 10;

export interface DrillOptions {
  readonly seed: number;
  readonly durationMs: number;
  /** The run ends no earlier than with this many faults. */
  readonly faultsMin?: number;
  readonly deck: readonly Card[];
  /** Absent: journals. */
  readonly ground?: Ground;
  readonly folder: string;
  readonly portOffset: number;
  /** Called with each event as a line. */
  readonly tell: (line: string) => void;
  /** Called at intervals with the progress. */
  readonly progress: (progress: Progress) => void;
}

export interface Progress {
  readonly elapsedMs: number;
  readonly faults: number;
  readonly operations: number;
  readonly acknowledged: number;
  readonly problems: number;
  readonly now: string;
}

export interface Outcome extends Reckoning {
  readonly seed: number;
  readonly elapsedMs: number;
  readonly injections: readonly PastInjection[];
  /** How often each fault was injected, by name. */
  readonly faults: ReadonlyMap<string, number>;
  readonly recorder: Recorder;
  readonly history: History;
  /** The longest time without a purchase in which the store could sell (I12). */
  readonly longestOutageMs: number;
  /** The limit for it; it grows with the load of the machine, up to a maximum. */
  readonly outageBoundMs: number;
}

export async function drill(options: DrillOptions): Promise<Outcome> {
  return new Drill(options).run();
}

class Drill {
  readonly #options: DrillOptions;
  readonly #recorder: Recorder;
  readonly #fleet: Fleet;
  readonly #injector: FaultInjector;
  readonly #watch: OutageWatch;
  readonly #injections: PastInjection[] = [];
  readonly #faults = new Map<string, number>();
  #now = 'the founding';
  #beganMs = 0;

  constructor(options: DrillOptions) {
    const { seed, folder, portOffset, tell, ground = journalGround } = options;
    this.#options = options;
    this.#recorder = new Recorder(stock(), () => `seed ${seed}, ${this.#now}`);
    this.#fleet = new Fleet({
      ...{ folder, portOffset, ground, products: this.#recorder.first },
      size: { ...size, recovery: ground.recovery },
      died: (name, how, logTail) => {
        this.#recorder.problem(`${name} ended without a fault (${how}):\n${logTail}`);
      },
    });
    this.#watch = new OutageWatch(this.#fleet, this.#recorder);
    // Has its own source of randomness: the choice of a target must not change the next fault.
    this.#injector = new FaultInjector(this.#fleet, seeded(seed + 1), (text) => {
      this.#now = text;
      tell(`${this.#elapsed()} ${text}`);
    });
  }

  async run(): Promise<Outcome> {
    const reckoning = await this.#reckoning().finally(() => this.#fleet.close());
    const history = this.#recorder.history();
    return {
      ...reckoning,
      ...{ seed: this.#options.seed, elapsedMs: this.#elapsedMs() },
      ...{ injections: this.#injections, faults: this.#faults, recorder: this.#recorder, history },
      longestOutageMs: this.#watch.longestMs,
      outageBoundMs: this.#watch.boundMs,
      problems: [...this.#recorder.wrong, ...reckoning.problems, ...checkHistory(history).problems],
    };
  }

  async #reckoning(): Promise<Reckoning> {
    await this.#fleet.found();
    this.#beganMs = this.#recorder.nowMs();
    const clients = startClients(this.#fleet, this.#recorder, this.#options.seed, customersCount);
    try {
      this.#watch.start();
      await this.#injectAll();
      this.#watch.stop();
      this.#now = 'the end';
      await clients.leave();
      return await reckon(this.#fleet, this.#recorder);
    } finally {
      this.#watch.stop();
      clients.abandon();
    }
  }

  async #injectAll(): Promise<void> {
    const { durationMs, deck, seed, faultsMin = 0 } = this.#options;
    await this.#sells();
    for (const injection of deal(deck, seeded(seed))) {
      if (injection.onWhole) await this.#isWhole();
      await this.#inject(injection);
      const isEnough = sum(this.#faults.values()) >= faultsMin;
      if (isEnough && this.#elapsedMs() > durationMs) return;
      this.#now = `after ${this.#now}`;
      await this.#waits(injection.calmMs);
    }
  }

  async #inject({ faults }: Injection): Promise<void> {
    const isWhole = await this.#fleet.isWhole();
    const what = isWhole ? faults.map(nameOf).join(' + ') : 'others were still away';
    for (const fault of faults) {
      this.#faults.set(nameOf(fault), (this.#faults.get(nameOf(fault)) ?? 0) + 1);
    }
    const beganMs = this.#recorder.nowMs();
    const injected = Promise.all(faults.map((fault) => this.#injector.inject(fault)));
    let isOver = false;
    const over = injected.then(() => {
      isOver = true;
    });
    while (!isOver) {
      await Promise.race([over, this.#waits(pollMs)]);
    }
    await this.#sells();
    this.#injections.push({ what, beganMs, endedMs: this.#recorder.nowMs() });
  }

  /** Waits until all services are back after the last injection. */
  async #isWhole(): Promise<void> {
    const endMs = this.#recorder.nowMs() + healsWithinMs;
    while (!(await this.#fleet.isWhole())) {
      if (this.#recorder.nowMs() > endMs) {
        this.#recorder.problem(`not all services are back within ${healsWithinMs} ms`);
        return;
      }
      await this.#waits(pollMs);
    }
  }

  /** Waits until a purchase that begins now or later is acknowledged. */
  async #sells(): Promise<void> {
    const recorder = this.#recorder;
    const sinceMs = recorder.nowMs();
    const count = recorder.sold.size;
    while (recorder.sold.size === count) {
      if (recorder.nowMs() - sinceMs > healsWithinMs) {
        recorder.problem(
          `no purchase succeeds for ${healsWithinMs} ms although all faults are over`,
        );
        return;
      }
      await this.#waits(pollMs);
    }
  }

  async #waits(ms: number): Promise<void> {
    const { operations, sold, wrong } = this.#recorder;
    this.#options.progress({
      ...{ elapsedMs: this.#elapsedMs(), faults: sum(this.#faults.values()), now: this.#now },
      ...{ operations: operations.length, acknowledged: sold.size, problems: wrong.length },
    });
    await new Promise((resolve) => setTimeout(resolve, ms));
  }

  #elapsedMs(): number {
    return this.#recorder.nowMs() - this.#beganMs;
  }

  #elapsed(): string {
    return `${(this.#elapsedMs() / 1_000).toFixed(3).padStart(9)} s`;
  }
}

function sum(numbers: Iterable<number>): number {
  let all = 0;
  for (const number of numbers) all += number;
  return all;
}
