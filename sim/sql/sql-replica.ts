/**
 * A simulated replica of the SQL engine: the production group over modelled sessions, with a machine that
 * remembers its values, gates that open late, and tables that hold the number of values.
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
import { ModelLog } from './model-log.js';

const gateMs = 25;
/** A new leader waits this long before it opens a gate. */
const leaseMs = 60;

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
  #applied = 0;
  #count = 0;
  #written = 0;

  applied({ seq }: Entry, count: number): void {
    this.#applied = seq;
    this.#count = count;
  }

  changes(): TableChanges | undefined {
    if (this.#applied === this.#written) return undefined;
    const head = Buffer.from(String(this.#count));
    const none = { products: [], orders: [], purchaseKeys: [], changeKeys: [] };
    const kept = { client: 0, frontend: 0, change: 0 };
    return { appliedSeq: this.#applied, lastOrder: 0, head, ...none, kept };
  }

  written({ appliedSeq }: TableChanges): void {
    this.#written = appliedSeq;
  }
}

export interface ReplicaOptions {
  readonly id: string;
  readonly members: readonly string[];
  readonly clock: Clock;
  readonly random: Random;
  readonly database: DatabaseModel;
  readonly link: LeaderLink;
  readonly rules: SqlRules;
  /** The newest entry whose gate any leader has opened. */
  readonly gates: { opened: number };
  readonly broken: (rule: string) => void;
}

export class SqlReplica {
  readonly group: SqlGroup<number>;
  readonly machine: ValueMachine;
  readonly log: ModelLog;
  isUp = true;
  readonly #options: ReplicaOptions;
  #opensMs = 0;
  #leadEpoch = 0;

  /** Restores its state from the tables, as a starting process does. */
  constructor(options: ReplicaOptions) {
    const { id, members, clock, random, database, link, rules, gates, broken } = options;
    this.#options = options;
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
      tables: new CountingTables(),
      applied: ({ seq }) => {
        if (seq > gates.opened) broken(`${id} applied entry ${seq} before its gate opened`);
      },
    });
    this.group.onRole(({ role, epoch, logEnd }) => {
      if (role !== 'leader' || epoch === this.#leadEpoch) return;
      this.#leadEpoch = epoch;
      this.#open(logEnd.seq, leaseMs);
    });
    void this.group.start();
  }

  /** Resolves to the place of the value. */
  async append(value: string): Promise<number> {
    const command = Buffer.from(value);
    const { result } = await this.group.propose(command, (seq) => {
      this.#open(seq, this.#options.random.fraction() * gateMs);
    });
    return result;
  }

  /** Resolves to the number of values and the last one. */
  async read(): Promise<readonly [number, string | undefined]> {
    if (!this.isUp) throw new BazarError('unavailable', 'the replica is down');
    await this.group.readBarrier();
    return [this.machine.values.length, this.machine.values.at(-1)];
  }

  crash(): void {
    this.isUp = false;
    this.group.stop();
    this.log.cut();
  }

  /** Gates open in order. */
  #open(seq: number, afterMs: number): void {
    const { clock, gates } = this.#options;
    this.#opensMs = Math.max(this.#opensMs, clock.nowMs() + afterMs);
    const epoch = this.#leadEpoch;
    clock.after(this.#opensMs - clock.nowMs(), () => {
      if (!this.isUp || epoch !== this.#leadEpoch || this.group.electedMs === undefined) return;
      gates.opened = Math.max(gates.opened, seq);
      this.group.openGates(seq);
    });
  }
}
