/**
 * One run: a store is founded, customers come, blows fall until the time is over, all is healed, and
 * the books are held against what customers were told. Returns what happened; prints nothing.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkHistory } from '../../src/history/check.js';
import type { History } from '../../src/history/types.js';
import type { Product } from '../e2e/raw-client.js';
import { seeded } from '../e2e/seeded.js';
import { type Reckoning, reckon } from './books.js';
import { work } from './clerk.js';
import { Customer } from './customer.js';
import { Door } from './door.js';
import { Fleet, healsWithinMs } from './fleet.js';
import type { Struck } from './outages.js';
import { type Blow, deal, nameOf, type shortDeck } from './plan.js';
import { Recorder } from './recorder.js';
import { Striker } from './striker.js';

const size = { catalogs: 2, orders: 3, recovery: 1, frontends: 2 } as const;
const plenty = 1_000_000_000;
const productsCount = 8;
const scarceCount = 2;
const customersCount = 12;
/** Some wait shorter than the store tries. */
const patienceMs = [2_000, 7_000] as const;
const pollMs = 10;

export interface DrillOptions {
  readonly seed: number;
  readonly durationMs: number;
  readonly deck: typeof shortDeck;
  readonly folder: string;
  readonly portOffset: number;
  /** What happens, line by line. */
  readonly tell: (line: string) => void;
  /** Called now and then with where it stands. */
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
  readonly blows: readonly Struck[];
  /** How often each fault struck, by name. */
  readonly faults: ReadonlyMap<string, number>;
  readonly recorder: Recorder;
  readonly history: History;
}

export async function drill(options: DrillOptions): Promise<Outcome> {
  return new Drill(options).run();
}

class Drill {
  readonly #options: DrillOptions;
  readonly #recorder: Recorder;
  readonly #fleet: Fleet;
  readonly #striker: Striker;
  readonly #blows: Struck[] = [];
  readonly #faults = new Map<string, number>();
  #now = 'the founding';
  #leaving = false;
  #beganMs = 0;

  constructor(options: DrillOptions) {
    const { seed, folder, portOffset, tell } = options;
    this.#options = options;
    this.#recorder = new Recorder(products(), () => `seed ${seed}, ${this.#now}`);
    this.#fleet = new Fleet({
      ...{ folder, portOffset, size, products: this.#recorder.first },
      died: (name, how, logTail) => {
        this.#recorder.problem(`${name} ended by itself (${how}):\n${logTail}`);
      },
    });
    // Of its own: whom a fault strikes must not change which fault comes next.
    this.#striker = new Striker(this.#fleet, seeded(seed + 1), (text) => {
      this.#now = text;
      tell(`${this.#elapsed()} ${text}`);
    });
  }

  async run(): Promise<Outcome> {
    const { seed } = this.#options;
    try {
      await this.#fleet.found();
      const [problem] = this.#recorder.wrong;
      if (problem !== undefined) throw new Error(problem);
      this.#beganMs = this.#recorder.nowMs();
      const visits = this.#open();
      await this.#strikeAll();
      this.#now = 'the end';
      this.#leaving = true;
      await visits;
      const reckoning = await reckon(this.#fleet, this.#recorder);
      const history = this.#recorder.history();
      return {
        ...reckoning,
        ...{ seed, elapsedMs: this.#elapsedMs(), blows: this.#blows, faults: this.#faults },
        problems: [
          ...this.#recorder.wrong,
          ...reckoning.problems,
          ...checkHistory(history).problems,
        ],
        ...{ recorder: this.#recorder, history },
      };
    } finally {
      await this.#fleet.close();
    }
  }

  /** Customers and the clerk come. Resolves when all have left. */
  async #open(): Promise<void> {
    const recorder = this.#recorder;
    const ports = this.#fleet.frontends.map((name) => this.#fleet.rawPort(name));
    const leaving = (): boolean => this.#leaving;
    const token = readFileSync(join(this.#fleet.dataDir, 'admin.token'), 'utf8').trim();
    const scarce = recorder.first.filter((one) => one.quantity < plenty).map(({ id }) => id);
    const random = (i: number) => seeded(this.#options.seed + 100 + i);
    const customers = Array.from({ length: customersCount }, (_, i) => {
      const door = new Door(ports, i, patienceMs[i % 2] ?? 0);
      const name = `customer-${i + 1}`;
      return new Customer({ name, door, recorder, random: random(i), leaving }).visit();
    });
    const door = new Door(ports, 0, patienceMs[0], token);
    const clerk = work({ door, recorder, scarce, random: random(customersCount), leaving });
    await Promise.all([...customers, clerk]);
  }

  async #strikeAll(): Promise<void> {
    const { durationMs, deck, seed } = this.#options;
    await this.#sells();
    for (const blow of deal(deck, seeded(seed))) {
      await this.#strike(blow);
      if (this.#elapsedMs() > durationMs) return;
      this.#now = `after ${this.#now}`;
      await this.#waits(blow.calmMs);
    }
  }

  async #strike({ faults }: Blow): Promise<void> {
    const what = faults.map(nameOf).join(' + ');
    for (const fault of faults) {
      this.#faults.set(nameOf(fault), (this.#faults.get(nameOf(fault)) ?? 0) + 1);
    }
    const beganMs = this.#recorder.nowMs();
    const struck = Promise.all(faults.map((fault) => this.#striker.strike(fault)));
    let isOver = false;
    const over = struck.then(() => {
      isOver = true;
    });
    while (!isOver) {
      await Promise.race([over, this.#waits(pollMs)]);
    }
    await this.#sells();
    this.#blows.push({ what, beganMs, endedMs: this.#recorder.nowMs() });
  }

  /** Somebody's purchase, begun now or later, is acknowledged. */
  async #sells(): Promise<void> {
    const recorder = this.#recorder;
    const sinceMs = recorder.nowMs();
    const count = recorder.sold.size;
    while (recorder.sold.size === count) {
      if (recorder.nowMs() - sinceMs > healsWithinMs) {
        recorder.problem(`nobody can buy for ${healsWithinMs} ms although all is healed`);
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

/** Some never run out, some do all the time. */
function products(): Product[] {
  return Array.from({ length: productsCount }, (_, i) => ({
    ...{ id: i + 1, name: `Product ${i + 1}`, topic: 'chaos', price: 19.9 + i, version: 1 },
    quantity: i < scarceCount ? 20 : plenty,
  }));
}

function sum(numbers: Iterable<number>): number {
  let all = 0;
  for (const number of numbers) all += number;
  return all;
}
