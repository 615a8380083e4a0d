/**
 * The reasons why a candidacy or a leadership ends without a majority (docs/PROTOCOL.md, section 3). The
 * member becomes a follower and keeps the reason: frontends then try another candidate, and the operator
 * can read the cause. Invariant: a candidacy without progress ends.
 */
import { becomeFollower, type State } from './state.js';
import type { CandidacyFailure } from './types.js';

export function failCandidacy(state: State, reason: CandidacyFailure): void {
  becomeFollower(state, undefined);
  state.failed = { reason, atMs: state.nowMs };
  state.out.roleChanged = true;
}
