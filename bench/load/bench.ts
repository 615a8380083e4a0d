/**
 * What a scenario works with: the settings, the servers it may start, and the shapes of what it
 * reports. Everything started here is stopped when the scenario ends, however it ends.
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

/** One line of the table: the medians over the runs, and the runs themselves. */
export interface LoadRow {
  readonly what: string;
  readonly shape: Shape;
  readonly median: Omit<RunResult, 'errors' | 'answers'>;
  /** Half the distance of the best run's rate from the worst one's, of the median. */
  readonly spreadPercent: number;
  /** The median rate by the echo's, measured in turn with it. */
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
  /** One sentence for each thing that must not be; the bench then ends with 1. */
  readonly problems: readonly string[];
}

export interface Scenario {
  readonly name: string;
  readonly about: string;
  /** How long it may take, where that is more than the usual. */
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

  /** The same store once more, after its crash or its halt. */
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
