/**
 * How a member that lost its disk gets its vote back (docs/PROTOCOL.md, R10, A8, A31). The leader
 * gives the admission a stamp and waits until a majority of voters has it durably, so that no
 * nominee counts what the learner promised before its loss. Once the learner's durable log matches
 * all that may be committed by then, it makes itself a voter. The quorum's size never changes.
 */
import type { Admit } from './messages.js';
import { isCounted, isSelfCounted, majority } from './quorum.js';
import { sendAppend } from './sending.js';
import { type Leader, noteAdmissions, type Peer, type State } from './state.js';
import type { MemberId } from './types.js';

/** After every step that may have brought a learner, or the leader itself, further. */
export function admitLearners(state: State, leader: Leader): void {
  for (const peer of leader.peers.values()) {
    // An older build names no version: it would not know its own stamp.
    if (peer.learner && peer.table !== undefined) admit(state, leader, peer);
  }
  if (state.learner) admitSelf(state, leader);
}

function admit(state: State, leader: Leader, peer: Peer): void {
  if (peer.admitTold) return;
  if (!leader.resolved.has(peer.id)) {
    if (peer.stamped === 0) peer.stamped = stamp(state, leader, peer.id);
    if (!isStamped(state, leader, peer.id, peer.stamped)) return;
  }
  if (peer.admitAt === 0) peer.admitAt = admissionPosition(state, leader);
  const { admitted } = state;
  const message: Admit = {
    kind: 'admit',
    epoch: leader.epoch,
    position: peer.admitAt,
    admitted,
  };
  state.out.send(peer.id, message);
  peer.admitTold = true;
}

/** A learner that leads counts for nothing until it has admitted itself in the same way (A32). */
function admitSelf(state: State, leader: Leader): void {
  if (state.admitAt === undefined && !state.admitting) {
    if (!leader.resolved.has(state.id)) {
      if (leader.ownStamped === 0) leader.ownStamped = stamp(state, leader, state.id);
      if (!isStamped(state, leader, state.id, leader.ownStamped)) return;
    }
    const seq = admissionPosition(state, leader);
    state.admitAt = { seq, record: state.promisePosition };
  }
  checkAdmitted(state);
}

/** All that may be committed: the log that this leader began with, and what it has committed since. */
function admissionPosition(state: State, leader: Leader): number {
  return Math.max(Math.min(leader.openingSeq, state.log.last.seq), state.commit);
}

/** A new version of the table, which leaves at once. */
function stamp(state: State, leader: Leader, id: MemberId): number {
  leader.tableVersion += 1;
  const version = leader.tableVersion;
  noteAdmissions(state, new Map([[id, { epoch: leader.epoch, version }]]));
  for (const peer of leader.peers.values()) {
    sendAppend(state, leader, peer, [], { live: false, after: 0 });
  }
  return version;
}

/**
 * Whether a majority of voters has this version durably, this one left out. Learners may have
 * forgotten a promise, so they do not count, but every member together is enough: then each possible
 * nominee has the stamp. Otherwise two lost disks of four would never be admitted.
 */
function isStamped(state: State, leader: Leader, id: MemberId, version: number): boolean {
  if (!state.rules.stampsAreEchoed) return true;
  const others = state.voters.length - 1;
  const isDurable = state.synced >= state.promisePosition;
  let count = id !== state.id && isSelfCounted(state) && isDurable ? 1 : 0;
  let all = id !== state.id && isDurable ? 1 : 0;
  for (const peer of leader.peers.values()) {
    if (peer.id === id || (peer.table ?? 0) < version) continue;
    all += 1;
    if (isCounted(state, peer)) count += 1;
  }
  return count >= Math.min(majority(state), others) || all === others;
}

export function onAdmit(state: State, from: MemberId, message: Admit): void {
  if (!state.learner || state.admitting || message.epoch !== state.promised.epoch) return;
  if (state.leader !== from || message.admitted === undefined) return;
  noteAdmissions(state, message.admitted);
  state.admitAt = { seq: message.position, record: state.promisePosition };
  checkAdmitted(state);
}

/** At the learner, after every step that may have brought it there. */
export function checkAdmitted(state: State): void {
  const { admitAt, log, stage } = state;
  if (admitAt === undefined || state.synced < admitAt.record) return;
  const match = stage.kind === 'leader' ? log.durable : Math.min(state.match, log.durable);
  if (match < admitAt.seq) return;
  state.admitAt = undefined;
  state.admitting = true;
  state.out.admitted = true;
}
