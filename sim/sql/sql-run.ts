/**
 * One simulated life of the SQL engine from a seed: replicas, customers, a frontend that nominates, and
 * faults of the network, the processes and the database; then everything heals.
 */
import { BazarError } from '../../src/base/errors.js';
import { type Random, seededRandom } from '../../src/base/random.js';
import { allSqlRules, type SqlRules } from '../../src/group/sql/sql-rules.js';
import { type Limits, withLimits } from '../replaced-limits.js';
import { allModelRules, DatabaseModel, type ModelRules } from './database-model.js';
import { allReplicaRules, type ReplicaRules } from './lease-book.js';
import { LeaseHolder } from './lease-holder.js';
import { type Append, brokenRule, type Read } from './sql-checks.js';
import { startFaults } from './sql-faults.js';
import { SqlNetwork } from './sql-network.js';
import { type Ledger, SqlReplica } from './sql-replica.js';
import { VirtualClock } from './virtual-clock.js';

const lifeMs = 12_000;
const healMs = 15_000;
const checkEveryMs = 100;
const silentMs = 1_000;
const patienceMs = 300;
const holderIds = ['frontend-1', 'frontend-2'];

export interface SqlRunOptions {
  readonly sqlRules?: Partial<SqlRules>;
  readonly modelRules?: Partial<ModelRules>;
  readonly replicaRules?: Partial<ReplicaRules>;
}

export interface SqlRun {
  /** The first broken rule; undefined if all held. */
  readonly broken: string | undefined;
  readonly acknowledged: number;
  readonly reads: number;
  /** Reads that a cache answered. */
  readonly hits: number;
  readonly epochs: number;
}

export async function runSql(seed: number, options: SqlRunOptions = {}): Promise<SqlRun> {
  const world = new World(seed, options);
  return withLimits({ log: world.limits() }, () => world.run());
}

class World {
  readonly #random: Random;
  readonly #clock = new VirtualClock();
  readonly #database: DatabaseModel;
  readonly #rules: SqlRules;
  readonly #ids: readonly string[];
  readonly #replicas = new Map<string, SqlReplica>();
  readonly #holders = new Map<string, LeaseHolder>();
  readonly #replicaRules: ReplicaRules;
  readonly #leaseMs: number;
  readonly #network: SqlNetwork;
  readonly #hidden = new Set<string>();
  readonly #deserted = new Set<string>();
  readonly #ledger: Ledger = { opened: 0, applied: new Map() };
  readonly #appends: Append[] = [];
  readonly #reads: Read[] = [];
  #broken: string | undefined;
  #isHealed = false;
  #hits = 0;

