/** One random schedule over a cluster of cores, and the checks that hold at each of its steps. */
import type { Random } from '../../src/base/random.js';
import type { Entry, MemberId } from '../../src/consensus/types.js';
import { Cluster, type ClusterOptions, entriesOf, type Member } from './cluster.js';

export interface ChaosOptions extends ClusterOptions {
  /**
   * Disks that are lost, or damaged at their end: seldom · often, one member at a time · many at
   * once, so that a group may be left without a leader for good. The last two hold lines back, too.
   */
  readonly losses?: 'seldom' | 'one' | 'many';
}

export class Chaos {
  readonly cluster: Cluster;
  readonly #random: Random;
  readonly #gated: boolean;
  readonly #losses: 'seldom' | 'one' | 'many';
  readonly #ids: MemberId[];
  /** Committed entries as any member ever saw them, by seq. */
  readonly #committed = new Map<number, Entry>();
  readonly #leaders = new Map<number, MemberId>();
  /** Proposed at a leader of this epoch, by seq. */
  readonly #proposed = new Map<number, { readonly epoch: number; readonly value: string }>();
  readonly #acknowledged = new Set<string>();
  /** The highest acknowledged seq when a read was asked. */
  readonly #readFloors = new Map<string, number>();
  #counter = 0;
  #newest = 0;

  constructor(options: ChaosOptions, random: Random) {
    this.cluster = new Cluster(options);
    this.#random = random;
    this.#gated = options.gated ?? false;
    this.#losses = options.losses ?? 'seldom';
    this.#ids = [...options.voters];
  }

  run(steps: number): void {
    for (let step = 0; step < steps; step++) {
      this.#step();
      this.check();
    }
  }

  /**
   * All faults end: within seconds one leader serves, and everything acknowledged is there. Where
   * many disks were lost, there may be none.
   */
  converge(): number {
    const { cluster } = this;
    cluster.heal();
    for (const member of cluster.members.values()) {
      member.hung = false;
      if (!member.up) cluster.restart(member.id);
    }
    let leader: Member | undefined;
    for (let turn = 0; turn < 60; turn++) {
      cluster.run(300);
      this.#openGates();
      this.check();
      leader = cluster.leader;
      if (!leader) cluster.nominate(this.#pick());
      else if (leader.values.at(-1) !== 'last') cluster.propose(leader.id, 'last');
      else if (this.#unfinished(leader) === undefined) break;
    }
    const unfinished = leader ? this.#unfinished(leader) : 'no leader';
    const mayStop = this.#losses === 'many';
    if (unfinished && !mayStop) throw new Error(`${unfinished}\n${cluster.describe()}`);
    if (leader?.values.at(-1) !== 'last') return 0;
    const values = new Set(leader.values);
    for (const value of this.#acknowledged) {
      if (!values.has(value)) throw new Error(`${value} was acknowledged and is lost (I8)`);
    }
    return this.#acknowledged.size;
  }

  /** What a healthy group would have done by now. */
  #unfinished(leader: Member): string | undefined {
    if (leader.values.at(-1) !== 'last') return `${leader.id} takes no proposal`;
    for (const { id, core } of this.cluster.members.values()) {
      if (core.state.log.last.seq !== leader.core.state.log.last.seq) return `${id} lags`;
      if (core.state.visible !== leader.core.state.visible) return `${id} shows less`;
      if (core.state.learner) return `${id} has no vote again`;
    }
    return undefined;
  }

  #pick(): MemberId {
    return this.#ids[this.#random.integer(this.#ids.length)] ?? '';
  }

