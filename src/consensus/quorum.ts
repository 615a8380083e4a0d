/**
 * Counting voters: what a majority of ALL of them has reached, down or not (docs/PROTOCOL.md, R6),
 * learners left out (A8). Knows nothing of logs.
 */
import { majorityOf, type Peer, type State } from './state.js';

export function majority(state: State): number {
  return majorityOf(state.voters.length);
}

/** A8: a learner's word is worth nothing yet. */
export function isCounted(state: State, peer: Peer): boolean {
  return !peer.learner || !state.rules.learnersDoNotVote;
}

/** The same of this member, where it leads itself. */
export function isSelfCounted(state: State): boolean {
  return !state.learner || !state.rules.learnersDoNotVote;
}

/** The greatest value that at least `count` of the voters have reached; 0 where they have not. */
export function reachedBy(values: number[], count: number): number {
  values.sort((a, b) => b - a);
  return values[count - 1] ?? 0;
}
