/**
 * Checks during the chaos that a leader serves whenever one can (docs/PROTOCOL.md, I12). If a majority
 * of a group's voters with a replica is intact, up, and connected to itself and to a frontend for a
 * bounded time, that frontend must know a serving leader. The topology, the cuts and the connections
 * determine who is connected; this check uses no log.
 */
import { leaseLimits, protocolTimes } from '../src/base/limits.js';
import type { AnyMember, Cluster } from './cluster.js';
import type { Fault } from './faults.js';
import type { Frontend } from './frontend.js';
import { pairOf } from './network.js';
import { isRough, type Voters } from './rough-faults.js';
import type { GroupName, World } from './world.js';

const lookEveryMs = 20;
/** For a cut alone: a leader serves again within it (I12), plus the delay of a slow network. */
const cutMs = 2_000;
/** A frontend notices a silent leader, and looks for the next one. */
const detectionMs = protocolTimes.healthCheckTimeoutMs + protocolTimes.healthCheckEveryMs;
/** A nominee that does not win ends its candidacy. */
const candidacyMs = 1_000;
const roundTrips = 20;
const writes = 10;
/** The effects of another fault: connections that return, members that catch up. */
const aftermathMs = 2_000;

const groups = ['catalog', 'order'] as const;

/** A majority that is connected to a frontend. */
interface Quorum {
  readonly group: GroupName;
  readonly members: readonly AnyMember[];
  readonly frontend: Frontend;
  sinceMs: number;
  /** When another frontend last did not reach all of it: its lease may have to expire. */
  strayMs: number;
  /** Its lives; with another life it is another quorum. */
  lives: string;
}

export class OutageWatch {
  /** The longest time that a quorum had no leader. */
  longestMs = 0;
  readonly #world: World;
  readonly #cluster: Cluster;
  readonly #faults: readonly Fault[];
  readonly #voters: Voters;
  readonly #quorums: readonly Quorum[];
  readonly #servedMs = new Map<Quorum, number>();
  #stalled: ReadonlySet<string> = new Set();
  #isOver = false;
  #skippedMs = 0;

  constructor(world: World, cluster: Cluster, faults: readonly Fault[]) {
    this.#world = world;
    this.#cluster = cluster;
    this.#faults = faults;
    const names = (group: GroupName) => new Set(cluster.group(group).map(({ name }) => name));
    this.#voters = { catalog: names('catalog'), order: names('order') };
    this.#quorums = groups.flatMap((group) => quorumsOf(cluster, group));
  }

