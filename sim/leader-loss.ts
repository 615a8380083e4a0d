/**
 * After all faults have ended and the store is at rest, one group loses its leader in a random way.
 * Another must lead in time (docs/PROTOCOL.md, I12).
 */
import { protocolTimes } from '../src/base/limits.js';
import type { AnyMember, Cluster } from './cluster.js';
import type { Cuts } from './cuts.js';
import type { GroupName, World } from './world.js';

export interface LeaderLoss {
  /** The time that a frontend may take to notice (I12). */
  readonly detectionMs: number;
  /** A separate limit on the whole time, if there is one. */
  readonly withinMs?: number;
  /** The loss is noticed only when an entry is written. */
  readonly writes: boolean;
  /** Whether the loss has been noticed; the limit counts from then. Absent: at once. */
  readonly hasShown?: () => boolean;
  end(): void;
}

export interface LastBlowOptions {
  readonly world: World;
  readonly cluster: Cluster;
  readonly cuts: Cuts;
  /** Ends all faults. */
  readonly heal: () => void;
}

/** Longer than a run lasts. */
const forGoodMs = 60_000;
const cut = { forMs: forGoodMs, reset: 'never' } as const;
const ways = ['in', 'out', 'both'] as const;
const silentMs = protocolTimes.healthCheckTimeoutMs;
const steppedDownMs = protocolTimes.stepDownMs + protocolTimes.healthCheckEveryMs;
/** A leader that is cut off in any way is replaced in this time (I12). */
const cutMaxMs = 2_000;
const cutOff = { detectionMs: steppedDownMs, withinMs: cutMaxMs, writes: false } as const;

export function injectLeaderLoss(group: GroupName, options: LastBlowOptions): LeaderLoss {
  const { world, cluster, cuts, heal } = options;
  const member = cluster.leader(group);
  const life = member?.process.life;
  if (!member || !life) return { detectionMs: 0, writes: false, end: () => {} };
  const kind = world.random.faults.integer(10);
  world.trace(() => `LAST BLOW ${kind} on ${member.name}`);
  switch (kind) {
    case 0:
      life.pause();
      return { detectionMs: silentMs, writes: false, end: () => life.resume() };
    case 1:
      cuts.isolate(member.name, 'both', cut);
      return { detectionMs: silentMs, writes: false, end: heal };
    case 2:
      // A hung disk is noticed when an entry is written (A7).
      member.storage.setMood('hung', forGoodMs);
      return {
        ...{ detectionMs: steppedDownMs, writes: true },
        hasShown: () => (member.host?.status().diskSilentMs ?? 0) > 0,
        end: () => replaceDisk(member),
      };
    case 5:
    case 6:
      cuts.isolate(member.name, kind === 5 ? 'in' : 'out', cut);
      return { ...cutOff, end: heal };
    case 7:
      // The frontends reach it, but its peers do not.
      cuts.part(member, cut);
      return { ...cutOff, end: heal };
    case 8:
      cuts.part(member, cut, world.random.faults.integer(2) === 0 ? 'in' : 'out');
      return { ...cutOff, end: heal };
    case 9:
      // Its peers reach it, but no frontend does.
      cuts.unattend(member.name, cut, ways[world.random.faults.integer(ways.length)]);
      return { ...cutOff, end: heal };
    default:
      member.kill(forGoodMs, kind === 3);
      return { detectionMs: 0, writes: false, end: () => member.process.revive() };
  }
}

/** Kills a process with a hung disk; it returns with a working one. */
function replaceDisk(member: AnyMember): void {
  member.storage.setMood('well', 0);
  member.kill(1, false);
}
