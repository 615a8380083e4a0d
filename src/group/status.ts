/**
 * Converts a member's core to its status for services and frontends. Reads only.
 */
import type { State } from '../consensus/state.js';
import type { CandidacyStatus, GroupStatus, Role } from './types.js';

export function statusOf(
  state: Readonly<State>,
  applied: number,
  nowMs: number,
  { diskSilentMs, incarnation }: Pick<GroupStatus, 'diskSilentMs' | 'incarnation'>,
): GroupStatus {
  const { stage, log } = state;
  const leads = stage.kind === 'leader';
  const oldest = leads ? stage.uncommitted[0] : undefined;
  return {
    id: state.id,
    role: roleOf(state),
    serving: leads && stage.serving,
    epoch: state.promised.epoch,
    leader: state.leader,
    logEnd: { epoch: log.last.epoch, seq: log.last.seq },
    commit: state.commit,
    applied,
    oldestUncommittedMs: oldest ? Math.max(0, nowMs - oldest.atMs) : 0,
    diskSilentMs,
    incarnation,
    ...(state.doubt && { doubt: state.doubt }),
    candidacy: candidacyOf(state, nowMs),
  };
}

function candidacyOf({ stage, failed }: Readonly<State>, nowMs: number): CandidacyStatus {
  return {
    ...(stage.kind === 'candidate' && { phase: stage.phase }),
    ...(failed && { failure: { reason: failed.reason, agoMs: Math.max(0, nowMs - failed.atMs) } }),
  };
}

function roleOf(state: Readonly<State>): Role {
  if (state.stage.kind === 'leader') return 'leader';
  return state.learner ? 'learner' : 'follower';
}
