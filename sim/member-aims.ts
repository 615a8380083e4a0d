/**
 * Aims about members that lose promises or entries: promises that their voter forgets, journal ends that
 * diverge or are doubtful, and lost disks while another member is behind. Each draws its scenario
 * several times in a run; groups, members and times are random.
 */
import type { Random } from '../src/base/random.js';
import { type Fault, quietMs } from './faults.js';
import type { Plan } from './plan.js';
import type { Profile } from './profile.js';
import type { GroupName } from './world.js';

const chaosMs = 8_000;
const busy = { chaosMs, clients: 6, thinkMs: 15, buys: 0.7 } as const;
/** The last fault of a run is over by then. */
const endMs = chaosMs - 1_500;

/** Each scenario with the number of voters that it needs. */
const stories = [
  { how: 'wiped', topology: { catalogs: 3, orders: 3, recovery: 2 } },
  { how: 'two-nominees', topology: { catalogs: 4, orders: 4, recovery: 0 } },
  { how: 'damaged', topology: { catalogs: 3, orders: 3, recovery: 0 } },
] as const;

export function oldPromises(profile: Profile, random: Random): Plan {
  const { how, topology } = pick<(typeof stories)[number]>(random, stories);
  const group = drawGroup(random);
  const latencyMs = 2 + 6 * random.fraction();
  return {
    profile: {
      ...profile,
      ...busy,
      ...topology,
      network: { ...profile.network, latencyMs, jitterMs: 1, slowShare: 0 },
      disk: { meanMs: 0.5 },
    },
    faults: [{ kind: 'old-promise', atMs: quietMs, group, how, forMs: chaosMs - 2 * quietMs }],
  };
}

/**
 * A leader appends entries that its group does not receive. Its successor continues from snapshots. In
 * half of the runs the logs diverge after the successor's newest snapshot, in the others anywhere.
 */
export function partedTails(profile: Profile, random: Random): Plan {
  const { limits } = profile;
  const log = {
    ...limits.log,
    ...{
      appendEntriesMax: 1 + random.integer(3),
      windowMessagesMax: 64,
      windowBytesMax: 1_000_000,
    },
    ...{ entryOperationsMax: 1 + random.integer(2), uncommittedEntriesMax: 512 },
    tailEntriesKept: 1 + random.integer(4),
  };
  const isBehind = random.integer(2) === 0;
  const parted = {
    ...profile,
    ...busy,
    ...{ catalogs: 2, orders: 2, recovery: 1, clients: 10 },
    limits: { ...limits, log },
  };
  if (isBehind) {
    // Reading the journal takes less time than a message, so that many messages are under way.
    const latencyMs = 2 + 6 * random.fraction();
    const network = { ...profile.network, latencyMs, jitterMs: 1, slowShare: 0 };
    const few = { ...limits, log: { ...log, windowMessagesMax: 4 + random.integer(12) } };
    const slow = { ...parted, network, disk: { meanMs: 0.2 }, limits: few, compactEvery: 0 };
    return { profile: slow, faults: partBehind(random) };
  }
  const compactEvery = Math.round(4 * 50 ** random.fraction());
  return { profile: { ...parted, compactEvery }, faults: partAnywhere(random) };
}

/**
 * The leader crashes with entries that no other member has. Its successor has one snapshot from before
 * that and one from after it, restarts from the newer one, and leads when the first leader returns.
 */
function partBehind(random: Random): Fault[] {
  const faults: Fault[] = [];
  const target = 'catalog-leader';
  for (let atMs = quietMs + 50; atMs < endMs - 1_000; ) {
    const forMs = 60 + random.integer(140);
    const deadMs = atMs + forMs - 1;
    const snapshotMs = deadMs + 200 + random.integer(400);
    const restartMs = snapshotMs + 30 + random.integer(150);
    const backMs = restartMs + 100 + random.integer(500);
    faults.push({ kind: 'compact', atMs: atMs - random.integer(50) });
    faults.push({ kind: 'part', target, reset: 'end', atMs, forMs });
    faults.push({ kind: 'kill', target, atMs: deadMs, downMs: backMs - deadMs });
    faults.push({ kind: 'compact', atMs: snapshotMs });
    faults.push({ kind: 'kill', target, atMs: restartMs, downMs: 5 + random.integer(30) });
    atMs = backMs + 500 + random.integer(500);
  }
  return inOrder(faults);
}

