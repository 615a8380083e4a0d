/**
 * How a candidacy, or a lead, ends without a majority (docs/PROTOCOL.md, section 3): the member
 * becomes a follower and keeps the reason, so that frontends try another candidate and the operator
 * reads why. Invariant: no candidacy goes on without progress.
 */
import { becomeFollower, type State } from './state.js';

export type CandidacyFailure =
  /** Too few voters answered to make a majority. */
  | 'unreachable'
  /** Voters answered, but a majority did not agree in time. */
  | 'refused'
  /** A majority agreed, but doubtful members may have held entries that no member is known to have. */
  | 'doubtful'
  /** A majority agreed to the pre-vote, but did not promise in time. */
  | 'unpromised'
  /** The source of the missing entries did not answer, or its answers brought nothing new. */
  | 'stalled'
  /** This member led, and no majority acknowledged its heartbeats. */
  | 'unacknowledged'
  /** This member led, no frontend checked it, and another was nominated. */
  | 'unattended';

export interface FailedCandidacy {
  readonly reason: CandidacyFailure;
  readonly atMs: number;
}

export function failCandidacy(state: State, reason: CandidacyFailure): void {
  becomeFollower(state, undefined);
  state.failed = { reason, atMs: state.nowMs };
  state.out.roleChanged = true;
}
