/**
 * Runs with an aim: situations that are too rare by chance. Examples: a catalog of five voters, order
 * leaders cut off from their group but not from the catalog, products that come and go while all
 * customers request them, a hot product, or a frontend that is set adrift in one way. In runs about a
 * frontend few other faults occur, clocks differ by the greatest allowed amount, and an onlooker
 * compares the frontends. Without a broken rule these runs must be as clean as any other.
 */
import { leaseLimits } from '../src/base/limits.js';
import type { Random } from '../src/base/random.js';
import { drawBound } from './draw-bound.js';
import {
  type Drift,
  drawFault,
  drawFaults,
  drawLate,
  drifts,
  type Fault,
  quietMs,
  type Reset,
  type Unplaced,
} from './faults.js';
import { amnesia, doubtfulTails, oldPromises, partedTails } from './member-aims.js';
import type { Plan } from './plan.js';
import { drawProfile, type Profile, usualTopology } from './profile.js';
import type { Limits } from './replaced-limits.js';

export const aims = [
  ...(['five-voters', 'cut-off', 'late', 'brief-leads'] as const),
  ...(['old-promises', 'parted-tails', 'doubtful-tails', 'amnesia'] as const),
  ...(['parted-orders', 'absent', 'crowd'] as const),
  ...drifts,
] as const;
export type Aim = (typeof aims)[number];

/** Runs in which something else happens as well. */
const mixedShare = 0.25;

/** The least duration, and the random addition; beyond the end of the lease where that matters. */
const spans: Readonly<Record<Drift, readonly [leastMs: number, moreMs: number]>> = {
  pause: [1_100, 500],
  'pause-renewing': [1_100, 500],
  suspend: [1_100, 500],
  cut: [1_050, 500],
  'with-leader': [1_400, 1_200],
  deserted: [1_700, 500],
  orphaned: [900, 600],
  'half-closed': [600, 600],
  'late-beginning': [300, 200],
  'two-leaders': [900, 600],
};
/** Time until the session is restored and the cache is full. */
const betweenMs = 700;
const chaosMs = 5_000;
const peddledMs = 3_000;
/** For runs with products that come and go; more faults would hide them. */
const faultsMax = 3;
/** As with `--catalogs 3 --recovery 2`. */
const fiveVoters = { catalogs: 3, recovery: 2 } as const;
/** Groups that continue without one member. */
const manyVoters = [
  fiveVoters,
  { catalogs: 3, recovery: 0, orders: 3, frontends: 1 },
  { catalogs: 3, recovery: 1, orders: 3, frontends: 2 },
  { catalogs: 2, recovery: 1, orders: 3, frontends: 1 },
  { catalogs: 2, recovery: 1, orders: 2, frontends: 2 },
] as const;
/** Shares of the runs without an aim; these runs last longer than others. */
const cutOffShare = 0.03;
const lateShare = 0.007;
const cutOffMs = 9_000;
const cutOffForMs = 3_000;
const lateMs = 20_000;
const skippedShare = 0.5;
const briefMs = 8_000;
/** The least lifetime that covers a purchase's age and a customer's patience. */
const lateKeyMs = 6_000;

export function drawPlan(random: Random, aim: Aim | undefined): Plan {
  const { profile, faults } = drawAimed(random, aim);
  const bound = aim ? {} : drawBound(random, profile);
  return { profile: { ...profile, ...bound }, faults };
}

function drawAimed(random: Random, aim: Aim | undefined): Plan {
  const drawn = drawProfile(random);
  const profile = aim ? { ...drawn, ...usualTopology, limits: realLeases(drawn.limits) } : drawn;
  switch (aim) {
    case undefined: {
      const dice = random.fraction();
      if (dice < cutOffShare) return cutOff(profile, random);
      if (dice < cutOffShare + lateShare) return late(profile, random);
      return { profile, faults: drawFaults(random, profile.faults, profile.chaosMs) };
    }
    case 'five-voters': {
      const faults = drawFaults(random, profile.faults, profile.chaosMs);
      return { profile: { ...profile, ...fiveVoters }, faults };
    }
    case 'cut-off':
      return cutOff({ ...profile, ...manyVoters[random.integer(manyVoters.length)] }, random);
    case 'late':
      return late(profile, random);
    case 'brief-leads':
      return briefLeads(profile, random);
    case 'old-promises':
      return oldPromises(profile, random);
    case 'parted-tails':
      return partedTails(profile, random);
    case 'doubtful-tails':
      return doubtfulTails(profile, random);
    case 'amnesia':
      return amnesia(profile, random);
    case 'parted-orders':
      return { profile: { ...profile, ...busy }, faults: drawParts(random) };
    case 'absent': {
      const faults = drawFaults(random, random.integer(faultsMax + 1), peddledMs);
      return { profile: { ...profile, ...peddled(profile, random) }, faults };
    }
    case 'crowd':
      return { profile: { ...profile, ...crowded }, faults: drawFaults(random, 3, crowdedMs) };
    case 'two-leaders':
      return {
        profile: { ...profile, ...calm(random), ...fiveVoters },
        faults: drawDrifts(aim, random),
      };
    default:
      return { profile: { ...profile, ...calm(random) }, faults: drawDrifts(aim, random) };
  }
}

