/**
 * The faults of a run as plain data: drawn from the seed, injected at their times, and removed one by
 * one when a failure is shrunk. A target is a name, or a role that is resolved at that time.
 */
import type { Random } from '../src/base/random.js';
import { drawStorageFault, type StorageFault } from './storage-faults.js';
import type { GroupName } from './world.js';

export type Target =
  | string
  | 'catalog-leader'
  | 'catalog-other'
  | 'order-leader'
  | 'order-other'
  | 'any';

/** Whether connections over a cut are given up, and when. */
export type Reset = 'never' | 'begin' | 'end';
/**
 * How a frontend is set adrift. It is paused (`pause`), paused just after it asked for its lease, or its
 * machine is suspended. It is cut off from the catalogs (`cut`), alone with their leader
 * (`with-leader`), then without it as well (`deserted`), or cut off while the leader crashes
 * (`orphaned`). The leader loses its end of the connections (`half-closed`). Its session request stalls
 * (`late-beginning`). A follower that it reads from stays with the old leader (`two-leaders`).
 */
export const drifts = [
  ...(['pause', 'pause-renewing', 'suspend', 'cut', 'with-leader'] as const),
  ...(['deserted', 'orphaned', 'half-closed', 'late-beginning', 'two-leaders'] as const),
];
export type Drift = (typeof drifts)[number];
export type Ambush = 'snapshot' | 'install' | 'admission';

/** `atMs` counts from the beginning; a lasting fault ends after `forMs`. */
export type Fault = { readonly atMs: number } & (
  | { readonly kind: 'kill' | 'power'; readonly target: Target; readonly downMs: number }
  | { readonly kind: 'kill-group' | 'power-group'; readonly group: string; readonly downMs: number }
  | {
      readonly kind: 'pause';
      readonly target: Target;
      /** The machine is suspended: its monotonic clock stands still. */
      readonly frozen?: boolean;
      readonly forMs: number;
    }
  /** Longer than a lease. */
  | {
      readonly kind: 'adrift';
      readonly target: Target;
      readonly how: Drift;
      readonly forMs: number;
      /** An onlooker compares it with the other frontend all the time. */
      readonly watched?: boolean;
    }
  /** Nothing gets out, or in, or both. */
  | {
      readonly kind: 'isolate';
      readonly target: Target;
      readonly way: 'in' | 'out' | 'both';
      readonly reset: Reset;
      readonly forMs: number;
    }
  /** All processes are on one of two sides at random; these two are on different ones. */
  | {
      readonly kind: 'split';
      readonly target: Target;
      readonly reset: Reset;
      readonly forMs: number;
    }
  /** Cut off only from its own group, in both directions unless one is given; others still reach it. */
  | {
      readonly kind: 'part';
      readonly target: Target;
      readonly way?: 'in' | 'out' | 'both';
      readonly reset: Reset;
      readonly forMs: number;
    }
  /** No frontend reaches it, but its group does. */
  | {
      readonly kind: 'unattend';
      readonly target: Target;
      readonly way: 'in' | 'out' | 'both';
      readonly reset: Reset;
      readonly forMs: number;
    }
  | {
      readonly kind: 'cut';
      readonly from: Target;
      readonly to: Target;
      readonly both: boolean;
      readonly forMs: number;
    }
  /** One connection to it stalls, the others do not. */
  | { readonly kind: 'stall'; readonly target: Target; readonly forMs: number }
  | {
      readonly kind: 'lossy';
      readonly drop: number;
      readonly repeat: number;
      readonly misplace: number;
      readonly forMs: number;
    }
  | {
      readonly kind: 'disk';
      readonly target: Target;
      readonly mood: 'slow' | 'hung' | 'failing';
      readonly forMs: number;
    }
  | { readonly kind: 'rot'; readonly target: Target; readonly where: 'last' | 'older' }
  | { readonly kind: 'lose'; readonly target: Target; readonly downMs: number }
  | StorageFault
  /** One member misses entries; then another loses its disk while the third is down (A8). */
  | { readonly kind: 'amnesia'; readonly group: string; readonly how: 'lose' | 'rot' | 'journal' }
  /** The catalog restarts from snapshots while one of its members has lost its disk. */
  | { readonly kind: 'renew' }
  /** The catalog replicas replace their logs by snapshots. */
  | { readonly kind: 'compact' }
  /** It crashes the next time that it does this. */
  | { readonly kind: 'ambush'; readonly target: Target; readonly at: Ambush }
  /** It loses its disk while another member is cut off from the group. */
  | {
      readonly kind: 'wipe';
      readonly target: Target;
      readonly downMs: number;
      readonly parted: Target;
      readonly forMs: number;
    }
  /** Each leader of the group crashes soon after its election, and is cut off just before. */
  | { readonly kind: 'brief-leads'; readonly group: GroupName; readonly forMs: number }
  /** A voter forgets its promise while a candidacy depends on it. */
  | {
      readonly kind: 'old-promise';
      readonly group: GroupName;
      readonly how: 'wiped' | 'two-nominees' | 'damaged';
      readonly forMs: number;
    }
  /** All processes stand still while their clocks run: the whole machine is suspended. */
  | { readonly kind: 'skip'; readonly skipMs: number }
  /**
   * Messages between the two are delayed; the sender gives the connection up and connects again.
   * Meanwhile the world may skip some time.
   */
  | {
      readonly kind: 'late';
      readonly from: Target;
      readonly to: Target;
      readonly forMs: number;
      readonly skipMs: number;
    }
  | { readonly kind: 'nominate'; readonly target: Target }
  | { readonly kind: 'rival'; readonly forMs: number }
  /** One member sends a message with an epoch far above all others. */
  | { readonly kind: 'forge'; readonly target: Target }
  /** The same restock is logged twice. */
  | { readonly kind: 'restock-twice' }
);

