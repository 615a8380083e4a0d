/**
 * Draws runs in which the total of an order can cross its bound, with prices and quantities to match.
 */
import type { Random } from '../src/base/random.js';
import type { Profile } from './profile.js';

/** Runs in which totals cross their bound. */
const boundShare = 0.15;
/** Prices go up to this; those of the first stock are lower. */
const priceCentsMax = 20_000;
/** So many units may come to the bound at the highest price, at least, and what chance adds. */
const unitsLeast = 5;
const unitsMore = 30;
const boundUnknownMs = 3_000;

/** Drawn after all else, so that runs without a small bound are what they were before there was one. */
export function drawBound(random: Random, { limits }: Pick<Profile, 'limits'>): Partial<Profile> {
  if (random.fraction() >= boundShare) return {};
  const totalCentsMax = priceCentsMax * (unitsLeast + random.integer(unitsMore));
  return {
    limits: { ...limits, request: { priceCentsMax, totalCentsMax } },
    boundUnknownMs: random.integer(boundUnknownMs),
    ...{ quantityMax: unitsLeast + unitsMore, stock: 300, restockTo: 300, changes: 0.15 },
  };
}