/** Cuts one member or link after the other for longer than a group may be without a leader. */
function cutOff(profile: Profile, random: Random): Plan {
  const faults: Fault[] = [];
  for (let atMs = quietMs + random.integer(500); atMs < cutOffMs - cutOffForMs; ) {
    const forMs = cutOffForMs + random.integer(1_000);
    faults.push({ atMs, ...drawCut(random, forMs) } as Fault);
    atMs += forMs + random.integer(1_500);
  }
  if (random.fraction() < mixedShare) {
    const atMs = quietMs + random.integer(cutOffMs - quietMs);
    faults.push({ atMs, ...drawFault(random) } as Fault);
  }
  faults.sort((a, b) => a.atMs - b.atMs);
  return { profile: { ...profile, chaosMs: cutOffMs }, faults };
}

function drawCut(random: Random, forMs: number): Unplaced {
  const group = random.integer(2) === 0 ? 'catalog' : 'order';
  const [leader, other] = [`${group}-leader`, `${group}-other`] as const;
  const reset = resets[random.integer(resets.length)] ?? 'never';
  const ways = ['in', 'out', 'both'] as const;
  const way = ways[random.integer(ways.length)] ?? 'both';
  switch (random.integer(6)) {
    case 0:
      return { kind: 'cut', from: leader, to: other, both: random.integer(2) === 0, forMs };
    case 1:
      return { kind: 'cut', from: other, to: leader, both: false, forMs };
    case 2:
      return { kind: 'isolate', target: leader, way, reset, forMs };
    case 3:
      return { kind: 'unattend', target: leader, way, reset, forMs };
    default:
      return { kind: 'part', target: leader, reset, forMs };
  }
}

/** Sends one entry at a time to a member, so that a leadership can end between any two. */
function briefLeads(profile: Profile, random: Random): Plan {
  const { limits, network } = profile;
  const group = random.integer(2) === 0 ? 'catalog' : 'order';
  const latencyMs = 4 + 8 * random.fraction();
  const log = { ...limits.log, appendEntriesMax: 1, windowMessagesMax: 1 };
  return {
    profile: {
      ...profile,
      ...busy,
      ...{ catalogs: 3, orders: 3, recovery: 0, chaosMs: briefMs },
      network: { ...network, latencyMs, jitterMs: 2, slowShare: 0 },
      disk: { meanMs: 0.3 },
      limits: { ...limits, log },
    },
    faults: [{ kind: 'brief-leads', atMs: quietMs, group, forMs: briefMs - 2 * quietMs }],
  };
}

/** Keys expire soon, and requests sent long before arrive after that. */
function late(profile: Profile, random: Random): Plan {
  const lifeMs = lateKeyMs + random.integer(2_000);
  const ages = { clientKeyAgeMaxMs: lifeMs / 2, frontendKeyAgeMaxMs: lifeMs / 2 };
  const purchase = { ...profile.limits.purchase, ...ages };
  const limits = {
    ...profile.limits,
    purchase: { ...purchase, clientKeyMs: lifeMs, frontendKeyMs: lifeMs },
  };
  const faults: Fault[] = [];
  for (let times = 1 + random.integer(3); times > 0; times--) {
    const atMs = quietMs + random.integer(lateMs - 2 * lifeMs - quietMs);
    const forMs = Math.round(lifeMs * (0.4 + random.fraction()));
    faults.push({ atMs, ...drawLate(random, { forMs, skipMs: 0 }) } as Fault);
  }
  if (random.fraction() < skippedShare) {
    // The sale gets no answer before its key expires.
    const atMs = quietMs + random.integer(lateMs - 2 * lifeMs);
    const skipMs = Math.round(lifeMs * (1 + random.fraction()));
    faults.push({ kind: 'kill', target: 'order-leader', atMs, downMs: 300 });
    faults.push({ kind: 'skip', atMs: atMs + random.integer(30), skipMs });
  }
  if (random.fraction() < mixedShare) {
    const atMs = quietMs + random.integer(lateMs - quietMs);
    faults.push({ atMs, ...drawFault(random) } as Fault);
  }
  faults.sort((a, b) => a.atMs - b.atMs);
  const few = { clients: 3, thinkMs: 60, buys: 0.7, chaosMs: lateMs };
  return { profile: { ...profile, ...few, limits }, faults };
}

/** The durations of the drifts depend on these. */
function realLeases({ lease = {}, ...limits }: Limits): Limits {
  const { leaseMs, renewEveryMs } = leaseLimits;
  return { ...limits, lease: { ...lease, leaseMs, renewEveryMs } };
}

/** Each order leader in turn keeps selling without being able to record the orders. */
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

/** Some answers are late, so that there are questions to share. */
function peddled({ network }: Profile, random: Random): Partial<Profile> {
  return {
    network: { ...network, slowShare: 0.05 + 0.1 * random.fraction(), slowMs: 40 },
    chaosMs: peddledMs,
    clients: 2,
    peddled: true,
    ...(random.fraction() < 0.25 && fiveVoters),
  };
}

/** Many purchases all the time. */
const busy = { chaosMs, clients: 5, thinkMs: 20, buys: 0.6 } as const;
/** All customers want the same product, and it is sold repeatedly. */
const crowdedMs = 2_000;
const crowded = {
  chaosMs: crowdedMs,
  clients: 16,
  thinkMs: 2,
  items: 1,
  readersMin: 3,
  buys: 0.15,
  reads: 0.05,
} as const;
const resets: readonly Reset[] = ['never', 'begin', 'end'];

/** All latencies are short and purchases are rare, so that caches are full. */
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
