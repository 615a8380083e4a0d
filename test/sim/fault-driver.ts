/**
 * Carries faults out on a cluster, and ends them. Keeps to what the protocol can bear: disks are
 * lost or corrupted one at a time in each group, the next only when the last has its vote again.
 */

import { leaseLimits, protocolTimes } from '../../src/base/limits.js';
import type { CatalogMachine } from '../../src/catalog/catalog-machine.js';
import type { AnyMember, Cluster } from './cluster.js';
import { Cuts } from './cuts.js';
import type { Drift, Fault, Target } from './faults.js';
import type { Frontend } from './frontend.js';
import { noLoss } from './peers.js';
import type { Process } from './processes.js';
import type { GroupName, World } from './world.js';

/** Of a member that misses what its leader commits, and of the one who has it too. */
const behindMs = 200;
const thirdDownMs = 900;
/** A lease that was asked for is granted by then. */
const answeredMs = 100;
/** Snapshots are durable by then. */
const renewMs = 40;

export interface LastBlow {
  /** How long it may take a frontend to notice (I12). */
  readonly detectionMs: number;
  /** It shows only where something is written. */
  readonly writes: boolean;
  end(): void;
}

const silentMs = protocolTimes.healthCheckTimeoutMs;
const hungMs = protocolTimes.stepDownMs + protocolTimes.healthCheckEveryMs;

export class FaultDriver {
  readonly #world: World;
  readonly #cluster: Cluster;
  readonly #cuts: Cuts;
  /** What is to be undone at its time, or when all is healed. */
  readonly #open = new Set<() => void>();
  #healed = false;

  constructor(world: World, cluster: Cluster) {
    this.#world = world;
    this.#cluster = cluster;
    this.#cuts = new Cuts(world, cluster, (ms, undo) => this.#undoIn(ms, undo));
  }