/** A live leader does not react to these (A6). */
export const harmless: ReadonlySet<Fault['kind']> = new Set(['nominate', 'rival', 'restock-twice']);

/** Before this time, a leader is elected and the first stock is added. */
export const quietMs = 400;

/** The share of faults of stored data (storage-faults.ts). */
const storageShare = 0.1;
/** Share of runs with only harmless faults. */
const steadyShare = 0.06;

const targets: readonly Target[] = [
  ...['catalog-leader', 'order-leader', 'catalog-leader', 'order-leader'],
  ...['catalog-other', 'order-other', 'any', 'any', 'recovery-1', 'recovery-2'],
  ...['frontend-1', 'frontend-2'],
];
const frontends: readonly Target[] = ['frontend-1', 'frontend-2'];
const replicas: readonly Target[] = [
  ...['catalog-leader', 'order-leader', 'catalog-other', 'order-other', 'recovery-1'],
  'recovery-2',
];

export function drawFaults(random: Random, count: number, chaosMs: number): Fault[] {
  const faults: Fault[] = [];
  const isSteady = random.fraction() < steadyShare;
  for (let i = 0; i < count; i++) {
    const atMs = Math.round(quietMs + random.fraction() * (chaosMs - quietMs));
    const fault = isSteady ? drawHarmless(random) : drawFault(random);
    faults.push({ atMs, ...fault } as Fault);
  }
  return faults.sort((a, b) => a.atMs - b.atMs);
}

export type Unplaced = Fault extends infer F ? (F extends Fault ? Omit<F, 'atMs'> : never) : never;

