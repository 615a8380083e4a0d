/**
 * Whether those who agree are enough to lead (docs/PROTOCOL.md, R3, A8, A32, A33): a majority of all voters,
 * and among them enough whose memory is whole. An entry that was committed lies with a majority. So
 * none is missing where fewer than a majority could hold one that the candidate does not hear of:
 * voters that do not answer, learners, and members whose damaged journal end may have held it.
 */
import { isGreater } from './log.js';
import type { Standing } from './messages.js';
import { majority } from './quorum.js';
import type { State } from './state.js';
import type { Doubt, MemberId, Position, Stamp } from './types.js';

/** What a voter said of itself when it agreed or promised; the position is the end of its log. */
export interface Ballot extends Position {
  /** Its disk was lost or cut, and no leader has admitted it since. */
  readonly learner: boolean;
  readonly doubt: Doubt | undefined;
  /** The promise was given after this admission of the giver. */
  readonly stamp: Stamp | undefined;
}

export type Ballots = ReadonlyMap<MemberId, Ballot>;

/** A member of a build that says nothing of itself agrees only as a voter. */
export function ballotOf(
  standing: Pick<Standing, 'learner' | 'doubt'> | undefined,
  last: Position,
  stamp?: Stamp,
): Ballot {
  const { learner = false, doubt } = standing ?? {};
  return { epoch: last.epoch, seq: last.seq, learner, doubt, stamp };
}

/** What this member says of itself. */
export function ownStanding(state: State): Standing {
  const learner = state.learner && state.rules.learnersDoNotVote;
  const doubt = learner ? state.doubt : undefined;
  const { epoch, seq } = state.log.last;
  return { learner, doubt, last: { epoch, seq } };
}

/** Counts the doubtful ones of `resolvable` with what they know, all other learners as knowing nothing. */
export function isElected(
  state: State,
  ballots: Ballots,
  resolvable: ReadonlySet<MemberId>,
): boolean {
  const all = [...ballots];
  if (all.length < majority(state)) return false;
  const doubtful: Ballot[] = [];
  let away = state.voters.length - all.length;
  for (const [id, ballot] of all) {
    if (!ballot.learner) continue;
    if (ballot.doubt && resolvable.has(id)) doubtful.push(ballot);
    else away += 1;
  }
  return away + mostHolders(state, all, doubtful, away) < majority(state);
}

/** Enough voters whose memory is whole agree: nothing depends on a doubt. */
export function isIntact(state: State, ballots: Ballots): boolean {
  return isElected(state, ballots, new Set());
}

/** How many of the doubtful at most may have held one and the same entry that is not known here. */
function mostHolders(
  state: State,
  all: readonly (readonly [MemberId, Ballot])[],
  doubtful: readonly Ballot[],
  away: number,
): number {
  if (!state.rules.doubtCounts) return 0;
  const covered = coveredThrough(state, all, doubtful, away);
  let most = 0;
  for (const { doubt: one } of doubtful) {
    if (!one) continue;
    const seq = Math.max(one.afterSeq, covered) + 1;
    if (mayHold(one, seq)) {
      const holders = doubtful.filter(({ doubt }) => doubt && mayHold(doubt, seq));
      most = Math.max(most, holders.length);
    }
  }
  return most;
}

function mayHold({ afterSeq, throughSeq }: Doubt, seq: number): boolean {
  return seq > afterSeq && seq <= (throughSeq ?? Number.POSITIVE_INFINITY);
}

/**
 * Up to here the best log that can be read has whatever was committed. Say that the doubtful had
 * held another committed entry, of a newer epoch than the best log's last. The majority that
 * promised that epoch and the majority that held the entry share a member. Where too few are away
 * to be all that they share, it is a doubtful one, and it made the promise in an earlier batch,
 * which can be read.
 */
function coveredThrough(
  state: State,
  all: readonly (readonly [MemberId, Ballot])[],
  doubtful: readonly Ballot[],
  away: number,
): number {
  if (2 * majority(state) - state.voters.length <= away) return 0;
  let best: Position = { epoch: 0, seq: 0 };
  for (const [, ballot] of all) if (isGreater(ballot, best)) best = ballot;
  const isNewest = doubtful.every(({ doubt }) => (doubt?.promised ?? Infinity) <= best.epoch);
  return isNewest ? best.seq : 0;
}
