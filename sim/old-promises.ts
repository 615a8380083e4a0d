/**
 * Promises that their voter has forgotten, repeated at random: a nominee has the promise of a voter,
 * that voter loses its disk or the end of its journal, and only then do the other promises arrive
 * (docs/PROTOCOL.md, R3; A1, A31, A33). Roles and pauses are random; a round that another event disturbs
 * ends without effect.
 */
import type { AnyMember, Cluster } from './cluster.js';
import type { DiskLosses } from './disk-losses.js';
import type { Fault } from './faults.js';
import { HeldLinks } from './held-links.js';
import type { Remedies } from './remedies.js';
import type { World } from './world.js';

type OldPromise = Fault & { readonly kind: 'old-promise' };

export interface OldPromisesOptions {
  readonly world: World;
  readonly cluster: Cluster;
  readonly losses: DiskLosses;
  readonly remedies: Remedies;
}

const lookEveryMs = 0.3;
/** Voters have not received a heartbeat for longer than STICK. */
const unheardMs = 260;
const unheardMoreMs = 60;
/** A step that has not happened by then will not: a candidacy lasts a second. */
const stepMaxMs = 700;
/** The members come to rest between two rounds. */
const betweenMs = 600;
const betweenMoreMs = 600;
const againMs = 50;
const downMoreMs = 20;
/** What a leader commits before a promise arrives late. */
const meanwhileMs = 40;
const resultMs = 250;

export class OldPromises {
  readonly #options: OldPromisesOptions;
  #untilMs = 0;

  constructor(options: OldPromisesOptions) {
    this.#options = options;
  }

  begin(fault: OldPromise): void {
    this.#untilMs = this.#options.world.scheduler.livedMs + fault.forMs;
    this.#round(fault);
  }

  #round(fault: OldPromise): void {
    const { world, cluster, remedies } = this.#options;
    if (world.scheduler.livedMs > this.#untilMs) return;
    const members = cluster.group(fault.group);
    const isWell = members.every((one) => one.host && !one.storage.impaired);
    const leader = cluster.leader(fault.group);
    if (!isWell || !leader) {
      remedies.injectIn(againMs, () => this.#round(fault));
      return;
    }
    const links = new HeldLinks(world.network, remedies);
    void this.#play(fault, leader, links).finally(() => {
      links.releaseAll();
      const pauseMs = betweenMs + betweenMoreMs * world.random.faults.fraction();
      remedies.injectIn(pauseMs, () => this.#round(fault));
    });
  }

