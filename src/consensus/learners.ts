/**
 * How a member that lost its disk gets its vote back (docs/PROTOCOL.md, R10, A8, A31). The leader gives
 * the admission a stamp and waits until a majority of voters has it durably. So no nominee counts a
 * promise from before the loss. Once the learner's durable log matches all entries that may be committed
 * by then, it becomes a voter. The quorum's size never changes.
 */
import type { Admit } from './messages.js';
import { isCounted, isSelfCounted, majority } from './quorum.js';
import { sendAppend } from './sending.js';
import { type Leader, noteAdmissions, type Peer, type State } from './state.js';
import type { MemberId } from './types.js';

/** Runs after every step that may have advanced a learner or the leader itself. */
export function admitLearners(state: State, leader: Leader): void {
  for (const peer of leader.peers.values()) {
    // A member of an older build names no version, so it would not recognise its own stamp.
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

/** A leader that is a learner does not count until it has admitted itself in the same way (A32). */
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

/**
 * Covers all entries that may be committed: the log at the start of the leadership, and the commits
 * since then.
 */
function admissionPosition(state: State, leader: Leader): number {
  return Math.max(Math.min(leader.openingSeq, state.log.last.seq), state.commit);
}

/** Creates a new version of the table and sends it at once. */
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
 * Whether a majority of voters, without member `id`, has this version durably. Learners may have
 * forgotten a promise, so they do not count. All members together are also enough, because then every
 * possible nominee has the stamp. Otherwise two lost disks of four could never be admitted.
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

/** Runs at the learner, after every step that may have brought it to the admission position. */
export function checkAdmitted(state: State): void {
  const { admitAt, log, stage } = state;
  if (admitAt === undefined || state.synced < admitAt.record) return;
  const match = stage.kind === 'leader' ? log.durable : Math.min(state.match, log.durable);
  if (match < admitAt.seq) return;
  state.admitAt = undefined;
  state.admitting = true;
  state.out.admitted = true;
}
