/**
 * Runs that aim at something which chance alone comes by too rarely: a catalog of five voters, order
 * leaders cut off from their group but not from the catalog, products that come and go while all ask
 * for them, a product that a crowd reads and buys, or one way for a frontend to be adrift. In those
 * about a frontend little else happens, clocks are as far apart as they may be, and somebody compares
 * the frontends all the time. With no rule broken they must be as clean as any other run.
 */
import { leaseLimits } from '../../src/base/limits.js';
import type { Random } from '../../src/base/random.js';
import {
  type Drift,
  drawFault,
  drawFaults,
  drifts,
  type Fault,
  quietMs,
  type Reset,
} from './faults.js';
import { drawProfile, type Profile, usualTopology } from './profile.js';
import type { Limits } from './replaced-limits.js';

export const aims = ['five-voters', 'parted-orders', 'absent', 'crowd', ...drifts] as const;
export type Aim = (typeof aims)[number];

/** What a seed decides. */
export interface Plan {
  readonly profile: Profile;
  readonly faults: readonly Fault[];
}

/** Runs in which something else happens as well. */
const mixedShare = 0.25;

/** How long it lasts at least, and what chance adds: over the end of the lease where that matters. */
const spans: Readonly<Record<Drift, readonly [leastMs: number, moreMs: number]>> = {
  pause: [1_100, 500],
  'pause-renewing': [1_100, 500],
  cut: [1_050, 500],
  'with-leader': [1_400, 1_200],
  deserted: [1_700, 500],
  orphaned: [900, 600],
  'half-closed': [600, 600],
  'late-beginning': [300, 200],
};
/** Back in session, and the cache full again. */
const betweenMs = 700;
const chaosMs = 5_000;
const peddledMs = 3_000;
/** Of runs with products that come and go: in the others little would come of it. */
const faultsMax = 3;
/** As with `--catalogs 3 --recovery 2`. */
const fiveVoters = { catalogs: 3, recovery: 2 } as const;

export function drawPlan(random: Random, aim: Aim | undefined): Plan {
  const drawn = drawProfile(random);
  const profile = aim ? { ...drawn, ...usualTopology, limits: realLeases(drawn.limits) } : drawn;
  switch (aim) {
    case undefined:
    case 'five-voters': {
      const faults = drawFaults(random, profile.faults, profile.chaosMs);
      return { profile: aim ? { ...profile, ...fiveVoters } : profile, faults };
    }
    case 'parted-orders':
      return { profile: { ...profile, ...busy }, faults: drawParts(random) };
    case 'absent': {
      const faults = drawFaults(random, random.integer(faultsMax + 1), peddledMs);
      return { profile: { ...profile, ...peddled(profile, random) }, faults };
    }
    case 'crowd':
      return { profile: { ...profile, ...crowded }, faults: drawFaults(random, 3, crowdedMs) };
    default:
      return { profile: { ...profile, ...calm(random) }, faults: drawDrifts(aim, random) };
  }
}

/** The spans of the drifts count on them. */
function realLeases({ lease = {}, ...limits }: Limits): Limits {
  const { leaseMs, renewEveryMs } = leaseLimits;
  return { ...limits, lease: { ...lease, leaseMs, renewEveryMs } };
}

/** One order leader after the other goes on selling what it cannot record. */
function drawParts(random: Random): Fault[] {
  const faults: Fault[] = [];
  for (let atMs = quietMs + random.integer(300); atMs < chaosMs; ) {
    const forMs = 200 + random.integer(1_200);
    const reset = resets[random.integer(resets.length)] ?? 'never';
    faults.push({ kind: 'part', atMs, target: 'order-leader', reset, forMs });
    atMs += forMs + random.integer(500);
  }
  return faults;
}

function drawDrifts(how: Drift, random: Random): Fault[] {
  const faults: Fault[] = [];
  const [leastMs, moreMs] = spans[how];
  for (let atMs = quietMs + 200; ; ) {
    const forMs = leastMs + random.integer(moreMs);
    if (atMs + forMs > chaosMs - betweenMs) break;
    const target = `frontend-${1 + random.integer(2)}`;
    faults.push({ kind: 'adrift', atMs, target, how, forMs, watched: true });
    atMs += forMs + betweenMs;
  }
  if (random.fraction() < mixedShare) {
    const atMs = quietMs + random.integer(chaosMs - quietMs);
    faults.push({ atMs, ...drawFault(random) } as Fault);
  }
  return faults.sort((a, b) => a.atMs - b.atMs);
}

/** Answers come late by chance, so that there is something to share. */
function peddled({ network }: Profile, random: Random): Partial<Profile> {
  return {
    network: { ...network, slowShare: 0.05 + 0.1 * random.fraction(), slowMs: 40 },
    chaosMs: peddledMs,
    clients: 2,
    peddled: true,
    ...(random.fraction() < 0.25 && fiveVoters),
  };
}

/** Much is bought all the time. */
const busy = { chaosMs, clients: 5, thinkMs: 20, buys: 0.6 } as const;
/** Everybody wants the one product, and it is sold again and again. */
const crowdedMs = 2_000;
const crowded = {
  chaosMs: crowdedMs,
  clients: 16,
  thinkMs: 2,
  items: 1,
  crowd: 3,
  buys: 0.15,
  reads: 0.05,
} as const;
const resets: readonly Reset[] = ['never', 'begin', 'end'];

/** Everybody is near and quick, and little is bought, so that caches are full. */
function calm(random: Random): Partial<Profile> {
  return {
    network: { latencyMs: 0.1, jitterMs: 0.5, slowShare: 0, slowMs: 0, pieceMs: 0.1 },
    disk: { meanMs: 0.2 },
    clockSpread: 0.038,
    clocksApart: true,
    chaosMs,
    clients: 2,
    thinkMs: 60,
    ...(random.fraction() < 0.25 && fiveVoters),
    items: 1 + random.integer(3),
    buys: 0.05,
    changes: 0,
    restockEverySeconds: 0,
  };
}