  #play({ group, how }: OldPromise, leader: AnyMember, links: HeldLinks): Promise<void> {
    switch (how) {
      case 'wiped':
        return this.#wiped(this.#shuffled(group, leader), leader, links);
      case 'two-nominees':
        return this.#twoNominees(this.#shuffled(group), leader, links);
      case 'damaged':
        return this.#damaged(this.#shuffled(group), leader, links);
    }
  }

  /** The leader admits the wiped voter again, which the nominee does not learn (five voters). */
  async #wiped(
    [nominee, giver, third, ...others]: readonly AnyMember[],
    leader: AnyMember,
    links: HeldLinks,
  ): Promise<void> {
    if (!nominee || !giver || !third) return;
    for (const far of [leader, ...others]) links.hold(nominee, far);
    for (const one of [giver, third]) links.holdOneWay(leader, one);
    await this.#pass(unheardMs + unheardMoreMs * this.#chance());
    this.#nominate(nominee);
    if (!(await this.#until(() => isPreparing(nominee)))) return;
    links.hold(nominee, third);
    if (!(await this.#until(() => hasPromise(nominee, giver)))) return;
    links.hold(nominee, giver);
    this.#options.losses.lose(giver, downMoreMs * this.#chance());
    links.release(leader, giver);
    if (this.#chance() < 0.5) links.release(leader, third);
    await this.#until(() => giver.process.up && !giver.storage.impaired);
    links.hold(leader, third);
    await this.#pass(meanwhileMs * this.#chance());
    links.release(nominee, third);
    await this.#pass(resultMs * this.#chance());
  }

  /** Each has one voter's promise from before its loss, and asks the other voter after its loss. */
  async #twoNominees(
    [one, two, first, second]: readonly AnyMember[],
    leader: AnyMember,
    links: HeldLinks,
  ): Promise<void> {
    if (!one || !two || !first || !second) return;
    links.hold(one, two);
    await this.#restart(leader);
    this.#nominate(one);
    this.#nominate(two);
    const loses = async (nominee: AnyMember, giver: AnyMember, other: AnyMember) => {
      if (!(await this.#until(() => isPreparing(nominee)))) return false;
      links.hold(nominee, other);
      if (!(await this.#until(() => hasPromise(nominee, giver)))) return false;
      links.hold(nominee, giver);
      this.#options.losses.lose(giver, downMoreMs * this.#chance());
      return true;
    };
    const lost = await Promise.all([loses(one, first, second), loses(two, second, first)]);
    if (lost.includes(false)) return;
    await this.#until(() => first.host !== undefined && second.host !== undefined);
    links.release(one, second);
    links.release(two, first);
    await this.#pass(resultMs);
  }

  /** A promise is under way to one nominee when its voter loses the record of it (three voters). */
  async #damaged(
    [nominee, giver, rival]: readonly AnyMember[],
    leader: AnyMember,
    links: HeldLinks,
  ): Promise<void> {
    if (!nominee || !giver || !rival) return;
    links.hold(nominee, rival);
    await this.#restart(leader);
    this.#nominate(nominee);
    if (!(await this.#until(() => isPreparing(nominee) && hasPromised(giver, nominee)))) return;
    links.holdOneWay(giver, nominee);
    if (!(await this.#until(() => isDurable(giver)))) return;
    giver.kill(downMoreMs + downMoreMs * this.#chance(), false);
    await this.#options.losses.damagePromise(giver);
    if (!(await this.#until(() => giver.host !== undefined))) return;
    this.#nominate(rival);
    await this.#until(() => rival.leads);
    links.release(giver, nominee);
    await this.#pass(resultMs * this.#chance());
  }

  /** Ensures that no member follows a leader. */
  async #restart(leader: AnyMember): Promise<void> {
    leader.kill(downMoreMs * this.#chance(), false);
    await this.#until(() => leader.host !== undefined);
  }

  #nominate(member: AnyMember): void {
    member.process.life?.enter(() => member.host?.nominate(member.name), true);
  }

  /** Replicas come first, because they may stand for election. */
  #shuffled(group: OldPromise['group'], without?: AnyMember): AnyMember[] {
    const { cluster, world } = this.#options;
    const placed = cluster
      .group(group)
      .filter((one) => one !== without)
      .map((one) => ({ one, place: world.random.faults.fraction() }));
    const order = placed.sort((a, b) => a.place - b.place).map(({ one }) => one);
    const nominee = order.find(({ options }) => options.service !== undefined);
    return nominee ? [nominee, ...order.filter((one) => one !== nominee)] : order;
  }

  #chance(): number {
    return this.#options.world.random.faults.fraction();
  }

  #pass(ms: number): Promise<void> {
    return new Promise((resolve) => this.#options.remedies.injectIn(ms, resolve));
  }

  /** Resolves to false if the condition does not become true in time. */
  #until(isSo: () => boolean): Promise<boolean> {
    const { scheduler } = this.#options.world;
    const endMs = scheduler.livedMs + stepMaxMs;
    return new Promise((resolve) => {
      const look = (): void => {
        if (isSo()) resolve(true);
        else if (scheduler.livedMs > endMs) resolve(false);
        else this.#options.remedies.injectIn(lookEveryMs, look);
      };
      look();
    });
  }
}

function isPreparing(member: AnyMember): boolean {
  const stage = member.host?.core.state.stage;
  return stage?.kind === 'candidate' && stage.phase === 'prepare';
}

/** Whether its answer has left does not matter here. */
function hasPromised(giver: AnyMember, nominee: AnyMember): boolean {
  return giver.host?.core.state.promised.leader === nominee.name;
}

function isDurable(giver: AnyMember): boolean {
  const state = giver.host?.core.state;
  return state !== undefined && state.synced >= state.promisePosition;
}

function hasPromise(nominee: AnyMember, giver: AnyMember): boolean {
  const stage = nominee.host?.core.state.stage;
  return stage?.kind === 'candidate' && stage.promises.has(giver.name);
}
