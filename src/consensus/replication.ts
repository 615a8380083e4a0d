/**
 * The leader's side of R5 (docs/PROTOCOL.md). The leader pipelines appends to members that keep up and
 * sends one probe at a time to the others. It reads older entries from the journal, and sends a snapshot
 * if the journal does not reach back far enough. Entries leave at once: the leader needs them on its own
 * disk only to count itself.
 */
import { logLimits, protocolTimes } from '../base/limits.js';
import { advanceCommit, noteUncommitted } from './commit.js';
import { admitLearners } from './learners.js';
import type { Appended } from './messages.js';
import type { Load } from './outputs.js';
import { countRounds } from './reads.js';
import { sendAppend } from './sending.js';
import type { Leader, Peer, State } from './state.js';
import type { Entry, MemberId } from './types.js';
import { isUnderWay } from './under-way.js';

/** Appends a command of the own epoch and returns its seq; the caller sends it. */
export function append(state: State, leader: Leader, command: Uint8Array): number {
  const { last } = state.log;
  const passedMs = Math.max(0, Math.floor(state.nowMs - leader.stampedMs));
  leader.stampedMs += passedMs;
  const time = last.time + Math.min(passedMs, protocolTimes.logTimeStepMaxMs);
  const entry: Entry = { seq: last.seq + 1, epoch: leader.epoch, time, command };
  state.out.persist({ kind: 'entry', entry });
  state.log.append(entry, state.out.position);
  noteUncommitted(state, leader, entry);
  return entry.seq;
}

/** Sends each member the entries it lacks, as far as its window allows. */
export function sendEntries(state: State, leader: Leader): void {
  let shared: Entry[] | undefined;
  for (const peer of leader.peers.values()) {
    while (mayStream(peer) && peer.next <= state.log.last.seq) {
      // Members that keep up share one array, so that it is encoded once.
      const entries = shared?.[0]?.seq === peer.next ? shared : state.log.slice(peer.next);
      if (entries === undefined || state.log.epochOf(peer.next - 1) === undefined) {
        load(state, leader, peer);
        break;
      }
      shared = entries;
      sendAppend(state, leader, peer, entries, { live: false, after: 0 });
    }
  }
}

/** A member that keeps up learns at once what it may apply. */
export function announceVisible(state: State): void {
  const leader = state.stage;
  if (leader.kind !== 'leader') return;
  for (const peer of leader.peers.values()) {
    if (peer.mode !== 'stream' || peer.toldVisible >= state.visible) continue;
    sendAppend(state, leader, peer, [], { live: false, after: 0 });
  }
}

function mayStream(peer: Peer): boolean {
  if (peer.mode !== 'stream' || peer.loading !== undefined) return false;
  const { windowBytesMax, windowMessagesMax } = logLimits;
  return peer.sentBytes < windowBytesMax && peer.sent.length < windowMessagesMax;
}

function load(state: State, leader: Leader, peer: Peer): void {
  peer.loading = peer.next - 1;
  state.out.loads.push({ to: peer.id, epoch: leader.epoch, prevSeq: peer.loading });
}

/**
 * The journal's answer. It is empty if the journal does not reach back so far; then a snapshot is sent.
 */
export function onLoadedForPeer(
  state: State,
  leader: Leader,
  request: Load,
  prevEpoch: number | undefined,
  entries: readonly Entry[],
): void {
  const peer = leader.peers.get(request.to);
  if (!peer || request.epoch !== leader.epoch || peer.loading === undefined) return;
  // The answer to an earlier load; the answer to the current one is still on its way.
  if (peer.loading !== request.prevSeq && state.rules.probesBelowBase) return;
  peer.loading = undefined;
  if (peer.mode === 'snapshot' || peer.next !== request.prevSeq + 1) return;
  if (prevEpoch === undefined || entries[0]?.seq !== peer.next) {
    peer.mode = 'snapshot';
    peer.snapshotMs = state.nowMs;
    state.out.snapshotsWanted.push({ to: peer.id, epoch: leader.epoch, after: 0 });
    return;
  }
  peer.place = { epoch: prevEpoch, seq: request.prevSeq };
  const message = peer.mode === 'probe' ? [] : entries.slice(0, logLimits.appendEntriesMax);
  sendAppend(state, leader, peer, message, { live: false, after: 0 });
  sendEntries(state, leader);
}

