/**
 * Counts voters: the value that a majority of ALL voters has reached, whether they are up or down
 * (docs/PROTOCOL.md, R6), without learners (A8). Does not depend on the log.
 */
import { majorityOf, type Peer, type State } from './state.js';

export function majority(state: State): number {
  return majorityOf(state.voters.length);
}

/** A8: a learner does not count yet. */
export function isCounted(state: State, peer: Peer): boolean {
  return !peer.learner || !state.rules.learnersDoNotVote;
}

/** The same for this member when it leads. */
export function isSelfCounted(state: State): boolean {
  return !state.learner || !state.rules.learnersDoNotVote;
}

/** The greatest value that at least `count` of the voters have reached, or 0. */
export function reachedBy(values: number[], count: number): number {
  values.sort((a, b) => b - a);
  return values[count - 1] ?? 0;
}
