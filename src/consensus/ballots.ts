/**
 * Decides whether the voters that agree are enough to elect a leader (docs/PROTOCOL.md, R3, A8, A32,
 * A33). They must be a majority of all voters, and enough of them must have a complete log. A committed
 * entry is on a majority. So the candidate misses no committed entry if fewer than a majority could hold
 * one unseen: voters that do not answer, learners, and members whose damaged journal end may have held
 * it.
 */
import { isGreater } from './log.js';
import type { Standing } from './messages.js';
import { majority } from './quorum.js';
import type { State } from './state.js';
import type { Ballot, Ballots, Doubt, MemberId, Position, Stamp } from './types.js';

/** The entries that a doubtful member may have lost. `none`: it lost at most a promise. */
type LostPlaces = 'none' | { readonly fromSeq: number; readonly throughSeq: number };

/** A member of an older build reports no standing; it agrees only as a voter. */
export function ballotOf(
  standing: Pick<Standing, 'learner' | 'doubt'> | undefined,
  last: Position,
  stamp?: Stamp,
): Ballot {
  const { learner = false, doubt } = standing ?? {};
  return { epoch: last.epoch, seq: last.seq, learner, doubt, stamp };
}

/** The standing that this member reports. */
export function ownStanding(state: State): Standing {
  const learner = state.learner && state.rules.learnersDoNotVote;
  const doubt = learner ? state.doubt : undefined;
  const { epoch, seq } = state.log.last;
  return { learner, doubt, last: { epoch, seq } };
}

/**
 * Counts the doubtful members of `resolvable` with the entries they have. Counts all other learners as
 * members without entries.
 */
export function isElected(
  state: State,
  ballots: Ballots,
  resolvable: ReadonlySet<MemberId>,
): boolean {
  if (ballots.size < majority(state)) return false;
  const { away, doubtful } = split(state, ballots, resolvable);
  return away + mostHolders(state, ballots, doubtful, away) < majority(state);
}

/** Whether enough voters with a complete log agree, so that the result depends on no doubtful member. */
export function enoughWithoutDoubts(state: State, ballots: Ballots): boolean {
  return isElected(state, ballots, new Set());
}

/** Whether the agreeing voters would be enough if no doubtful member had lost an entry. */
export function waitsForDoubts(state: State, ballots: Ballots): boolean {
  if (ballots.size < majority(state)) return false;
  const { away, doubtful } = split(state, ballots, new Set(ballots.keys()));
  return doubtful.length > 0 && away < majority(state);
}

/** The doubtful members that count, and the number of voters counted as if they had not answered. */
function split(
  state: State,
  ballots: Ballots,
  resolvable: ReadonlySet<MemberId>,
): { readonly away: number; readonly doubtful: readonly Ballot[] } {
  const doubtful: Ballot[] = [];
  let away = state.voters.length - ballots.size;
  for (const [id, ballot] of ballots) {
    if (!ballot.learner) continue;
    if (ballot.doubt && resolvable.has(id)) doubtful.push(ballot);
    else away += 1;
  }
  return { away, doubtful };
}

/** The greatest number of doubtful members that may have held the same entry unknown to this member. */
function mostHolders(
  state: State,
  ballots: Ballots,
  doubtful: readonly Ballot[],
  away: number,
): number {
  if (!state.rules.doubtCounts) return 0;
  const covered = coveredThrough(state, ballots, doubtful, away);
  // The operator accepts the loss of entries that no member has, so every member must have answered.
  const isComplete = ballots.size === state.voters.length;
  const lost = doubtful.map(({ doubt }) =>
    doubt?.accepted && isComplete ? 'none' : lostPlaces(doubt),
  );
  let most = 0;
  for (const places of lost) {
    if (places === 'none') continue;
    const seq = Math.max(places.fromSeq, covered + 1);
    most = Math.max(most, lost.filter((other) => isAmong(seq, other)).length);
  }
  return most;
}

function lostPlaces(doubt: Doubt | undefined): LostPlaces {
  if (!doubt) return 'none';
  const { afterSeq, throughSeq = Number.POSITIVE_INFINITY } = doubt;
  return throughSeq > afterSeq ? { fromSeq: afterSeq + 1, throughSeq } : 'none';
}

function isAmong(seq: number, places: LostPlaces): boolean {
  return places !== 'none' && seq >= places.fromSeq && seq <= places.throughSeq;
}

/**
 * The best readable log holds every committed entry up to this seq. Suppose the doubtful members held
 * another committed entry, of a newer epoch than the last entry of the best log. The majority that
 * promised that epoch and the majority that held the entry share a member. If too few members are away
 * to make up that whole overlap, it includes a doubtful member. That member made the promise in an
 * earlier batch, and that batch can be read.
 */
function coveredThrough(
  state: State,
  ballots: Ballots,
  doubtful: readonly Ballot[],
  away: number,
): number {
  if (2 * majority(state) - state.voters.length <= away) return 0;
  let best: Position = { epoch: 0, seq: 0 };
  for (const ballot of ballots.values()) if (isGreater(ballot, best)) best = ballot;
  const isNewest = doubtful.every(({ doubt }) => (doubt?.promised ?? Infinity) <= best.epoch);
  return isNewest ? best.seq : 0;
}