export function onAppended(state: State, from: MemberId, message: Appended): void {
  const leader = state.stage;
  if (leader.kind !== 'leader' || leader.epoch !== message.epoch) return;
  const peer = leader.peers.get(from);
  if (!peer) return;
  peer.connected = true;
  if (message.learner && !peer.learner) forgetPeer(peer);
  peer.learner = message.learner;
  peer.table = message.table;
  if (message.live) peer.liveMs = state.nowMs;
  // The admission sent before may have been lost, so the leader sends it again.
  if (message.live) peer.admitTold = false;
  peer.round = Math.max(peer.round, message.round);
  if (message.ok) matched(peer, message);
  else refused(state, leader, peer, message);
  advanceCommit(state, leader);
  countRounds(state, leader);
  admitLearners(state, leader);
  sendEntries(state, leader);
}

function matched(peer: Peer, message: Appended): void {
  peer.match = Math.max(peer.match, message.match);
  while (peer.sent[0] && peer.sent[0].through <= peer.match) {
    peer.sentBytes -= peer.sent[0].bytes;
    peer.sent.shift();
  }
  if (peer.mode === 'stream') {
    // A snapshot that counted as lost has arrived meanwhile.
    if (peer.match >= peer.next) resetPeer(peer, peer.match + 1);
    return;
  }
  // An answer from before the mode changed does not refer to the position of the current probe. Only a
  // snapshot brings a member beyond the position at which it was stuck.
  const reached =
    peer.mode === 'probe' ? message.prevSeq >= peer.next - 1 : message.match >= peer.next;
  if (!reached) return;
  peer.mode = 'stream';
  peer.stride = 1;
  peer.loading = undefined;
  peer.next = Math.max(peer.next, peer.match + 1);
}

/**
 * R5: goes back to a position where the logs may agree, a whole epoch at a time. Below its own index the
 * leader doubles the step each time. Each probe asks about a position before the last one.
 */
function refused(state: State, leader: Leader, peer: Peer, message: Appended): void {
  // A refusal of a position that has matched since is outdated, and no entry lies before the first.
  if (peer.mode === 'snapshot' || message.prevSeq <= peer.match) return;
  if (peer.mode === 'probe' && message.prevSeq !== peer.next - 1) return;
  const { log, rules } = state;
  const hint = Math.max(0, Math.min(message.match, message.prevSeq - 1));
  if (hint < log.base.seq && rules.probesBelowBase) {
    probeBelowIndex(state, leader, peer, message);
    return;
  }
  const isIndexed = hint >= log.base.seq;
  const place = isIndexed ? log.lastOfEpochAtMost(hint, message.matchEpoch) : hint;
  resetPeer(peer, Math.max(place, peer.match) + 1);
  peer.mode = isIndexed ? 'probe' : 'stream';
  if (isIndexed) sendAppend(state, leader, peer, [], { live: false, after: 0 });
}

/** The journal has the epochs there; its answer is sent as a probe without entries. */
function probeBelowIndex(state: State, leader: Leader, peer: Peer, message: Appended): void {
  const place = Math.min(message.match, message.prevSeq - peer.stride);
  peer.stride *= 2;
  resetPeer(peer, Math.max(place, peer.match) + 1);
  peer.mode = 'probe';
  load(state, leader, peer);
}

/** No answer about a snapshot under way has arrived: probes the member again. */
export function tickSnapshot(state: State, peer: Peer): void {
  if (peer.mode === 'snapshot' && !isUnderWay(state, peer.snapshotMs)) askAgain(state, peer);
}

/** There is no snapshot for this member, so the leader probes it. */
export function snapshotMissing(state: State, id: MemberId): void {
  const peer = state.stage.kind === 'leader' ? state.stage.peers.get(id) : undefined;
  if (peer?.mode === 'snapshot') askAgain(state, peer);
}

function askAgain(state: State, peer: Peer): void {
  peer.mode = 'probe';
  peer.stride = 1;
  resetPeer(peer, state.log.last.seq + 1);
}

function resetPeer(peer: Peer, next: number): void {
  peer.next = next;
  peer.sent.length = 0;
  peer.sentBytes = 0;
  peer.loading = undefined;
}

/**
 * The connection closed. Its earlier matches no longer count, because it may return with an empty disk
 * (A8).
 */
export function peerLost(state: State, leader: Leader, id: MemberId): void {
  const peer = leader.peers.get(id);
  if (!peer) return;
  forgetPeer(peer);
  // The member may return with a different doubt.
  leader.resolved.delete(id);
  peer.connected = false;
  askAgain(state, peer);
  advanceCommit(state, leader);
}

function forgetPeer(peer: Peer): void {
  peer.match = 0;
  peer.round = 0;
  peer.table = undefined;
  peer.stamped = 0;
  peer.admitAt = 0;
  peer.admitTold = false;
}
