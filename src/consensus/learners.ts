/**
 * How a member that lost its disk gets its vote back (docs/PROTOCOL.md, R10, A8): the leader fixes
 * a commit position by a majority round begun after the learner spoke up; once the learner's
 * durable log matches so far, it makes itself a voter. The quorum's size never changes meanwhile.
 */
import type { Admit } from './messages.js';
import { beginRound, majorityRound } from './reads.js';
import type { Leader, Peer, State } from './state.js';
import type { MemberId } from './types.js';

export function admitLearners(state: State, leader: Leader): void {
  if (!leader.serving) return;
  for (const peer of leader.peers.values()) if (peer.learner) admit(state, leader, peer);
}

function admit(state: State, leader: Leader, peer: Peer): void {
  if (peer.admitRound === 0) {
    peer.admitRound = beginRound(state, leader);
  } else if (majorityRound(state, leader) >= peer.admitRound) {
    const message: Admit = { kind: 'admit', epoch: leader.epoch, position: state.commit };
    state.out.send(peer.id, message);
    peer.admitRound = Number.POSITIVE_INFINITY;
  }
}

export function onAdmit(state: State, from: MemberId, message: Admit): void {
  if (!state.learner || message.epoch !== state.promised.epoch) return;
  if (state.leader !== from) return;
  state.admitAt = { epoch: message.epoch, seq: message.position };
  checkAdmitted(state);
}

/** At the learner, after every step that may have brought it there. */
export function checkAdmitted(state: State): void {
  if (state.admitAt === undefined) return;
  if (Math.min(state.match, state.log.durable) < state.admitAt.seq) return;
  state.admitAt = undefined;
  state.out.admitted = true;
}
