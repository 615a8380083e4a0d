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
import type { Ballot, Ballots, Doubt, MemberId, Position, Stamp } from './types.js';

/** The entries that a doubtful member may have lost; `none`: at most a promise. */
type LostPlaces = 'none' | { readonly fromSeq: number; readonly throughSeq: number };

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
  if (ballots.size < majority(state)) return false;
  const { away, doubtful } = split(state, ballots, resolvable);
  return away + mostHolders(state, ballots, doubtful, away) < majority(state);
}

/** Whether enough voters with a whole memory agree, so that nothing depends on a doubtful one. */
export function enoughWithoutDoubts(state: State, ballots: Ballots): boolean {
  return isElected(state, ballots, new Set());
}

/** Whether those who agree would be enough if no doubtful one of them had lost an entry. */
export function waitsForDoubts(state: State, ballots: Ballots): boolean {
  if (ballots.size < majority(state)) return false;
  const { away, doubtful } = split(state, ballots, new Set(ballots.keys()));
  return doubtful.length > 0 && away < majority(state);
}

/** The doubtful members that count, and how many voters are counted as if they had not answered. */
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

/** How many of the doubtful at most may have held one and the same entry that is not known here. */
function mostHolders(
  state: State,
  ballots: Ballots,
  doubtful: readonly Ballot[],
  away: number,
): number {
  if (!state.rules.doubtCounts) return 0;
  const covered = coveredThrough(state, ballots, doubtful, away);
  // An operator accepts the loss of what no member has, so every member must have answered.
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
 * Up to here the best log that can be read has whatever was committed. Say that the doubtful had
 * held another committed entry, of a newer epoch than the best log's last. The majority that
 * promised that epoch and the majority that held the entry share a member. Where too few are away
 * to be all that they share, it is a doubtful one, and it made the promise in an earlier batch,
 * which can be read.
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
