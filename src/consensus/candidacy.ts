/**
 * How a candidacy, or a lead, ends without a majority (docs/PROTOCOL.md, section 3): the member
 * becomes a follower and keeps the reason, so that frontends try another candidate and the operator
 * reads why. Invariant: no candidacy goes on without progress.
 */
import { becomeFollower, type State } from './state.js';
import type { CandidacyFailure } from './types.js';

export function failCandidacy(state: State, reason: CandidacyFailure): void {
  becomeFollower(state, undefined);
  state.failed = { reason, atMs: state.nowMs };
  state.out.roleChanged = true;
}
