/**
 * Injects faults into a fleet and ends them. Each call resolves when its target is up and connected
 * again. Respects what the protocol tolerates: each group loses one disk at a time, and the next one
 * only when the last has its vote again.
 */

import { describeDatabaseFault } from './database-fault.js';
import type { Fleet, GroupName, MemberStatus } from './fleet.js';
import { outageMaxMs } from './outage-watch.js';
import { type Fault, nameOf, type Role } from './plan.js';

const askEveryMs = 50;
/** If the leader is still unknown after this time, any member of the group is the target. */
const askForMs = 2_000;
/** From the death of a leader to the next fault, if no other leads before. */
const chaseMs = 1_500;
/** How long a leader is cut off from its peers: longer than the greatest outage that I12 allows. */
const secludedMs = { min: 3_000, max: 4 * outageMaxMs };

export class FaultInjector {
  readonly #fleet: Fleet;
  readonly #random: () => number;
  readonly #tell: (text: string) => void;
  /** The member of each group that lost its disk last; it may not vote again yet. */
  readonly #wiped = new Map<GroupName, string>();
  /** Groups in which a disk is being lost: the target still votes, which must not count. */
  readonly #wiping = new Set<GroupName>();

  /** @param tell receives the target of each fault. */
  constructor(fleet: Fleet, random: () => number, tell: (text: string) => void) {
    this.#fleet = fleet;
    this.#random = random;
    this.#tell = tell;
  }

  async inject(fault: Fault): Promise<void> {
    switch (fault.kind) {
      case 'kill':
        return this.#kill([await this.#find(fault.who)], fault, fault.downMs);
      case 'kill-group':
        return this.#kill(this.#group(fault.group), fault, fault.downMs);
      case 'kill-all':
        return this.#kill(this.#fleet.names, fault, fault.downMs);
      case 'pause':
        return this.#pause(await this.#find(fault.who), fault, fault.forMs);
      case 'isolate': {
        const name = await this.#find(fault.who);
        const { isolation, cutting } = fault;
        this.#says(fault, `${name}, ${isolation}, ${cutting}`, fault.forMs);
        const heal = this.#fleet.network.isolate(name, isolation, cutting);
        await sleep(fault.forMs);
        heal();
        return;
      }
      case 'part':
        return this.#part(await this.#find(fault.who), fault);
      case 'seclude':
        return this.#seclude(await this.#find(fault.who), fault);
      case 'cut': {
        const [from, to] = [await this.#find(fault.from), await this.#find(fault.to)];
        this.#says(fault, `${from} → ${to}, ${fault.cutting}`, fault.forMs);
        const heal = this.#fleet.network.cut(from, to, ['toward', 'back'], fault.cutting);
        await sleep(fault.forMs);
        heal();
        return;
      }
      case 'reset': {
        const name = await this.#find(fault.who);
        this.#says(fault, name, 0);
        this.#fleet.network.reset(name);
        return;
      }
      case 'supplant':
        return this.#supplant(await this.#find(fault.who), fault);
      case 'cut-database': {
        const name = await this.#find(fault.who);
        this.#says(fault, `${name}, ${fault.cutting}`, fault.forMs);
        const heal = this.#fleet.network.cutDatabases(name, fault.cutting);
        await sleep(fault.forMs);
        heal();
        return;
      }
      case 'database':
        this.#says(fault, describeDatabaseFault(fault.fault), fault.fault.forMs);
        return this.#fleet.ground.inject(fault.fault);
      case 'chase':
        return this.#chase(fault);
      case 'wipe':
        return this.#wipe(await this.#find(fault.who), fault);
    }
  }

  async #kill(names: readonly string[], fault: Fault, downMs: number): Promise<void> {
    this.#says(fault, names.join(' '), downMs);
    await Promise.all(names.map((name) => this.#fleet.service(name).kill()));
    await sleep(downMs);
    for (const name of names) this.#fleet.service(name).start();
  }

  async #pause(name: string, fault: Fault, forMs: number): Promise<void> {
    this.#says(fault, name, forMs);
    const service = this.#fleet.service(name);
    service.pause();
    await sleep(forMs);
    service.resume();
  }

  async #part(name: string, fault: Fault & { readonly kind: 'part' }): Promise<void> {
    const { isolation, cutting, forMs, dies } = fault;
    const how = `${name}, ${isolation}, ${cutting}${dies ? ', and dies' : ''}`;
    this.#says(fault, how, forMs);
    const group = this.#group(name.startsWith('order') ? 'order' : 'catalog');
    const others = group.filter((other) => other !== name);
    const heal = this.#fleet.network.part([name], others, isolation, cutting);
    await sleep(forMs);
    if (dies) await this.#fleet.service(name).kill();
    heal();
    if (dies) this.#fleet.service(name).start();
  }

