/**
 * The table of admissions (docs/PROTOCOL.md, R3): which voters lost their disk once, and the stamp
 * of the latest admission of each. A promise is worth nothing once a later stamp of its giver
 * exists. Invariant: stamps in a table only grow, and only voters are in it.
 */
import type { Admissions, MemberId, Stamp } from './types.js';

/** The stamp of a founding voter. */
export const noStamp: Stamp = Object.freeze({ epoch: 0, version: 0 });

export const noAdmissions: Admissions = new Map();

export function isLater(a: Stamp | undefined, b: Stamp | undefined): boolean {
  const [left, right] = [a ?? noStamp, b ?? noStamp];
  return left.epoch !== right.epoch ? left.epoch > right.epoch : left.version > right.version;
}

export function laterOf(a: Stamp | undefined, b: Stamp | undefined): Stamp {
  return (isLater(b, a) ? b : a) ?? noStamp;
}

/** The later stamp of each voter; the very table `into` where the other has nothing to add. */
export function mergeAdmissions(
  into: Admissions,
  other: Admissions | undefined,
  voters: readonly MemberId[],
): Admissions {
  let merged: Map<MemberId, Stamp> | undefined;
  for (const [voter, stamp] of other ?? noAdmissions) {
    if (!voters.includes(voter) || !isLater(stamp, into.get(voter))) continue;
    merged ??= new Map(into);
    merged.set(voter, stamp);
  }
  return merged ?? into;
}