/**
 * First the leader receives nothing from its group, and then the group receives nothing from it. In half
 * of the cases its successor is down when it returns.
 */
function partAnywhere(random: Random): Fault[] {
  const faults: Fault[] = [];
  for (let atMs = quietMs + random.integer(400); atMs < endMs - 2_000; ) {
    const group = drawGroup(random);
    const target = `${group}-leader`;
    const unheardMs = 10 + random.integer(150);
    const forMs = 1_200 + random.integer(1_200);
    const backMs = atMs + unheardMs + forMs;
    const part = { kind: 'part', target, reset: 'never' } as const;
    faults.push({ ...part, atMs, way: 'in', forMs: unheardMs + 5 });
    faults.push({ ...part, atMs: atMs + unheardMs, forMs });
    for (let times = random.integer(3); times > 0; times--) {
      const restartMs = backMs - 100 - random.integer(700);
      faults.push({ kind: 'kill', target, atMs: restartMs, downMs: 5 + random.integer(30) });
    }
    const isReplaced = random.integer(2) === 0;
    const downMs = 2_500 + random.integer(1_000);
    if (isReplaced) {
      faults.push({ kind: 'kill', target, atMs: backMs - random.integer(60), downMs });
    }
    atMs = backMs + (isReplaced ? downMs : 0) + 500 + random.integer(500);
  }
  return inOrder(faults);
}

/**
 * One member is behind when the journals' ends are damaged; the members with whole journals are late.
 */
export function doubtfulTails(profile: Profile, random: Random): Plan {
  const faults: Fault[] = [];
  for (
    let atMs = quietMs + random.integer(400);
    atMs < endMs;
    atMs += 1_700 + random.integer(600)
  ) {
    const group = drawGroup(random);
    const forMs = 40 + random.integer(200);
    const wholeLaterMs = 500 + random.integer(700);
    const tails = { kind: 'tails', group, power: random.integer(2) === 0 } as const;
    faults.push({ kind: 'part', target: `${group}-other`, atMs, reset: 'never', forMs });
    faults.push({ ...tails, atMs: atMs + forMs - 2, downMs: 5 + random.integer(40), wholeLaterMs });
  }
  const recovery = 2 * random.integer(2);
  return {
    profile: { ...profile, ...busy, ...{ catalogs: 3, orders: 3, recovery } },
    faults: inOrder(faults),
  };
}

const smallGroups = [
  { catalogs: 1, orders: 1, recovery: 2 },
  { catalogs: 2, orders: 1, recovery: 2 },
  { catalogs: 2, orders: 3, recovery: 1 },
  { catalogs: 3, orders: 2, recovery: 1 },
] as const;

/**
 * A member that was ahead loses its disk, an equally current one is down, and one that is behind is up.
 */
export function amnesia(profile: Profile, random: Random): Plan {
  const faults: Fault[] = [];
  for (let atMs = quietMs; atMs < endMs; atMs += 1_500 + random.integer(800)) {
    const how = pick(random, ['lose', 'rot', 'journal'] as const);
    faults.push({ kind: 'amnesia', atMs, group: drawGroup(random), how });
  }
  return {
    profile: { ...profile, ...busy, ...pick<(typeof smallGroups)[number]>(random, smallGroups) },
    faults,
  };
}

function drawGroup(random: Random): GroupName {
  return pick(random, ['catalog', 'order'] as const);
}

function inOrder(faults: readonly Fault[]): Fault[] {
  return [...faults].sort((a, b) => a.atMs - b.atMs);
}

function pick<T>(random: Random, all: readonly T[]): T {
  return all[random.integer(all.length)] as T;
}