export function drawFault(random: Random): Unplaced {
  const pick = <T>(list: readonly T[]): T => list[random.integer(list.length)] as T;
  const ms = (least: number, most: number): number =>
    Math.round(least + (most - least) * random.fraction() ** 2);
  if (random.fraction() < storageShare) return drawStorageFault(random, replicas);
  const dice = random.integer(110);
  const reset = pick(['never', 'begin', 'end'] as const);
  if (dice < 14) return { kind: 'kill', target: pick(targets), downMs: ms(5, 1_500) };
  if (dice < 21) return { kind: 'power', target: pick(targets), downMs: ms(50, 1_500) };
  if (dice < 26) return { kind: 'kill-group', group: pick(groups), downMs: ms(5, 500) };
  if (dice < 29) return { kind: 'power-group', group: pick(groups), downMs: ms(50, 500) };
  if (dice < 33) return { kind: 'pause', target: pick(targets), forMs: ms(50, 2_500) };
  if (dice < 39) {
    const how = pick(['pause', 'pause-renewing', 'cut', 'with-leader'] as const);
    const forMs = 1_100 + random.integer(2_000);
    return { kind: 'adrift', target: pick(frontends), how, forMs };
  }
  if (dice < 44) return { kind: 'part', target: pick(replicas), reset, forMs: ms(100, 2_500) };
  if (dice < 53) return { kind: 'split', target: pick(replicas), reset, forMs: ms(100, 2_500) };
  if (dice < 58) {
    const way = pick(['in', 'out', 'both', 'both'] as const);
    return { kind: 'isolate', target: pick(targets), way, reset, forMs: ms(50, 2_500) };
  }
  if (dice < 63) {
    const both = random.fraction() < 0.5;
    return { kind: 'cut', from: pick(targets), to: pick(targets), both, forMs: ms(50, 2_500) };
  }
  if (dice < 69) return { kind: 'stall', target: pick(targets), forMs: ms(20, 1_000) };
  if (dice < 76) {
    const rate = (): number => (random.integer(3) === 0 ? 0.3 * random.fraction() : 0);
    const rates = { drop: rate(), repeat: rate(), misplace: rate() };
    return { kind: 'lossy', ...rates, forMs: ms(200, 2_000) };
  }
  if (dice < 83) {
    const mood = pick(['slow', 'hung', 'hung', 'failing'] as const);
    return { kind: 'disk', target: pick(replicas), mood, forMs: ms(100, 2_500) };
  }
  if (dice < 86) return { kind: 'rot', target: pick(replicas), where: pick(['last', 'older']) };
  if (dice < 89) return { kind: 'lose', target: pick(replicas), downMs: ms(5, 800) };
  if (dice < 92) {
    return { kind: 'amnesia', group: pick(['catalog', 'order']), how: pick(['lose', 'rot']) };
  }
  if (dice < 95) {
    return {
      kind: 'ambush',
      target: pick(replicas),
      at: pick(['snapshot', 'install', 'admission']),
    };
  }
  if (dice < 97) return { kind: 'renew' };
  if (dice < 98) return { kind: 'forge', target: pick(replicas) };
  if (dice < 100) return drawHarmless(random);
  if (dice < 103) {
    const [from, to] = pick(neighbours);
    return { kind: 'cut', from, to, both: random.fraction() < 0.3, forMs: ms(100, 4_000) };
  }
  if (dice < 105) {
    const [target, parted] = pick(neighbours);
    return { kind: 'wipe', target, parted, downMs: ms(5, 800), forMs: ms(100, 2_500) };
  }
  const skipMs = Math.round(500 * skipFactor ** random.fraction());
  if (dice < 107) return { kind: 'skip', skipMs };
  return drawLate(random, { forMs: ms(50, 2_000), skipMs: random.integer(2) * skipMs });
}

/** Two members of one group. */
const neighbours: readonly (readonly [Target, Target])[] = [
  ...(['catalog', 'order'] as const).flatMap((group) => [
    [`${group}-leader`, `${group}-other`] as const,
    [`${group}-other`, `${group}-leader`] as const,
    [`${group}-leader`, 'recovery-1'] as const,
    ['recovery-1', `${group}-other`] as const,
  ]),
];
/** Half a second to ten minutes. */
const skipFactor = 1_200;

export function drawLate(
  random: Random,
  times: { readonly forMs: number; readonly skipMs: number },
): Unplaced {
  const ways: readonly (readonly [Target, Target])[] = [
    ...[...frontends, ...frontends].map((name) => [name, 'order-leader'] as const),
    ['order-leader', 'catalog-leader'],
    ['frontend-1', 'catalog-leader'],
    ['catalog-leader', 'order-leader'],
  ];
  const [from, to] = ways[random.integer(ways.length)] ?? ['any', 'any'];
  return { kind: 'late', from, to, ...times };
}

function drawHarmless(random: Random): Unplaced {
  const dice = random.integer(5);
  const target = replicas[random.integer(replicas.length)] as Target;
  if (dice < 3) return { kind: 'nominate', target };
  if (dice === 3) return { kind: 'restock-twice' };
  return { kind: 'rival', forMs: 200 + random.integer(1_800) };
}

const groups = ['catalog', 'order', 'all'] as const;