  constructor(seed: number, { sqlRules, modelRules, replicaRules }: SqlRunOptions) {
    this.#random = seededRandom(seed);
    this.#rules = { ...allSqlRules, ...sqlRules };
    this.#replicaRules = { ...allReplicaRules, ...replicaRules };
    this.#leaseMs = 40 + this.#random.integer(300);
    this.#database = new DatabaseModel(this.#clock, this.#random, {
      ...allModelRules,
      ...modelRules,
    });
    this.#network = new SqlNetwork({
      ...{ clock: this.#clock, random: this.#random },
      ...{ replicas: this.#replicas, holders: this.#holders },
    });
    const count = 2 + this.#random.integer(2);
    this.#ids = Array.from({ length: count }, (_, index) => `catalog-${index + 1}`);
  }

  /** In half of the runs the followers often lag behind what the leader has in memory. */
  limits(): NonNullable<Limits['log']> {
    if (this.#random.integer(2) === 0) return {};
    const draw = (least: number, spread: number): number => least + this.#random.integer(spread);
    return {
      tailEntriesKept: draw(4, 40),
      appendEntriesMax: draw(1, 20),
      appendBytesMax: draw(10, 200),
      journalReadBytesMax: draw(10, 200),
      uncommittedEntriesMax: draw(4, 40),
    };
  }

  async run(): Promise<SqlRun> {
    for (const id of this.#ids) this.#start(id);
    for (const id of holderIds) this.#holders.set(id, this.#holder(id));
    this.#every(checkEveryMs, () => this.#check());
    for (let customer = 0; customer < 4; customer++) void this.#buy();
    for (let reader = 0; reader < 3; reader++) void this.#look();
    for (const [id, holder] of this.#holders) void this.#lookUp(id, holder);
    startFaults({
      ...{ clock: this.#clock, random: this.#random, database: this.#database },
      ...{ cutLinks: this.#network.cut, hidden: this.#hidden, deserted: this.#deserted },
      holders: holderIds,
      replicas: () => [...this.#replicas.values()],
      victim: () => (this.#random.integer(3) === 0 ? this.#any() : this.#likelyLeader()),
      restart: (id) => this.#restart(id),
      burst: () => {
        for (let customer = 0; customer < 4; customer++) void this.#order();
      },
      isOver: () => this.#isHealed,
    });
    const endMs = this.#clock.nowMs() + lifeMs;
    await this.#clock.run(endMs, () => this.#broken !== undefined);
    this.#heal();
    let final: readonly string[] | undefined;
    void this.#settled().then((values) => {
      final = values;
    });
    const isOver = (): boolean => final !== undefined || this.#broken !== undefined;
    await this.#clock.run(this.#clock.nowMs() + healMs, isOver);
    this.#judge(final);
    for (const replica of this.#replicas.values()) replica.crash();
    const acknowledged = this.#appends.filter(({ place }) => place !== undefined).length;
    const epochs = this.#database.primary.state.epoch;
    const [reads, hits] = [this.#reads.length, this.#hits];
    return { broken: this.#broken, acknowledged, reads, hits, epochs };
  }

  #judge(final: readonly string[] | undefined): void {
    if (this.#broken !== undefined) return;
    if (final === undefined) {
      const statuses = [...this.#replicas.values()].map(({ group }) => group.status());
      this.#broken = `no leader serves after all faults are over: ${JSON.stringify(statuses)}`;
    } else this.#broken = brokenRule({ appends: this.#appends, reads: this.#reads, final });
  }

  #start(id: string): void {
    const replica = new SqlReplica({
      ...{ id, members: this.#ids, clock: this.#clock, random: this.#random },
      ...{ database: this.#database, rules: this.#rules, ledger: this.#ledger },
      link: this.#network.linkOf(id),
      ...{ replicaRules: this.#replicaRules, leaseMs: this.#leaseMs, holders: holderIds },
      invalidate: (holder, seq) => this.#network.invalidate(id, holder, seq),
      broken: (rule) => {
        this.#broken ??= rule;
      },
    });
    this.#replicas.set(id, replica);
    void replica.group.failed.then(() => {
      replica.isUp = false;
      this.#clock.after(50, () => this.#restart(id));
    });
  }

  #restart(id: string): void {
    if (this.#replicas.get(id)?.isUp === false) this.#start(id);
  }

  #holder(id: string): LeaseHolder {
    return new LeaseHolder({
      ...{ clock: this.#clock, random: this.#random, leaseMs: this.#leaseMs },
      pick: () => this.#likelyLeader().group.status().id,
      renew: (to, session) => this.#network.renew(id, to, session),
    });
  }

  /** The frontend: checks all, and nominates the replica with the newest log if none leads well. */
  #check(): void {
    const up = [...this.#replicas.values()].filter(({ isUp }) => isUp);
    for (const { group } of up) {
      const isSeen = !this.#hidden.has(group.status().id);
      if (this.#isHealed || (isSeen && this.#random.integer(20) > 0)) group.attended();
    }
    const statuses = up
      .map(({ group }) => group.status())
      .filter(({ id }) => !this.#hidden.has(id));
    const led = statuses.some(
      ({ role, diskSilentMs, oldestUncommittedMs }) =>
        role === 'leader' && diskSilentMs < silentMs && oldestUncommittedMs < 2 * silentMs,
    );
    const isMistaken = !this.#isHealed && this.#random.integer(40) === 0;
    if (led && !isMistaken) return;
    const ranked = statuses
      .filter(({ role }) => role !== 'leader')
      .sort((a, b) => b.logEnd.seq - a.logEnd.seq || (a.id < b.id ? 1 : -1));
    const nominee = ranked[this.#isHealed ? 0 : this.#random.integer(ranked.length)]?.id;
    if (nominee === undefined) return;
    for (const { group } of up) {
      if (!this.#hidden.has(group.status().id)) group.nominate(nominee);
    }
  }

  async #buy(): Promise<void> {
    while (!this.#isHealed) {
      await this.#wait(this.#random.fraction() * 80);
      // A customer who gets no answer goes on; the answer counts when it comes.
      await Promise.race([this.#order(), this.#wait(patienceMs)]);
    }
  }

  async #order(): Promise<void> {
    const replica = this.#likelyLeader(this.#deserted);
    const append: Append = {
      value: `v${this.#appends.length}`,
      beganMs: this.#clock.nowMs(),
      endedMs: Number.POSITIVE_INFINITY,
    };
    this.#appends.push(append);
    try {
      append.place = await replica.append(append.value);
    } catch (error) {
      append.isRefused = error instanceof BazarError && error.details.unknown !== true;
    }
    append.endedMs = this.#clock.nowMs();
  }

  async #look(): Promise<void> {
    while (!this.#isHealed) {
      await this.#wait(this.#random.fraction() * 20);
      const replica = this.#any();
      const by = replica.group.status().id;
      const beganMs = this.#clock.nowMs();
      try {
        const [length, last] = await replica.read();
        this.#reads.push({ beganMs, endedMs: this.#clock.nowMs(), length, last, by });
      } catch {
        // No position: nothing was read.
      }
    }
  }

  #heal(): void {
    this.#isHealed = true;
    this.#network.cut.clear();
    this.#hidden.clear();
    this.#deserted.clear();
    this.#database.former = undefined;
    for (const [id, { log }] of this.#replicas) {
      log.isCut = false;
      log.reaches = undefined;
      log.stall(0);
      log.delay(0);
      log.cut();
      this.#restart(id);
    }
  }

  /** The values of the leader, once all replicas have applied the same. */
  async #settled(): Promise<readonly string[]> {
    for (let attempt = 1; ; attempt++) {
      const last = `last ${attempt}`;
      await this.#wait(checkEveryMs);
      const leader = [...this.#replicas.values()].find(({ group }) => group.status().serving);
      if (leader === undefined) continue;
      try {
        await leader.append(last);
        await this.#wait(1_000);
      } catch {
        continue;
      }
      const { values } = leader.machine;
      const all = [...this.#replicas.values()];
      if (all.every(({ isUp, machine }) => isUp && machine.values.at(-1) === last)) {
        const differs = all.some(({ machine }) => machine.hash() !== leader.machine.hash());
        if (differs) this.#broken ??= 'replicas have applied different logs';
        return values;
      }
    }
  }

  /** Answers from a frontend's cache. */
  async #lookUp(id: string, holder: LeaseHolder): Promise<void> {
    while (!this.#isHealed) {
      await this.#wait(this.#random.fraction() * 10);
      const values = holder.cached();
      const nowMs = this.#clock.nowMs();
      if (values) this.#reads.push({ beganMs: nowMs, endedMs: nowMs, ...values, by: id });
      if (values) this.#hits++;
    }
  }

  #any(): SqlReplica {
    const id = this.#ids[this.#random.integer(this.#ids.length)] ?? '';
    const replica = this.#replicas.get(id);
    if (replica === undefined) throw new Error(`there is no replica ${id}`);
    return replica;
  }

  #likelyLeader(unreached?: ReadonlySet<string>): SqlReplica {
    const leaders = [...this.#replicas.values()].filter(({ isUp, group }) => {
      const { role, id } = group.status();
      return isUp && role === 'leader' && !unreached?.has(id);
    });
    return leaders[this.#random.integer(Math.max(1, leaders.length))] ?? this.#any();
  }

  #every(ms: number, act: () => void): void {
    this.#clock.after(ms, () => {
      act();
      this.#every(ms, act);
    });
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.#clock.after(ms, resolve));
  }
}