  start(): void {
    if (this.#isOver) return;
    this.#look();
    this.#world.scheduler.in(lookEveryMs, () => this.start());
  }

  stop(): void {
    this.#isOver = true;
  }

  #look(): void {
    const { scheduler, network, lossiness } = this.#world;
    const nowMs = scheduler.livedMs;
    const hasSkipped = scheduler.skippedMs !== this.#skippedMs;
    this.#skippedMs = scheduler.skippedMs;
    this.#stalled = network.stalledPairs();
    const isLossy = lossiness.drop + lossiness.repeat + lossiness.misplace > 0;
    for (const quorum of this.#quorums) {
      const lives = isLossy || hasSkipped ? undefined : this.#livesOf(quorum);
      if (lives === undefined || lives !== quorum.lives) {
        quorum.lives = lives ?? '';
        quorum.sinceMs = nowMs;
      }
      if (lives === undefined) continue;
      if (this.#hasStrays(quorum)) quorum.strayMs = nowMs;
      if (this.#isServed(quorum)) this.#servedMs.set(quorum, nowMs);
      else this.#noteOutage(quorum, nowMs);
    }
  }

  #noteOutage(quorum: Quorum, nowMs: number): void {
    const { members, frontend, group, sinceMs } = quorum;
    const fromMs = Math.max(sinceMs, this.#servedMs.get(quorum) ?? 0);
    const outageMs = nowMs - fromMs;
    this.longestMs = Math.max(this.longestMs, outageMs);
    const maxMs = this.#boundMs(quorum, fromMs, nowMs);
    if (outageMs <= maxMs) return;
    const names = members.map(({ name }) => name).join(', ');
    this.#world.report(
      `I12: no ${group} leader for ${maxMs.toFixed(0)} ms, though ${names} and ${frontend.name} are connected`,
    );
  }

  /** The frontend knows a leader; or a majority follows one that another frontend checks. */
  #isServed({ group, frontend }: Quorum): boolean {
    const known = frontend.leaders?.[group];
    return this.#cluster.group(group).some((leader) => {
      if (!leader.leads || !this.#isWell(leader) || !this.#isFollowed(leader)) return false;
      if (leader.name === known) return true;
      // The majority stays with it (A6, A39).
      return !this.#reaches(frontend, leader) && this.#isAttended(leader);
    });
  }

  #isAttended(leader: AnyMember): boolean {
    return this.#others().some((frontend) => {
      const isAwake = frontend.process.life?.paused === false;
      const known = frontend.leaders?.[leader.options.group];
      return isAwake && known === leader.name && this.#reaches(frontend, leader);
    });
  }

  #others(): Frontend[] {
    return [...this.#cluster.frontends, this.#cluster.rival];
  }

  #hasStrays({ group, members, frontend }: Quorum): boolean {
    if (group !== 'catalog') return false;
    return this.#others().some((other) => {
      if (other === frontend || !other.process.up) return false;
      return !members.every((member) => isRecoveryServer(member) || this.#reaches(other, member));
    });
  }

  #isFollowed(leader: AnyMember): boolean {
    const voters = this.#cluster.group(leader.options.group);
    const near = voters.filter((voter) => voter === leader || this.#areJoined(voter, leader));
    return 2 * near.length > voters.length;
  }

  /** The lives of this quorum, or undefined if it is none. */
  #livesOf({ members, frontend }: Quorum): string | undefined {
    const there = frontend.process.life;
    if (!there || there.paused || !members.every((member) => this.#isWell(member))) {
      return undefined;
    }
    for (const [at, member] of members.entries()) {
      if (!isRecoveryServer(member) && !this.#reaches(frontend, member)) return undefined;
      for (const other of members.slice(at + 1)) {
        if (!this.#areJoined(member, other)) return undefined;
      }
    }
    return [there, ...members.map(({ process }) => process.life)]
      .map((life) => life?.number)
      .join(' ');
  }

  #isWell({ process, host, storage }: AnyMember): boolean {
    const { life } = process;
    if (!life || life.paused || !host) return false;
    return storage.isWell && !storage.impaired && host.status().role !== 'learner';
  }

  #areJoined(a: AnyMember, b: AnyMember): boolean {
    return this.#isOpen(a.name, b.name) && a.reaches(b.name) && b.reaches(a.name);
  }

  #reaches(frontend: Frontend, member: AnyMember): boolean {
    return this.#isOpen(frontend.name, member.name) && frontend.reaches(member.name);
  }

  #isOpen(a: string, b: string): boolean {
    const { network } = this.#world;
    return !network.isCut(a, b) && !network.isCut(b, a) && !this.#stalled.has(pairOf(a, b));
  }

  #boundMs({ group, strayMs }: Quorum, fromMs: number, toMs: number): number {
    const { network, disk } = this.#world.profile;
    const reserveMs = roundTrips * (network.latencyMs + network.jitterMs) + writes * disk.meanMs;
    const leasesMs = group === 'catalog' ? leaseLimits.leaseMs * (1 + leaseLimits.drift) : 0;
    const struckRoughly = this.#faults.some((fault) => {
      const endMs = fault.atMs + lengthOf(fault) + aftermathMs;
      if (fault.atMs > toMs || endMs < fromMs - cutMs) return false;
      return isRough(fault, group, this.#voters);
    });
    if (!struckRoughly) {
      return cutMs + reserveMs + (strayMs + aftermathMs >= fromMs ? leasesMs : 0);
    }
    return detectionMs + protocolTimes.stepDownMs + candidacyMs + leasesMs + reserveMs;
  }
}

/** Each smallest majority with a replica, together with each frontend. */
function quorumsOf(cluster: Cluster, group: GroupName): Quorum[] {
  const voters = cluster.group(group);
  const size = Math.floor(voters.length / 2) + 1;
  const majorities = choose(voters, size).filter((members) => !members.every(isRecoveryServer));
  return cluster.frontends.flatMap((frontend) =>
    majorities.map((members) => ({
      group,
      members,
      frontend,
      sinceMs: 0,
      strayMs: Number.NEGATIVE_INFINITY,
      lives: '',
    })),
  );
}

function choose<T>(from: readonly T[], count: number): T[][] {
  if (count === 0) return [[]];
  return from.flatMap((first, at) =>
    choose(from.slice(at + 1), count - 1).map((rest) => [first, ...rest]),
  );
}

function isRecoveryServer({ options }: AnyMember): boolean {
  return options.service === undefined;
}

function lengthOf(fault: Fault): number {
  if ('forMs' in fault) return fault.forMs;
  return 'downMs' in fault ? fault.downMs : 0;
}
