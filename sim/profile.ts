/**
 * The values that a seed determines before the run: the speed of network, disks and clocks, the
 * customers' behaviour, and the length of the chaos. Plain data, so that it can be printed and kept.
 */
import type { Random } from '../src/base/random.js';
import { drawLimits, drawPartBytes } from './draw-limits.js';
import type { NetworkProfile } from './network.js';
import type { Limits } from './replaced-limits.js';

export interface Profile {
  /** The voters of each group follow as in production (src/group/membership.ts). */
  readonly catalogs: number;
  readonly orders: number;
  readonly recovery: number;
  readonly frontends: number;
  /** Replaces the store's real limits; an empty object draws none. */
  readonly limits: Limits;
  /** The greatest time until a catalog replica learns that all replicas bound totals. */
  readonly boundUnknownMs: number;
  /** Bytes of a snapshot in one message. */
  readonly partBytes: number;
  /** Products that one thread of a frontend caches. */
  readonly cacheEntries: number;
  readonly network: NetworkProfile;
  readonly disk: { readonly meanMs: number };
  /** Clocks run up to this share fast or slow. */
  readonly clockSpread: number;
  /** Each clock has one of the two extreme rates. */
  readonly clocksApart: boolean;
  /** The journal of production over the in-memory disk, or the fast model. */
  readonly realJournal: boolean;
  /** A snapshot after this many entries; 0: never. */
  readonly compactEvery: number;
  readonly restartMs: number;
  readonly chaosMs: number;
  readonly faults: number;
  readonly clients: number;
  readonly thinkMs: number;
  readonly items: number;
  /** Concurrent readers of a product from which on they are coalesced. */
  readonly readersMin: number;
  readonly stock: number;
  readonly quantityMax: number;
  /** Shares of a customer's operations; the rest are look-ups. */
  readonly buys: number;
  readonly reads: number;
  readonly changes: number;
  /** Products come and go, and all customers request them. */
  readonly peddled: boolean;
  readonly restockEverySeconds: number;
  readonly restockTo: number;
  /** The longest wait of a customer for one attempt. */
  readonly patienceMs: number;
}

/** The topology of `bazar start` without flags. */
export const usualTopology = { catalogs: 2, orders: 3, recovery: 1, frontends: 2 } as const;

/** The values of every run before they were drawn, for runs kept from then. */
export const usualWorld = {
  ...usualTopology,
  ...{ limits: {}, boundUnknownMs: 0, partBytes: 2_048, cacheEntries: 64 },
} as const;

/** Share of runs with the usual topology. */
const usualShare = 0.4;
/** Share of runs with a chaos of more than four seconds. */
const longShare = 0.15;

export function drawProfile(random: Random): Profile {
  const between = (least: number, most: number): number =>
    least + (most - least) * random.fraction();
  const one = (chance: number): boolean => random.fraction() < chance;
  const far = one(0.15);
  /** All customers want the same few products at once. */
  const hot = one(0.1);
  return {
    ...drawTopology(random),
    limits: drawLimits(random),
    boundUnknownMs: 0,
    partBytes: drawPartBytes(random),
    cacheEntries: one(0.5) ? usualWorld.cacheEntries : 1 + random.integer(8),
    network: {
      latencyMs: far ? between(5, 20) : between(0.05, 0.5),
      jitterMs: far ? between(1, 10) : between(0.05, 2),
      slowShare: one(0.3) ? 0.02 : 0,
      slowMs: between(5, 60),
      pieceMs: one(0.5) ? between(0, 0.5) : 0,
    },
    disk: { meanMs: one(0.2) ? between(2, 10) : between(0.1, 1) },
    clockSpread: one(0.5) ? 0.035 : 0,
    clocksApart: false,
    realJournal: one(0.5),
    compactEvery: one(0.5) ? 5 + random.integer(40) : 0,
    restartMs: between(50, 400),
    chaosMs: chaosMs(random.fraction()),
    faults: one(0.05) ? 0 : 1 + random.integer(9),
    clients: (hot ? 4 : 2) + random.integer(4),
    thinkMs: hot ? between(5, 15) : between(20, 120),
    items: hot ? 1 : 1 + random.integer(4),
    readersMin: 16,
    stock: 3 + random.integer(40),
    quantityMax: 1 + random.integer(4),
    // With few changes, caches are full.
    buys: one(0.3) ? between(0.02, 0.1) : between(0.2, 0.6),
    reads: between(0.05, 0.2),
    changes: one(0.5) ? 0.05 : 0,
    peddled: false,
    restockEverySeconds: one(0.5) ? 1 : 0,
    restockTo: 5 + random.integer(20),
    patienceMs: between(600, 2_000),
  };
}

/** Most runs are short; some are long enough for an outage that exceeds its limit. */
function chaosMs(fraction: number): number {
  if (fraction < 1 - longShare) return 1_500 + 2_500 * (fraction / (1 - longShare));
  return 4_000 + 5_000 * ((fraction - 1 + longShare) / longShare);
}

function drawTopology(
  random: Random,
): Pick<Profile, 'catalogs' | 'orders' | 'recovery' | 'frontends'> {
  if (random.fraction() < usualShare) return usualTopology;
  return {
    catalogs: 1 + random.integer(3),
    orders: 1 + random.integer(3),
    recovery: random.integer(3),
    frontends: 1 + random.integer(3),
  };
}
