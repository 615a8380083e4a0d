/**
 * Read positions (docs/PROTOCOL.md, R9). A read is served at the position visible on arrival, once a
 * majority has acknowledged a round that began after it. So no other leader had made more visible.
 * Another replica asks the leader. One round serves all reads of a turn.
 */
import { logLimits } from '../base/limits.js';
import type { ReadAt } from './messages.js';
import { isCounted, isSelfCounted, majority, reachedBy } from './quorum.js';
import { sendAppend } from './sending.js';
import type { Leader, State } from './state.js';
import type { MemberId } from './types.js';

/** After this time the answer counts as lost. */
const remoteReadMs = 2_000;

/** Asks for a read position; the answer is a `ReadDone` of this id. */
export function requestRead(state: State, id: number): void {
  const leader = state.stage;
  if (leader.kind === 'leader') {
    takeRead(state, leader, undefined, id);
  } else if (state.leader === undefined || state.remoteReads.size >= logLimits.readsMax) {
    state.out.reads.push({ id, position: undefined });
  } else {
    state.remoteReads.set(id, { leader: state.leader, atMs: state.nowMs });
    state.out.send(state.leader, { kind: 'read', id });
  }
}

/**
 * Asks whether this member still leads: a majority must acknowledge a round that begins now, whether the
 * leader already serves or not (R8, A15). The answer is a `ReadDone` of this id; without a position,
 * this member does not lead.
 */
export function requestConfirmation(state: State, id: number): void {
  const leader = state.stage;
  if (leader.kind !== 'leader' || leader.reads.length >= logLimits.readsMax) {
    state.out.reads.push({ id, position: undefined });
    return;
  }
  leader.reads.push({ from: undefined, id, round: beginRound(state, leader), position: 0 });
  countRounds(state, leader);
}

export function onRead(state: State, from: MemberId, id: number): void {
  if (state.stage.kind === 'leader') takeRead(state, state.stage, from, id);
  else state.out.send(from, { kind: 'read-at', id, position: undefined });
}

function takeRead(state: State, leader: Leader, from: MemberId | undefined, id: number): void {
  if (leader.reads.length + leader.early.length >= logLimits.readsMax) {
    answer(state, leader, from, id, undefined);
  } else if (!leader.serving) {
    leader.early.push({ from, id });
  } else {
    leader.reads.push({ from, id, round: beginRound(state, leader), position: state.visible });
    countRounds(state, leader);
  }
}

export function startEarlyReads(state: State, leader: Leader): void {
  const { early } = leader;
  leader.early = [];
  for (const { from, id } of early) takeRead(state, leader, from, id);
}

/** A round leaves at once; calling `beginRound` twice in one batch begins one round. */
export function beginRound(state: State, leader: Leader): number {
  if (leader.roundBatch === state.out.batch) return leader.round;
  leader.roundBatch = state.out.batch;
  leader.round += 1;
  for (const peer of leader.peers.values()) {
    sendAppend(state, leader, peer, [], { live: false, after: 0 });
  }
  return leader.round;
}

/** Releases the reads whose round a majority has acknowledged. */
export function countRounds(state: State, leader: Leader): void {
  const done = state.rules.readRounds ? majorityRound(state, leader) : leader.round;
  let count = 0;
  for (const read of leader.reads) {
    if (read.round > done) break;
    answer(state, leader, read.from, read.id, read.position);
    count += 1;
  }
  if (count > 0) leader.reads.splice(0, count);
}

export function majorityRound(state: State, leader: Leader): number {
  const rounds = isSelfCounted(state) ? [leader.round] : [];
  for (const peer of leader.peers.values()) if (isCounted(state, peer)) rounds.push(peer.round);
  return reachedBy(rounds, majority(state));
}

function answer(
  state: State,
  leader: Leader,
  from: MemberId | undefined,
  id: number,
  position: number | undefined,
): void {
  if (from === undefined) {
    state.out.reads.push({ id, position });
    return;
  }
  const peer = leader.peers.get(from);
  // The requester waits until it has applied up to this position, so it must learn that it may apply it.
  if (peer && position !== undefined && peer.toldVisible < position) {
    sendAppend(state, leader, peer, [], { live: false, after: 0 });
  }
  state.out.send(from, { kind: 'read-at', id, position });
}

export function onReadAt(state: State, from: MemberId, message: ReadAt): void {
  if (state.remoteReads.get(message.id)?.leader !== from) return;
  state.remoteReads.delete(message.id);
  state.out.reads.push({ id: message.id, position: message.position });
}

export function tickReads(state: State): void {
  for (const [id, read] of state.remoteReads) {
    if (state.nowMs - read.atMs < remoteReadMs) return;
    state.remoteReads.delete(id);
    state.out.reads.push({ id, position: undefined });
  }
}
