/**
 * The table of admissions (docs/PROTOCOL.md, R3): the voters that lost their disk once, each with the
 * stamp of its latest admission. A promise does not count once its giver has a later stamp. Invariant:
 * stamps in a table only grow, and only voters are in the table.
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

/** The later stamp of each voter. Returns `into` unchanged where `other` adds nothing. */
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
