/**
 * A simulated replica of the SQL engine: the production group over modelled sessions, with a machine that
 * remembers its values, cache leases, and tables that hold the number of values.
 */
import type { Clock } from '../../src/base/clock.js';
import { BazarError } from '../../src/base/errors.js';
import { silentLogger } from '../../src/base/logging.js';
import type { Random } from '../../src/base/random.js';
import type { Entry, StateMachine } from '../../src/consensus/types.js';
import type { TableChanges } from '../../src/database/rows.js';
import type { LeaderLink } from '../../src/group/sql/following.js';
import { type GroupTables, SqlGroup } from '../../src/group/sql/sql-group.js';
import type { SqlRules } from '../../src/group/sql/sql-rules.js';
import { type DatabaseModel, zeros } from './database-model.js';
import { type CacheGrant, LeaseBook, type ReplicaRules } from './lease-book.js';
import { ModelLog } from './model-log.js';

/** Remembers the commands, in order. */
export class ValueMachine implements StateMachine<number> {
  readonly values: string[];

  constructor(values: readonly string[]) {
    this.values = [...values];
  }

  apply({ command }: Entry): number {
    if (command.length > 0) this.values.push(Buffer.from(command).toString());
    return this.values.length;
  }

  hash(): string {
    return this.values.join();
  }

  invariants(): void {}
}

class CountingTables implements GroupTables<number> {
  readonly #areBehindGates: boolean;
  readonly #shown: (seq: number) => void;
  #applied = 0;
  #count = 0;
  #written = 0;

  /** `shown`: called with the entry whose state a write brings. */
  constructor(areBehindGates: boolean, shown: (seq: number) => void) {
    this.#areBehindGates = areBehindGates;
    this.#shown = shown;
  }

  applied({ seq }: Entry, count: number): void {
    if (seq <= this.#applied) return;
    this.#applied = seq;
    this.#count = count;
  }

  /** The seeded bug: the tables' state is that of the appended entries. */
  appended(seq: number): void {
    if (this.#areBehindGates) return;
    this.#applied = seq;
    this.#count++;
  }

  changes(): TableChanges | undefined {
    if (this.#applied === this.#written) return undefined;
    this.#shown(this.#applied);
    const head = Buffer.from(String(this.#count));
    const none = { products: [], orders: [], purchaseKeys: [], changeKeys: [] };
    const kept = { client: 0, frontend: 0, change: 0 };
    const ends = { lastOrder: 0, lastCancellation: 0, lastMovement: 0 };
    return { appliedSeq: this.#applied, ...ends, head, ...none, kept };
  }

  written({ appliedSeq }: TableChanges): void {
    this.#written = appliedSeq;
  }
}

/** What all replicas of a run have done. */
export interface Ledger {
  /** The newest entry whose gate any leader has opened. */
  opened: number;
  /** The epoch of each applied entry. */
  readonly applied: Map<number, number>;
}

export interface ReplicaOptions {
  readonly id: string;
  readonly members: readonly string[];
  readonly clock: Clock;
  readonly random: Random;
  readonly database: DatabaseModel;
  readonly link: LeaderLink;
  readonly rules: SqlRules;
  readonly replicaRules: ReplicaRules;
  readonly leaseMs: number;
  readonly holders: readonly string[];
  readonly invalidate: (holder: string, seq: number) => Promise<void>;
  readonly ledger: Ledger;
  readonly broken: (rule: string) => void;
}

export class SqlReplica {
  readonly group: SqlGroup<number>;
  readonly machine: ValueMachine;
  readonly log: ModelLog;
  isUp = true;
  readonly #options: ReplicaOptions;
  readonly #leases: LeaseBook;
  readonly #tables: CountingTables;

  /** Restores its state from the tables, as a starting process does. */
  constructor(options: ReplicaOptions) {
    const { id, members, clock, random, database, link, rules, ledger, broken } = options;
    this.#options = options;
    this.#tables = new CountingTables(options.replicaRules.tablesBehindGates, (seq) => {
      if (seq > ledger.opened) broken(`the tables show entry ${seq} before its gate opened`);
    });
    const { tables, log } = database.primary.state;
    const before = log.slice(0, tables?.appliedSeq ?? 0);
    const last = before.at(-1);
    const values = before.filter(({ command }) => command.length > 0);
    if (tables && Buffer.from(tables.head).toString() !== String(values.length)) {
      broken('the tables show another state than the log');
    }
    this.machine = new ValueMachine(values.map(({ command }) => Buffer.from(command).toString()));
    this.log = new ModelLog(database, clock, random);
    this.group = new SqlGroup<number>({
      ...{ id, members, incarnation: '1', clock, logger: silentLogger, link, rules },
      machine: this.machine,
      database: this.log,
      base: last ? { seq: last.seq, epoch: last.epoch, time: last.time } : zeros,
      gated: true,
      tables: this.#tables,
      applied: ({ seq, epoch }) => {
        if (seq > ledger.opened) broken(`${id} applied entry ${seq} before its gate opened`);
        const first = ledger.applied.get(seq);
        if (first === undefined) ledger.applied.set(seq, epoch);
        else if (first !== epoch) broken(`entry ${seq} was applied in two epochs`);
      },
    });
    this.#leases = new LeaseBook({
      ...{ clock, group: this.group, leaseMs: options.leaseMs, holders: options.holders },
      rules: options.replicaRules,
      values: () => ({ length: this.machine.values.length, last: this.machine.values.at(-1) }),
      invalidate: options.invalidate,
      opened: (seq) => {
        ledger.opened = Math.max(ledger.opened, seq);
      },
    });
    this.group.onRole(({ role, epoch, logEnd }) => {
      if (role === 'leader') this.#leases.began(epoch, logEnd.seq);
    });
    void this.group.start();
  }

  /** Resolves to the place of the value. */
  async append(value: string): Promise<number> {
    const command = Buffer.from(value);
    try {
      const { result } = await this.group.propose(command, (seq) => {
        this.#tables.appended(seq);
        this.#leases.appended(seq);
      });
      return result;
    } catch (error) {
      if (this.#options.replicaRules.lossIsUnknown) throw error;
      throw new BazarError('unavailable', 'the seeded bug: it sounds as if nothing was appended');
    }
  }

  /** Resolves to the number of values and the last one. */
  async read(): Promise<readonly [number, string | undefined]> {
    if (!this.isUp) throw new BazarError('unavailable', 'the replica is down');
    await this.group.readBarrier();
    return [this.machine.values.length, this.machine.values.at(-1)];
  }

  async renew(holder: string, session: number | undefined): Promise<CacheGrant> {
    return this.#leases.renew(holder, session);
  }

  crash(): void {
    this.isUp = false;
    this.group.stop();
    this.log.cut();
  }
}
