/**
 * The interface of a scenario: the settings, the servers it may start, and the shapes of its report.
 * Every server started here is stopped when the scenario ends, also after an error.
 */
import { type Helper, type HelperName, startHelper } from './helper.js';
import type { RunResult, Shape, Target, Timing } from './session.js';
import { type RunningStore, type StoreOptions, startStore } from './store.js';

export interface Settings {
  /** Runs of each measurement; odd, so that the median is one of them. */
  readonly rounds: number;
  readonly timing: Timing;
  readonly quick: boolean;
  readonly store: StoreOptions;
}

/** One line of the table: the medians over the runs, and the runs. */
export interface LoadRow {
  readonly what: string;
  readonly shape: Shape;
  readonly median: Omit<RunResult, 'errors' | 'answers'>;
  /** Half the difference between the best and the worst run's rate, relative to the median. */
  readonly spreadPercent: number;
  /** The median rate relative to the echo's, measured alternately with it. */
  readonly percentOfEcho: number | undefined;
  readonly runs: readonly RunResult[];
}

export interface Fact {
  readonly what: string;
  readonly value: number;
  readonly unit: 'ms' | 'MiB' | '%' | '';
}

export interface Report {
  readonly rows: readonly LoadRow[];
  readonly facts: readonly Fact[];
  /** One sentence for each violation; the bench then exits with 1. */
  readonly problems: readonly string[];
}

export interface Scenario {
  readonly name: string;
  readonly about: string;
  /** The time limit, if it exceeds the usual one. */
  readonly limitMs?: number;
  run(bench: Bench): Promise<Report>;
}

export class Bench {
  readonly settings: Settings;
  readonly #say: (text: string) => void;
  readonly #stops: (() => Promise<void>)[] = [];

  constructor(settings: Settings, say: (text: string) => void) {
    this.settings = settings;
    this.#say = say;
  }

  progress(text: string): void {
    this.#say(text);
  }

  async helper(name: HelperName): Promise<Target> {
    return this.started(startHelper(name));
  }

  async started(starting: Promise<Helper>): Promise<Target> {
    const helper = await starting;
    this.#stops.push(() => helper.stop());
    return helper.target;
  }

  async store(changes: Partial<StoreOptions> = {}): Promise<RunningStore> {
    const store = await startStore({ ...this.settings.store, ...changes });
    this.#stops.push(() => store.stop());
    this.progress(`store ready after ${Math.round(store.startMs)} ms`);
    return store;
  }

  /** Starts the same store again after a crash or a stop. */
  async again(ended: RunningStore): Promise<RunningStore> {
    const store = await ended.again();
    this.#stops.push(() => store.stop());
    this.progress(`store ready again after ${Math.round(store.startMs)} ms`);
    return store;
  }

  async stopAll(): Promise<void> {
    for (const stop of this.#stops.splice(0).reverse()) await stop();
  }
}
