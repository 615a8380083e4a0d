/**
 * A model of a database with one synchronous standby: transactions that lock the leader row, commits that
 * wait for the standby, answers that get lost, a failover, and the former primary, which goes on to answer
 * those who are still connected to it. Invariant: a commit that was answered is on the standby.
 */
import type { Clock } from '../../src/base/clock.js';
import type { Random } from '../../src/base/random.js';
import type { Entry } from '../../src/consensus/types.js';
import type { LogEnd, LogWrite } from '../../src/database/types.js';

/** The rules of the database's side that a seeded bug switches off. */
export interface ModelRules {
  /** S1: a write updates the leader row in its own epoch, which the row has. */
  readonly fenced: boolean;
  /** S1: a write finds the expected end of the log. */
  readonly endFenced: boolean;
  /** From the takeover to the first write all calls use one session (S4). */
  readonly oneSession: boolean;
}

export const allModelRules: ModelRules = {
  fenced: true,
  endFenced: true,
  oneSession: true,
};

/** The committed state of one server. */
export interface ServerState {
  epoch: number;
  log: Entry[];
  tables: { readonly appliedSeq: number; readonly head: Uint8Array } | undefined;
}

export type Change = (state: ServerState) => void;

export const zeros: LogEnd = { seq: 0, epoch: 0, time: 0 };

export function endOf({ log }: ServerState): LogEnd {
  const last = log.at(-1);
  return last ? { seq: last.seq, epoch: last.epoch, time: last.time } : zeros;
}

/** What a transaction decides from the committed state: its change, or undefined if it fails. */
export type Transaction = (state: ServerState) => Change | undefined;

export type Commit = 'committed' | 'failed' | 'unknown';

export class Server {
  readonly state: ServerState;
  readonly standby: ServerState;
  /** The standby was promoted: no commit is confirmed here any more. */
  isCutOff = false;
  #lock: Promise<void> = Promise.resolve();
  /** Changes that the standby does not have yet. */
  readonly #behind: Change[] = [];
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(clock: Clock, random: Random, state: ServerState) {
    this.#clock = clock;
    this.#random = random;
    this.state = { ...state, log: [...state.log] };
    this.standby = { ...state, log: [...state.log] };
  }

  /** Runs a transaction behind the others that lock the leader row. Its commit may never be known. */
  async run(transaction: Transaction): Promise<Commit> {
    const before = this.#lock;
    let unlock: () => void = () => {};
    this.#lock = new Promise((resolve) => {
      unlock = resolve;
    });
    await before;
    try {
      const change = transaction(this.state);
      if (change === undefined) return 'failed';
      await this.#wait(0.2, 2);
      if (this.isCutOff || this.#random.integer(100) === 0) return await this.#unconfirmed(change);
      this.#replicate(change);
      await this.#wait(0.1, 1);
      change(this.state);
      return 'committed';
    } finally {
      unlock();
    }
  }

  /** Someone ends the wait for the standby: the commit is visible here, and perhaps nowhere else. */
  async #unconfirmed(change: Change): Promise<Commit> {
    await this.#wait(5, 200);
    change(this.state);
    this.#behind.push(change);
    if (!this.isCutOff && this.#random.integer(2) === 0) this.#replicate();
    return 'unknown';
  }

  /** The standby gets all changes in their order. */
  #replicate(change?: Change): void {
    for (const earlier of this.#behind.splice(0)) earlier(this.standby);
    change?.(this.standby);
  }

  #wait(minMs: number, spreadMs: number): Promise<void> {
    const ms = minMs + this.#random.fraction() * spreadMs;
    return new Promise((resolve) => this.#clock.after(ms, resolve));
  }
}

/** The primary, and servers that were primaries. */
export class DatabaseModel {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly rules: ModelRules;
  primary: Server;
  former: Server | undefined;

  constructor(clock: Clock, random: Random, rules: ModelRules = allModelRules) {
    this.#clock = clock;
    this.#random = random;
    this.rules = rules;
    this.primary = new Server(clock, random, { epoch: 0, log: [], tables: undefined });
  }

  /** Promotes the standby. Sessions at the former primary stay until they are cut. */
  failOver(): void {
    this.former = this.primary;
    const { standby } = this.primary;
    this.primary.isCutOff = true;
    this.primary = new Server(this.#clock, this.#random, standby);
  }
}

/** The change of a write, or undefined if the fence does not let it pass. */
export function writeTransaction(write: LogWrite, rules: ModelRules): Transaction {
  return (state) => {
    const end = endOf(state);
    const isExpected = end.seq === write.end.seq && end.epoch === write.end.epoch;
    if (rules.fenced && state.epoch !== write.epoch) return undefined;
    if (rules.endFenced && !isExpected) return undefined;
    return (target) => {
      // Without the fence a write puts its rows over those of another leader.
      for (const entry of write.entries) {
        target.log[entry.seq - 1] = entry;
      }
      const { changes } = write;
      if (changes) target.tables = { appliedSeq: changes.appliedSeq, head: changes.head };
    };
  };
}