  plan(faults: readonly Fault[]): void {
    for (const fault of faults) {
      this.#world.scheduler.at(fault.atMs, () => {
        if (this.#healed) return;
        this.#world.trace(() => `FAULT ${JSON.stringify(fault)}`);
        this.#world.count(`fault: ${fault.kind}`);
        this.#carryOut(fault);
      });
    }
  }

  /** All faults end, and whatever is down comes up. */
  heal(): void {
    this.#healed = true;
    this.#world.trace(() => 'HEAL');
    for (const undo of [...this.#open]) undo();
    this.#world.network.healAll();
    this.#world.lossiness = noLoss;
    for (const member of this.#cluster.members) member.storage.setMood('well', 0);
    this.#cluster.rival.process.stop();
    for (const name of this.#cluster.names) {
      if (name !== this.#cluster.rival.name) this.#cluster.process(name)?.revive();
    }
  }

  /** Over and healed, one group loses its leader in one way or another; returns how to end that. */
  lastBlow(group: GroupName): LastBlow {
    const member = this.#cluster.leader(group);
    const life = member?.process.life;
    if (!member || !life) return { detectionMs: 0, writes: false, end: () => {} };
    const kind = this.#world.random.faults.integer(5);
    this.#world.trace(() => `LAST BLOW ${kind} on ${member.name}`);
    switch (kind) {
      case 0:
        life.pause();
        return { detectionMs: silentMs, writes: false, end: () => life.resume() };
      case 1:
        this.#cuts.isolate(member.name, 'both', { forMs: 60_000, reset: 'never' });
        return { detectionMs: silentMs, writes: false, end: () => this.heal() };
      case 2:
        // A disk that hangs shows when something is to be written (A7).
        member.storage.setMood('hung', 60_000);
        return { detectionMs: hungMs, writes: true, end: () => this.#replaceDisk(member) };
      default:
        member.kill(60_000, kind === 3);
        return { detectionMs: 0, writes: false, end: () => member.process.revive() };
    }
  }

  /** What hangs is given up: the process is killed and comes back on a disk that works. */
  #replaceDisk(member: AnyMember): void {
    member.storage.setMood('well', 0);
    member.kill(1, false);
  }

  #carryOut(fault: Fault): void {
    switch (fault.kind) {
      case 'kill':
      case 'power':
        this.#kill(this.#name(fault.target), fault.downMs, fault.kind === 'power');
        break;
      case 'kill-group':
      case 'power-group':
        this.#killGroup(fault.group, fault.downMs, fault.kind === 'power-group');
        break;
      case 'pause':
        this.#pause(this.#name(fault.target), fault.forMs);
        break;
      case 'adrift':
        this.#setAdrift(fault.target, fault.how, fault.forMs);
        break;
      case 'isolate':
        this.#cuts.isolate(this.#name(fault.target), fault.way, fault);
        break;
      case 'split':
        this.#cuts.split(this.#name(fault.target), fault);
        break;
      case 'stall':
        this.#cuts.stall(this.#name(fault.target), fault.forMs);
        break;
      case 'amnesia':
        this.#amnesia(fault.group === 'catalog' ? 'catalog' : 'order', fault.how);
        break;
      case 'renew':
        this.#renew();
        break;
      case 'ambush':
        this.#cluster.member(this.#name(fault.target))?.layAmbush(fault.at);
        break;
      case 'part':
        this.#cuts.part(this.#cluster.member(this.#name(fault.target)), fault);
        break;
      case 'cut':
        this.#cuts.cut(this.#name(fault.from), this.#name(fault.to), fault.both, fault.forMs);
        break;
      case 'lossy':
        this.#world.lossiness = fault;
        this.#undoIn(fault.forMs, () => {
          this.#world.lossiness = noLoss;
        });
        break;
      case 'disk':
        this.#cluster.member(this.#name(fault.target))?.storage.setMood(fault.mood, fault.forMs);
        break;
      case 'rot':
        this.#rot(this.#cluster.member(this.#name(fault.target)), fault.where);
        break;
      case 'lose':
        this.#lose(this.#cluster.member(this.#name(fault.target)), fault.downMs);
        break;
      case 'nominate':
        this.#nominate(this.#cluster.member(this.#name(fault.target)));
        break;
      case 'forge':
        this.#cluster.member(this.#name(fault.target))?.forge();
        break;
      case 'restock-twice':
        this.#restockTwice();
        break;
      case 'rival':
        this.#cluster.rival.process.start();
        this.#undoIn(fault.forMs, () => this.#cluster.rival.process.stop());
        break;
    }
  }

  #name(target: Target): string {
    const random = this.#world.random.faults;
    const other = (group: GroupName): string => {
      const others = this.#cluster
        .group(group)
        .filter((member) => !member.leads && member.name !== 'recovery-1');
      return others[random.integer(Math.max(1, others.length))]?.name ?? '';
    };
    switch (target) {
      case 'catalog-leader':
        return this.#cluster.leader('catalog')?.name ?? other('catalog');
      case 'order-leader':
        return this.#cluster.leader('order')?.name ?? other('order');
      case 'catalog-other':
        return other('catalog');
      case 'order-other':
        return other('order');
      case 'any':
        return this.#cluster.names[random.integer(this.#cluster.names.length - 1)] ?? '';
      default:
        return target;
    }
  }

  #kill(name: string, downMs: number, power: boolean): void {
    const member = this.#cluster.member(name);
    if (member) member.kill(downMs, power);
    else this.#cluster.process(name)?.kill(downMs, power);
  }

  #killGroup(group: string, downMs: number, power: boolean): void {
    const { catalogs, witness, orders } = this.#cluster;
    const members: readonly AnyMember[] = [
      ...(group === 'order' ? [] : [...catalogs, witness]),
      ...(group === 'catalog' ? [] : orders),
    ];
    // The real journal may take a torn batch for rot, and one at a time is what a group can bear.
    const atOnce = power && !this.#world.profile.realJournal;
    for (const member of members) {
      const more = this.#world.random.faults.integer(100);
      member.kill(downMs + more, atOnce);
    }
  }

  #pause(name: string, forMs: number): void {
    const life = this.#cluster.process(name)?.life;
    if (!life) return;
    life.pause();
    this.#undoIn(forMs, () => life.resume());
  }

  #setAdrift(target: Target, how: Drift, forMs: number): void {
    const frontend = this.#cluster.frontends.find(({ name }) => name === target);
    if (!frontend) return;
    const { name } = frontend;
    const cutOff = (ms: number): void => {
      for (const catalog of this.#cluster.catalogs) this.#cuts.cut(name, catalog.name, true, ms);
    };
    const pause = (): void => {
      this.#pause(name, forMs);
      this.#lookAround(frontend, forMs);
    };
    switch (how) {
      case 'pause':
        pause();
        break;
      case 'pause-renewing':
        frontend.atRenewal(() => {
          if (this.#healed) return;
          pause();
          // The answer has come; what is invalidated from then on has not, nor after the pause.
          this.#world.scheduler.in(answeredMs, () => {
            if (!this.#healed) cutOff(forMs + answeredMs);
          });
        });
        break;
      case 'cut':
        cutOff(forMs);
        this.#lookAround(frontend, forMs);
        break;
      case 'with-leader':
        this.#cuts.divide([name, this.#name('catalog-leader')], { forMs, reset: 'never' });
        this.#lookAround(frontend, forMs);
        break;
    }
  }

  /** Somebody asks the frontend in the last moments, and just after. */
  #lookAround(frontend: Frontend, forMs: number): void {
    for (const ms of [leaseLimits.leaseMs, forMs - 5, forMs + 5]) {
      this.#world.scheduler.in(ms, () => this.#cluster.customers[0]?.lookAround(frontend));
    }
  }

  /** What the first two agreed on is with neither of the last two. */
  #amnesia(group: GroupName, how: 'lose' | 'rot'): void {
    const members = this.#cluster.group(group);
    const leader = this.#cluster.leader(group);
    const behind = members.find((one) => one !== leader && one.name !== 'recovery-1');
    const third = members.find((one) => one !== leader && one !== behind);
    if (!leader || !behind || !third || !this.#mayImpair(leader)) return;
    this.#world.trace(() => `${behind.name} is behind, ${leader.name} forgets, ${third.name} dies`);
    this.#cuts.part(behind, { forMs: behindMs, reset: 'end' });
    this.#world.scheduler.in(behindMs - 5, () => {
      if (this.#healed || !this.#mayImpair(leader)) return;
      third.kill(thirdDownMs, false);
      if (how === 'lose') this.#lose(leader, 1);
      else this.#rot(leader, 'older');
    });
  }

  #mayImpair(member: AnyMember | undefined): member is AnyMember {
    if (!member) return false;
    const group = this.#cluster.group(member.options.group);
    return group.every((other) => !other.storage.impaired);
  }

  /** Bits rot while the replica is down. */
  #rot(member: AnyMember | undefined, where: 'last' | 'older'): void {
    if (!this.#mayImpair(member)) return;
    member.kill(50, false);
    if (member.storage.rot(where)) member.storage.impaired = true;
  }

  #lose(member: AnyMember | undefined, downMs: number): void {
    if (!this.#mayImpair(member)) return;
    member.kill(downMs, true);
    member.storage.lose();
  }

  #nominate(member: AnyMember | undefined): void {
    const life: Process['life'] = member?.process.life;
    life?.enter(() => member?.host?.nominate(member.name), true);
  }

  #restockTwice(): void {
    const member = this.#cluster.catalogs.find((one) => one.leads);
    const machine = member?.machine as CatalogMachine | undefined;
    const life = member?.process.life;
    if (!member || !machine || !life) return;
    const { restockTo } = this.#world.profile;
    const number = machine.lastRestock + 1;
    life.enter(() => {
      for (let times = 0; times < 2; times++) member.propose(['restock', number, restockTo]);
    }, true);
  }

  /** The catalog goes on from its snapshots, and one that lost its disk needs more than the log. */
  #renew(): void {
    const { catalogs, witness } = this.#cluster;
    const lost = [...catalogs, witness].filter((member) => !member.leads);
    const other = lost[this.#world.random.faults.integer(Math.max(1, lost.length))];
    for (const member of catalogs) void member.compact();
    this.#world.scheduler.in(renewMs, () => {
      if (this.#healed || !this.#mayImpair(other)) return;
      this.#lose(other, renewMs);
      for (const member of catalogs) if (member !== other) member.kill(1, false);
    });
  }

  #undoIn(ms: number, undo: () => void): void {
    const once = (): void => {
      if (this.#open.delete(once)) undo();
    };
    this.#open.add(once);
    this.#world.scheduler.in(ms, once);
  }
}
