/**
 * One simulated life of the SQL engine from a seed: replicas, customers, a frontend that nominates, and
 * faults of the network, the processes and the database; then everything heals.
 */
import { BazarError } from '../../src/base/errors.js';
import { type Random, seededRandom } from '../../src/base/random.js';
import type { LeaderLink } from '../../src/group/sql/following.js';
import { allSqlRules, type SqlRules } from '../../src/group/sql/sql-rules.js';
import { allModelRules, DatabaseModel, type ModelRules } from './database-model.js';
import { type Append, brokenRule, type Read } from './sql-checks.js';
import { SqlReplica } from './sql-replica.js';
import { VirtualClock } from './virtual-clock.js';

const lifeMs = 12_000;
const healMs = 15_000;
const checkEveryMs = 100;
const silentMs = 1_000;
const patienceMs = 300;

export interface SqlRunOptions {
  readonly sqlRules?: Partial<SqlRules>;
  readonly modelRules?: Partial<ModelRules>;
}

export interface SqlRun {
  /** The first broken rule; undefined if all held. */
  readonly broken: string | undefined;
  readonly acknowledged: number;
  readonly reads: number;
  readonly epochs: number;
}

export async function runSql(seed: number, options: SqlRunOptions = {}): Promise<SqlRun> {
  const world = new World(seed, options);
  return world.run();
}

class World {
  readonly #random: Random;
  readonly #clock = new VirtualClock();
  readonly #database: DatabaseModel;
  readonly #rules: SqlRules;
  readonly #ids: readonly string[];
  readonly #replicas = new Map<string, SqlReplica>();
  readonly #cutLinks = new Set<string>();
  readonly #gates = { opened: 0 };
  readonly #appends: Append[] = [];
  readonly #reads: Read[] = [];
  #broken: string | undefined;
  #isHealed = false;

  constructor(seed: number, { sqlRules, modelRules }: SqlRunOptions) {
    this.#random = seededRandom(seed);
    this.#rules = { ...allSqlRules, ...sqlRules };
    this.#database = new DatabaseModel(this.#clock, this.#random, {
      ...allModelRules,
      ...modelRules,
    });
    const count = 2 + this.#random.integer(2);
    this.#ids = Array.from({ length: count }, (_, index) => `catalog-${index + 1}`);
  }

  async run(): Promise<SqlRun> {
    for (const id of this.#ids) this.#start(id);
    this.#every(checkEveryMs, () => this.#check());
    for (let customer = 0; customer < 4; customer++) void this.#buy();
    for (let reader = 0; reader < 3; reader++) void this.#look();
    this.#fault();
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
    return { broken: this.#broken, acknowledged, reads: this.#reads.length, epochs };
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
      ...{ database: this.#database, rules: this.#rules, gates: this.#gates },
      link: this.#linkOf(id),
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

  #linkOf(from: string): LeaderLink {
    const call = async <T>(to: string, timeoutMs: number, ask: (it: SqlReplica) => Promise<T>) => {
      const late = this.#wait(timeoutMs).then((): T => {
        throw new BazarError('unavailable', `${to} does not answer`);
      });
      const answer = async (): Promise<T> => {
        await this.#wait(0.1 + this.#random.fraction());
        const replica = this.#replicas.get(to);
        if (!replica?.isUp || this.#cutLinks.has(from) || this.#cutLinks.has(to)) return late;
        const result = await ask(replica);
        await this.#wait(0.1 + this.#random.fraction());
        return this.#cutLinks.has(from) || this.#cutLinks.has(to) ? late : result;
      };
      return Promise.race([answer(), late]);
    };
    return {
      follow: (to, params, timeoutMs) => call(to, timeoutMs, ({ group }) => group.follow(params)),
      position: (to, timeoutMs) => call(to, timeoutMs, ({ group }) => group.position()),
    };
  }

  /** The frontend: checks all, and nominates the replica with the newest log if none leads well. */
  #check(): void {
    const up = [...this.#replicas.values()].filter(({ isUp }) => isUp);
    for (const { group } of up)
      if (this.#isHealed || this.#random.integer(20) > 0) group.attended();
    const statuses = up.map(({ group }) => group.status());
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
    if (nominee !== undefined) for (const { group } of up) group.nominate(nominee);
  }

  async #buy(): Promise<void> {
    while (!this.#isHealed) {
      await this.#wait(this.#random.fraction() * 30);
      const replica = this.#likelyLeader();
      const append: Append = {
        value: `v${this.#appends.length}`,
        beganMs: this.#clock.nowMs(),
        endedMs: Number.POSITIVE_INFINITY,
      };
      this.#appends.push(append);
      // A customer who gets no answer goes on; the answer counts when it comes.
      await Promise.race([this.#append(replica, append), this.#wait(patienceMs)]);
    }
  }

  async #append(replica: SqlReplica, append: Append): Promise<void> {
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
      const beganMs = this.#clock.nowMs();
      try {
        const [length, last] = await replica.read();
        this.#reads.push({ beganMs, endedMs: this.#clock.nowMs(), length, last });
      } catch {
        // No position: nothing was read.
      }
    }
  }

  /** One fault after the other, at random times. */
  #fault(): void {
    this.#clock.after(50 + this.#random.fraction() * 500, () => {
      if (this.#isHealed) return;
      this.#doHarm(this.#any());
      this.#fault();
    });
  }

  #doHarm(replica: SqlReplica): void {
    const ms = 50 + this.#random.fraction() * 2_500;
    const { id } = replica.group.status();
    switch (this.#random.integer(7)) {
      case 0:
        replica.log.cut();
        break;
      case 1:
        // With luck the transaction under way still gets its answer.
        replica.log.isCut = true;
        if (this.#random.integer(2) === 0) replica.log.cut();
        this.#clock.after(ms, () => {
          replica.log.isCut = false;
        });
        break;
      case 2:
        this.#failOver(ms);
        break;
      case 3:
        replica.crash();
        this.#clock.after(ms, () => this.#restart(id));
        break;
      case 4:
        this.#cutLinks.add(id);
        this.#clock.after(ms, () => this.#cutLinks.delete(id));
        break;
      default:
        this.#likelyLeader().log.cut();
    }
  }

  /** Some replicas still reach the former primary for a while. */
  #failOver(ms: number): void {
    const former = this.#database.primary;
    this.#database.failOver();
    for (const { log } of this.#replicas.values()) {
      if (this.#random.integer(2) === 0) log.cut();
      if (this.#random.integer(2) === 0) continue;
      log.reaches = former;
      this.#clock.after(ms, () => {
        if (log.reaches === former) log.reaches = undefined;
        log.cut();
      });
    }
  }

  #heal(): void {
    this.#isHealed = true;
    this.#cutLinks.clear();
    for (const [id, { log }] of this.#replicas) {
      log.isCut = false;
      log.reaches = undefined;
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

  #any(): SqlReplica {
    const id = this.#ids[this.#random.integer(this.#ids.length)] ?? '';
    const replica = this.#replicas.get(id);
    if (replica === undefined) throw new Error(`there is no replica ${id}`);
    return replica;
  }

  #likelyLeader(): SqlReplica {
    const leaders = [...this.#replicas.values()].filter(
      ({ isUp, group }) => isUp && group.status().role === 'leader',
    );
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
