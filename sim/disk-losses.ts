/**
 * Disks that lose or corrupt data. Respects what the protocol tolerates: every majority of the voters
 * still includes one that has lost nothing. So a single voter loses nothing, two or three lose one at a
 * time, and five lose two.
 */
import type { AnyMember, Cluster } from './cluster.js';
import type { Cuts } from './cuts.js';
import type { Part } from './member-folder.js';
import type { Remedies } from './remedies.js';
import type { GroupName, World } from './world.js';

/** For a member that misses its leader's commits, and for the other that has them. */
const behindMs = 200;
const thirdDownMs = 900;
/** Snapshots are durable by then. */
const renewMs = 40;

export interface DiskLossesOptions {
  readonly world: World;
  readonly cluster: Cluster;
  readonly cuts: Cuts;
  readonly remedies: Remedies;
}

export class DiskLosses {
  readonly #options: DiskLossesOptions;

  constructor(options: DiskLossesOptions) {
    this.#options = options;
  }

  /** Flips bits while the replica is down. */
  rot(member: AnyMember | undefined, where: 'last' | 'older'): void {
    if (!this.#mayImpair(member)) return;
    member.kill(50, false);
    member.storage.rot(where);
  }

  lose(member: AnyMember | undefined, downMs: number): void {
    if (!member) return;
    const lost = this.#options.cluster.machine(member.name);
    if (!lost.every((one) => this.#mayImpair(one))) return;
    member.kill(downMs, true);
    for (const { storage } of lost) storage.lose();
  }

  /** The parted member receives neither this nor what follows. */
  wipe(
    member: AnyMember | undefined,
    parted: AnyMember | undefined,
    { downMs, forMs }: { readonly downMs: number; readonly forMs: number },
  ): void {
    if (parted !== member) this.#options.cuts.part(parted, { forMs, reset: 'never' });
    this.lose(member, downMs);
  }

  /** Removes or truncates a part of its folder. */
  damage(
    member: AnyMember | undefined,
    { part, downMs }: { readonly part: Part; readonly downMs: number },
  ): void {
    if (!this.#mayImpair(member)) return;
    member.kill(downMs, this.#options.world.random.faults.integer(2) === 0);
    member.storage.losePart(part);
  }

  /** While the member is down, damages the last batch of its journal if that holds only promises. */
  async damagePromise(member: AnyMember): Promise<void> {
    if (!this.#mayImpair(member) || member.process.up) return;
    const tail = await member.storage.tail();
    if (!tail || tail.lastSeq > tail.afterSeq || member.process.up) return;
    member.storage.damageTail(tail);
    this.#options.world.count('damaged promises');
  }

  /** Neither of the last two has what the first two agreed on. */
  amnesia(group: GroupName, how: 'lose' | 'rot' | 'journal'): void {
    const { world, cluster, cuts, remedies } = this.#options;
    const members = cluster.group(group);
    const leader = cluster.leader(group);
    const isOther = (one: AnyMember): boolean => one !== leader;
    const behind = cluster.replicas(group).find(isOther) ?? members.find(isOther);
    const third = members.find((one) => one !== leader && one !== behind);
    if (!leader || !behind || !third || !this.#mayImpair(leader)) return;
    world.trace(() => `${behind.name} is behind, ${leader.name} forgets, ${third.name} dies`);
    cuts.part(behind, { forMs: behindMs, reset: 'end' });
    remedies.injectIn(behindMs - 5, () => {
      if (!this.#mayImpair(leader)) return;
      third.kill(thirdDownMs, false);
      if (how === 'journal') this.damage(leader, { part: 'journal', downMs: 1 });
      else if (how === 'lose') this.lose(leader, 1);
      else this.rot(leader, 'older');
    });
  }

  /** The catalog continues from its snapshots, and a member without a disk needs more than the log. */
  renew(): void {
    const { world, cluster, remedies } = this.#options;
    const { catalogs } = cluster;
    const lost = cluster.group('catalog').filter((member) => !member.leads);
    const other = lost[world.random.faults.integer(Math.max(1, lost.length))];
    for (const member of catalogs) void member.compact();
    remedies.injectIn(renewMs, () => {
      if (!this.#mayImpair(other)) return;
      this.lose(other, renewMs);
      for (const member of catalogs) if (member !== other) member.kill(1, false);
    });
  }

  #mayImpair(member: AnyMember | undefined): member is AnyMember {
    if (!member) return false;
    const group = this.#options.cluster.group(member.options.group);
    const intact = group.filter((other) => other !== member && !other.storage.impaired).length;
    return intact >= intactQuorum(group.length);
  }
}

/** The number of voters without losses that every majority meets (docs/PROTOCOL.md, R10). */
function intactQuorum(voters: number): number {
  const majority = Math.floor(voters / 2) + 1;
  return voters - majority + 1;
}