  async #seclude(name: string, fault: Fault & { readonly kind: 'seclude' }): Promise<void> {
    const { isolation, cutting } = fault;
    this.#says(fault, `${name}, ${isolation}, ${cutting}`, secludedMs.max);
    const group = name.startsWith('order') ? 'order' : 'catalog';
    const others = this.#group(group).filter((other) => other !== name);
    const heal = this.#fleet.network.part([name], others, isolation, cutting);
    await this.#untilSupplanted(name);
    heal();
  }

  async #supplant(name: string, fault: Fault & { readonly kind: 'supplant' }): Promise<void> {
    this.#says(fault, name, secludedMs.max);
    const service = this.#fleet.service(name);
    service.pause();
    await this.#untilSupplanted(name);
    service.resume();
  }

  async #untilSupplanted(name: string): Promise<void> {
    const group = name.startsWith('order') ? 'order' : 'catalog';
    await sleep(secludedMs.min);
    await this.#until(secludedMs.max - secludedMs.min, (members) =>
      members.some((one) => one.group === group && one.role === 'leader' && one.name !== name),
    );
  }

  async #chase(fault: Fault & { readonly kind: 'chase' }): Promise<void> {
    for (let times = 0; times < fault.times; times++) {
      const leader = await this.#find(`${fault.group}-leader`);
      this.#says(fault, leader, 0);
      await this.#fleet.service(leader).kill();
      this.#fleet.service(leader).start();
      await this.#until(chaseMs, (members) =>
        members.some(({ group, role, name }) => {
          return group === fault.group && role === 'leader' && name !== leader;
        }),
      );
    }
  }

  async #wipe(name: string, fault: Fault & { readonly kind: 'wipe' }): Promise<void> {
    const group: GroupName = name.startsWith('order') ? 'order' : 'catalog';
    const service = this.#fleet.service(name);
    const isAlone = !this.#wiping.has(group);
    if (isAlone) this.#wiping.add(group);
    // If one is still a learner, or does not answer, no other may lose its disk.
    const before = this.#wiped.get(group);
    const isFree = isAlone && (before === undefined || (await this.#votes(before, group)));
    this.#says(fault, isFree ? name : `${name}, killed only: another has no vote yet`, 0);
    await service.kill();
    // Another fault may have started it meanwhile.
    if (isFree && !service.runs) {
      this.#wiped.set(group, name);
      service.wipe();
    }
    if (isAlone) this.#wiping.delete(group);
    await sleep(fault.downMs);
    service.start();
  }

  async #votes(name: string, group: GroupName): Promise<boolean> {
    const members = await this.#fleet.status().catch(() => []);
    const found = members.find((one) => one.name === name && one.group === group);
    return found?.role === 'leader' || found?.role === 'follower';
  }

  async #find(role: Role): Promise<string> {
    const { members, frontends, names } = this.#fleet;
    switch (role) {
      case 'recovery':
        return this.#anyOf(members.filter((name) => name.startsWith('recovery')));
      case 'frontend':
        return this.#anyOf(frontends);
      case 'replica':
        return this.#anyOf(members);
      case 'any':
        return this.#anyOf(names);
      default: {
        const [group, rank] = role.split('-') as [GroupName, 'leader' | 'other'];
        const replicas = members.filter((name) => name.startsWith(group));
        const leader = await this.#leader(group);
        if (rank === 'leader') return leader ?? this.#anyOf(replicas);
        return this.#anyOf(replicas.filter((name) => name !== leader));
      }
    }
  }

  async #leader(group: GroupName): Promise<string | undefined> {
    let leader: string | undefined;
    await this.#until(askForMs, (members) => {
      leader = members.find((one) => one.group === group && one.role === 'leader')?.name;
      return leader !== undefined;
    });
    return leader;
  }

  async #until(
    limitMs: number,
    isSo: (members: readonly MemberStatus[]) => boolean,
  ): Promise<void> {
    for (const endMs = Date.now() + limitMs; Date.now() < endMs; await sleep(askEveryMs)) {
      if (isSo(await this.#fleet.status().catch(() => []))) return;
    }
  }

  /** The voters of the group in the default store. */
  #group(group: GroupName): readonly string[] {
    return this.#fleet.members.filter(
      (name) => name.startsWith(group) || (group === 'catalog' && name.startsWith('recovery')),
    );
  }

  #anyOf(names: readonly string[]): string {
    const name = names[Math.floor(this.#random() * names.length)];
    if (name === undefined) throw new Error('there is no target for the fault');
    return name;
  }

  #says(fault: Fault, whom: string, forMs: number): void {
    this.#tell(`${nameOf(fault)}: ${whom}${forMs > 0 ? `, ${forMs} ms` : ''}`);
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
