/**
 * The shared parts of a simulated cluster: time, network, randomness in separate streams (so that one
 * more draw here changes nothing there), the checkers, and the record of problems.
 */
import type { Logger } from '../src/base/logging.js';
import { type Random, seededRandom } from '../src/base/random.js';
import { allRules, type Rules } from '../src/consensus/rules.js';
import { BooksChecker } from './books-checker.js';
import type { Bug } from './bugs.js';
import { HistoryRecorder } from './history-recorder.js';
import { LogChecker } from './log-checker.js';
import { Network } from './network.js';
import { type Lossiness, noLoss } from './peers.js';
import { Life } from './process.js';
import type { Profile } from './profile.js';
import { ReadChecker } from './read-checker.js';
import { Scheduler } from './scheduler.js';

export type GroupName = 'catalog' | 'order';

export interface WorldOptions {
  readonly seed: number;
  readonly profile: Profile;
  readonly rules?: Partial<Rules>;
  readonly bugs?: readonly Bug[];
  /** Gets a line for each event, if set. */
  readonly trace?: ((line: string) => void) | undefined;
}

export class World {
  readonly scheduler = new Scheduler();
  readonly network: Network;
  readonly profile: Profile;
  readonly rules: Rules;
  readonly random: Readonly<
    Record<
      | 'processes'
      | 'disks'
      | 'peers'
      | 'clients'
      | 'services'
      | 'faults'
      | 'visits'
      | 'holders'
      | 'cancellations'
      | 'ledgers',
      Random
    >
  >;
  readonly logs: Readonly<Record<GroupName, LogChecker>>;
  readonly books: BooksChecker;
  readonly reads: ReadChecker;
  readonly history = new HistoryRecorder(() => this.scheduler.nowMs);
  readonly problems: string[] = [];
  /** How often each event happened, so that a summary shows what the seeds cover. */
  readonly counts = new Map<string, number>();
  /** Clients with holds, in every other run. */
  readonly holders: number;
  lossiness: Lossiness = noLoss;
  readonly #bugs: ReadonlySet<Bug>;
  readonly #trace: ((line: string) => void) | undefined;
  #lives = 0;

  constructor(options: WorldOptions) {
    const stream = (number: number): Random => seededRandom(options.seed * 16 + number);
    this.profile = options.profile;
    this.rules = { ...allRules, ...options.rules };
    this.#bugs = new Set(options.bugs);
    this.#trace = options.trace;
    this.network = new Network(this.scheduler, stream(1), options.profile.network);
    this.network.trace = (line) => this.trace(line);
    this.random = {
      processes: stream(2),
      disks: stream(3),
      peers: stream(4),
      clients: stream(5),
      services: stream(6),
      faults: stream(7),
      visits: stream(8),
      holders: stream(9),
      cancellations: stream(10),
      ledgers: stream(11),
    };
    this.holders = this.random.holders.integer(2) * 2;
    const report = (problem: string): void => this.report(problem);
    this.logs = {
      catalog: new LogChecker('catalog', report),
      order: new LogChecker('order', report),
    };
    this.books = new BooksChecker(report);
    this.reads = new ReadChecker(this.books, report, (line) => this.trace(line));
  }

  count(what: string, times = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + times);
  }

  hasBug(bug: Bug): boolean {
    return this.#bugs.has(bug);
  }

  /** An invariant is broken: the run ends. */
  report(problem: string): void {
    if (this.problems.length < 10) this.problems.push(problem);
    this.trace(() => `PROBLEM ${problem}`);
  }

  trace(line: () => string): void {
    if (this.#trace === undefined) return;
    this.#trace(`${this.scheduler.nowMs.toFixed(3).padStart(10)}  ${line()}`);
  }

  newLife(name: string, index: number): Life {
    const { clockSpread, clocksApart } = this.profile;
    const random = this.random.processes;
    const lead = 2 * random.fraction() - 1;
    const rate = 1 + clockSpread * (clocksApart ? Math.sign(lead) : lead);
    this.#lives += 1;
    return new Life({ scheduler: this.scheduler, name, index, rate, random }, this.#lives);
  }

  /** Passes a service's log lines to the trace. */
  logger(name: string): Logger {
    const log = (fields: Record<string, unknown>, message: string): void => {
      this.trace(() => `${name}: ${message} ${JSON.stringify(fields)}`);
    };
    return { debug: log, info: log, warn: log, error: log };
  }
}
