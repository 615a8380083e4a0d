/**
 * Injects faults into a cluster at their times, and ends them. It resolves targets; cuts, drifts and
 * disk losses are in files of their own.
 */
import type { CatalogMachine } from '../src/catalog/machine/catalog-machine.js';
import { BriefLeads } from './brief-leads.js';
import type { AnyMember, Cluster } from './cluster.js';
import { Cuts } from './cuts.js';
import { DiskLosses } from './disk-losses.js';
import { Drifts } from './drifts.js';
import type { Fault, Target } from './faults.js';
import { injectLeaderLoss, type LeaderLoss } from './leader-loss.js';
import { OldPromises } from './old-promises.js';
import { noLoss } from './peers.js';
import { Remedies } from './remedies.js';
import { damageTails } from './tail-losses.js';
import type { GroupName, World } from './world.js';

export class FaultDriver {
  readonly #world: World;
  readonly #cluster: Cluster;
  readonly #cuts: Cuts;
  readonly #drifts: Drifts;
  readonly #losses: DiskLosses;
  readonly #briefLeads: BriefLeads;
  readonly #oldPromises: OldPromises;
  readonly #remedies: Remedies;

  constructor(world: World, cluster: Cluster) {
    this.#world = world;
    this.#cluster = cluster;
    const remedies = new Remedies(world.scheduler);
    const cuts = new Cuts(world, cluster, remedies);
    this.#remedies = remedies;
    this.#cuts = cuts;
    this.#briefLeads = new BriefLeads(world, cluster, remedies);
    this.#drifts = new Drifts({ world, cluster, cuts, remedies });
    this.#losses = new DiskLosses({ world, cluster, cuts, remedies });
    this.#oldPromises = new OldPromises({ world, cluster, losses: this.#losses, remedies });
  }

  plan(faults: readonly Fault[]): void {
    for (const fault of faults) {
      const { scheduler } = this.#world;
      const inject = (): void => {
        if (this.#remedies.healed) return;
        if (scheduler.livedMs < fault.atMs) {
          scheduler.in(fault.atMs - scheduler.livedMs, inject);
          return;
        }
        this.#world.trace(() => `FAULT ${JSON.stringify(fault)}`);
        this.#world.count(`fault: ${fault.kind}`);
        this.#carryOut(fault);
      };
      scheduler.at(fault.atMs, inject);
    }
  }

  /** Ends all faults and starts every process that is down. */
  heal(): void {
    this.#world.trace(() => 'HEAL');
    this.#remedies.heal();
    this.#world.network.healAll();
    this.#world.lossiness = noLoss;
    for (const member of this.#cluster.members) member.storage.setMood('well', 0);
    this.#cluster.rival.process.stop();
    for (const name of this.#cluster.names) {
      if (name !== this.#cluster.rival.name) this.#cluster.process(name)?.revive();
    }
  }

  /** After healing, one group loses its leader in a random way; returns how to end that. */
  loseLeader(group: GroupName): LeaderLoss {
    const heal = (): void => this.heal();
    return injectLeaderLoss(group, {
      world: this.#world,
      cluster: this.#cluster,
      cuts: this.#cuts,
      heal,
    });
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
        this.#drifts.pause(this.#name(fault.target), fault.forMs, fault.frozen);
        break;
      case 'adrift':
        this.#drifts.begin(fault);
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
        this.#losses.amnesia(fault.group === 'catalog' ? 'catalog' : 'order', fault.how);
        break;
      case 'renew':
        this.#losses.renew();
        break;
      case 'compact':
        for (const member of this.#cluster.catalogs) void member.compact();
        break;
      case 'ambush':
        this.#cluster.member(this.#name(fault.target))?.layAmbush(fault.at);
        break;
      case 'part':
        this.#cuts.part(this.#cluster.member(this.#name(fault.target)), fault, fault.way);
        break;
      case 'unattend':
        this.#cuts.unattend(this.#name(fault.target), fault, fault.way);
        break;
      case 'cut':
        this.#cuts.cut(this.#name(fault.from), this.#name(fault.to), fault.both, fault.forMs);
        break;
      case 'lossy':
        this.#world.lossiness = fault;
        this.#remedies.undoIn(fault.forMs, () => {
          this.#world.lossiness = noLoss;
        });
        break;
      case 'disk':
        for (const { storage } of this.#cluster.machine(this.#name(fault.target))) {
          storage.setMood(fault.mood, fault.forMs);
        }
        break;
      case 'rot':
        this.#losses.rot(this.#cluster.member(this.#name(fault.target)), fault.where);
        break;
      case 'lose':
        this.#losses.lose(this.#cluster.member(this.#name(fault.target)), fault.downMs);
        break;
      case 'damage':
        this.#losses.damage(this.#cluster.member(this.#name(fault.target)), fault);
        break;
      case 'tails':
        void damageTails(this.#world, this.#cluster, fault);
        break;
      case 'wipe':
        this.#losses.wipe(
          this.#cluster.member(this.#name(fault.target)),
          this.#cluster.member(this.#name(fault.parted)),
          fault,
        );
        break;
      case 'brief-leads':
        this.#briefLeads.begin(fault);
        break;
      case 'old-promise':
        this.#oldPromises.begin(fault);
        break;
      case 'skip':
        this.#world.scheduler.skip(fault.skipMs);
        break;
      case 'late':
        this.#cuts.hold(this.#name(fault.from), this.#name(fault.to), fault);
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
        this.#remedies.undoIn(fault.forMs, () => this.#cluster.rival.process.stop());
        break;
    }
  }

  #name(target: Target): string {
    const random = this.#world.random.faults;
    const other = (group: GroupName): string => {
      const others = this.#cluster.replicas(group).filter((member) => !member.leads);
      return others[random.integer(Math.max(1, others.length))]?.name ?? '';
    };
    const anybody = (): string =>
      this.#cluster.names[random.integer(this.#cluster.names.length - 1)] ?? '';
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
        return anybody();
      default:
        // Some topologies do not have this target.
        return this.#cluster.process(target) ? target : anybody();
    }
  }

  #kill(name: string, downMs: number, power: boolean): void {
    const member = this.#cluster.member(name);
    if (member && power) this.#inMidWrite([member], () => member.kill(downMs, true));
    else if (member) member.kill(downMs, false);
    else this.#cluster.process(name)?.kill(downMs, power);
  }

  #killGroup(group: string, downMs: number, power: boolean): void {
    const members: readonly AnyMember[] = [
      ...(group === 'order' ? [] : this.#cluster.group('catalog')),
      ...(group === 'catalog' ? [] : this.#cluster.group('order')),
    ];
    const inject = (): void => {
      for (const member of members) {
        const more = this.#world.random.faults.integer(100);
        member.kill(downMs + more, power);
      }
      if (group !== 'all' || !power) return;
      for (const { process } of this.#cluster.frontends) process.kill(downMs, power);
    };
    if (power) this.#inMidWrite(members, inject);
    else inject();
  }

  /** At once, or during the next write of one of them. */
  #inMidWrite(members: readonly AnyMember[], inject: () => void): void {
    const { faults } = this.#world.random;
    const chosen = members[faults.integer(members.length)];
    if (faults.integer(2) === 0 || !chosen) {
      inject();
      return;
    }
    chosen.storage.onceWriting(() => {
      if (!this.#remedies.healed) inject();
    });
  }

  #nominate(member: AnyMember | undefined): void {
    const life = member?.process.life;
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
}