  #openGates(): void {
    if (!this.#gated) return;
    for (const id of this.#ids) this.cluster.input(id, (core) => core.openGates(1_000_000));
  }

  #step(): void {
    const { cluster } = this;
    const dice = this.#random.integer(1_000);
    const id = this.#pick();
    if (this.#losses !== 'seldom') this.#holdLines();
    if (dice < 400) {
      for (let i = this.#random.integer(12); i >= 0; i--) cluster.deliver(this.#order());
    } else if (dice < 600) cluster.sync(id);
    else if (dice < 720) this.#propose();
    else if (dice < 800) this.#tick(this.#random.integer(60));
    else if (dice < 810) this.#tick(this.#random.integer(400));
    else if (dice < 830) cluster.nominate(id);
    else if (dice < 860) cluster.settle();
    else if (dice < 870) this.#crash(id);
    else if (dice < 910) this.#restart(id);
    else if (dice < 915) cluster.partition([id]);
    else if (dice < 935) cluster.heal();
    else if (dice < 940) cluster.disconnect(id);
    else if (dice < 950) cluster.member(id).hung = !cluster.member(id).hung;
    else if (dice < 955) cluster.network.splice(this.#order(), 1);
    else if (dice < 965) this.#compact(id);
    else if (dice < 975) this.#openGates();
    else this.#read(id);
  }

  /** Mostly in order: links are streams. */
  #order(): number {
    const { network } = this.cluster;
    const index = this.#random.integer(Math.max(1, network.length));
    const chosen = network[index];
    if (!chosen) return 0;
    return network.findIndex(({ from, to }) => from === chosen.from && to === chosen.to);
  }

  #tick(ms: number): void {
    this.cluster.nowMs += ms;
    for (const id of this.#ids) this.cluster.input(id, (core, nowMs) => core.tick(nowMs));
  }

  #propose(): void {
    for (const member of this.cluster.members.values()) {
      if (!member.leads || this.#random.fraction() < 0.3) continue;
      this.#counter += 1;
      const value = `v${this.#counter}`;
      const seq = this.cluster.propose(member.id, value);
      const epoch = member.core.state.promised.epoch;
      if (seq !== undefined) this.#proposed.set(epoch * 1_000_000 + seq, { epoch, value });
    }
  }

  #crash(id: MemberId): void {
    if (!this.cluster.member(id).up) return;
    const isSeen = (): boolean => this.#losses === 'seldom' || this.#random.fraction() < 0.5;
    const unaware = this.#ids.filter((other) => other !== id && !isSeen());
    this.cluster.crash(id, unaware);
  }

  /** What one member says to another is kept back for a while. */
  #holdLines(): void {
    const dice = this.#random.fraction();
    if (dice > 0.04) return;
    const [from, to] = [this.#pick(), this.#pick()];
    if (dice < 0.02) this.cluster.hold(from, to);
    else this.cluster.release(from, to);
  }

  #restart(id: MemberId): void {
    const { cluster } = this;
    if (cluster.member(id).up) return;
    if (this.#losses === 'seldom') {
      this.#restartSeldomWiped(id);
      return;
    }
    const dice = this.#random.integer(100);
    if (dice < 50 || !this.#mayLose(id)) cluster.restart(id);
    else if (dice < 75) cluster.wipe(id);
    else cluster.damage(id, dice < 93);
  }

  #mayLose(id: MemberId): boolean {
    if (this.#losses === 'many') return true;
    const others = [...this.cluster.members.values()].filter((member) => member.id !== id);
    return others.every((member) => !member.learner);
  }

  /** One disk at most is lost at a time, and only while all others are healthy. */
  #restartSeldomWiped(id: MemberId): void {
    const { cluster } = this;
    const others = [...cluster.members.values()].filter((member) => member.id !== id);
    const mayWipe = others.every((member) => member.up && !member.learner);
    if (mayWipe && this.#random.fraction() < 0.2) cluster.wipe(id);
    else cluster.restart(id);
  }

  #compact(id: MemberId): void {
    if (this.cluster.member(id).up) this.cluster.compact(id);
  }

  #read(id: MemberId): void {
    this.#counter += 1;
    this.#readFloors.set(`${id} ${this.#counter}`, this.#newest);
    this.cluster.read(id, this.#counter);
  }

  check(): void {
    for (const member of this.cluster.members.values()) {
      if (!member.up) continue;
      this.#checkLeader(member);
      this.#checkCommitted(member);
      this.#checkReads(member);
    }
    this.#noteAcknowledged();
  }

  #checkLeader(member: Member): void {
    const { stage } = member.core.state;
    if (stage.kind !== 'leader') return;
    const other = this.#leaders.get(stage.epoch);
    if (other !== undefined && other !== member.id)
      throw new Error(`two leaders in ${stage.epoch} (I1)`);
    if (other !== undefined) return;
    this.#leaders.set(stage.epoch, member.id);
    const log = new Map(this.#log(member).map((entry) => [entry.seq, entry]));
    for (const [seq, entry] of this.#committed) {
      // A later leader may have committed more within the same step.
      if (seq <= member.snapshot.mark.seq || entry.epoch > stage.epoch) continue;
      if (log.get(seq)?.epoch !== entry.epoch) {
        throw new Error(`${member.id} leads without committed entry ${seq} (I3)`);
      }
    }
  }

  #log(member: Member): Entry[] {
    const { log } = member.core.state;
    const entries = entriesOf([...member.disk, ...member.pending]);
    return entries.filter((entry) => entry.seq <= log.last.seq);
  }

  #checkCommitted(member: Member): void {
    for (const entry of member.applied.slice(-40)) {
      const known = this.#committed.get(entry.seq);
      if (known === undefined) this.#committed.set(entry.seq, entry);
      else if (known.epoch !== entry.epoch || !Buffer.from(known.command).equals(entry.command)) {
        throw new Error(`${member.id} applied another entry ${entry.seq} (I3)`);
      }
    }
  }

  /** A proposal is acknowledged when its own leader has applied it. */
  #noteAcknowledged(): void {
    for (const member of this.cluster.members.values()) {
      if (!member.leads) continue;
      const { epoch } = member.core.state.promised;
      for (const entry of member.applied.slice(-40)) {
        const proposed = this.#proposed.get(epoch * 1_000_000 + entry.seq);
        if (proposed === undefined || entry.epoch !== epoch) continue;
        this.#acknowledged.add(proposed.value);
        this.#newest = Math.max(this.#newest, entry.seq);
      }
    }
  }

  #checkReads(member: Member): void {
    for (const id of member.readsDone.splice(0)) {
      const floor = this.#readFloors.get(`${member.id} ${id}`) ?? 0;
      const position = member.reads.get(id) ?? 0;
      if (position < floor) {
        throw new Error(`a read at ${position} misses acknowledged entry ${floor} (R9)`);
      }
    }
  }
}
