/**
 * The start and the end of a lead (docs/PROTOCOL.md, R4, R6): the opening entry of the own epoch,
 * heartbeats, and stepping down where no majority answers, or where no frontend attends this leader
 * and one nominates another (R1).
 */
import { assert } from '../base/assert.js';
import { logLimits, protocolTimes } from '../base/limits.js';
import { failCandidacy } from './candidacy.js';
import { isCounted, isSelfCounted, majority } from './quorum.js';
import { startEarlyReads } from './reads.js';
import { append, sendEntries, tickSnapshot } from './replication.js';
import { sendAppend } from './sending.js';
import { type Candidate, type Leader, noteAdmissions, type Peer, type State } from './state.js';
import type { MemberId } from './types.js';

const openingCommand = new Uint8Array(0);

export function lead(state: State, candidate: Candidate): void {
  assert(state.promised.leader === state.id, 'leads only an epoch promised to itself (I1)');
  assert(state.promised.epoch === candidate.epoch, 'leads the epoch it was promised (I1)');
  noteAdmissions(state, candidate.admitted);
  const leader: Leader = {
    kind: 'leader',
    epoch: candidate.epoch,
    openingSeq: state.log.last.seq + 1,
    majorityMs: candidate.majorityMs,
    peers: new Map(state.others.map((id) => [id, newPeer(state, id)])),
    resolved: new Set([...candidate.doubtful].filter((id) => candidate.promises.has(id))),
    tableVersion: state.admitted.size > 0 ? 1 : 0,
    ownStamped: 0,
    serving: false,
    round: 0,
    roundBatch: 0,
    reads: [],
    early: [],
    gate: state.visible,
    uncommitted: [],
    uncommittedBytes: 0,
    beatMs: state.nowMs,
    tickMs: state.nowMs,
    attendedMs: state.nowMs,
    soughtMs: undefined,
    stampedMs: state.nowMs,
  };
  state.stage = leader;
  state.leader = state.id;
  state.failed = undefined;
  state.out.roleChanged = true;
  if (state.rules.openingEntry) append(state, leader, openingCommand);
  else leader.serving = true;
  sendEntries(state, leader);
}

function newPeer(state: State, id: MemberId): Peer {
  return {
    id,
    next: state.log.last.seq + 1,
    match: 0,
    mode: 'stream',
    sent: [],
    sentBytes: 0,
    snapshotMs: Number.NEGATIVE_INFINITY,
    loading: undefined,
    place: undefined,
    stride: 1,
    round: 0,
    liveMs: state.nowMs,
    learner: false,
    table: undefined,
    stamped: 0,
    admitAt: 0,
    admitTold: false,
    toldVisible: 0,
    connected: true,
  };
}

/** Why a proposal cannot be taken now; undefined where it can (R6). */
export function refusal(leader: Leader, state: State, bytes: number): 'overloaded' | undefined {
  const uncommitted = state.log.last.seq - Math.max(state.commit, leader.openingSeq - 1);
  if (uncommitted >= logLimits.uncommittedEntriesMax) return 'overloaded';
  const full = leader.uncommittedBytes + bytes > logLimits.uncommittedBytesMax;
  return full && uncommitted > 0 ? 'overloaded' : undefined;
}

export function tickLeader(state: State, leader: Leader): void {
  // After a stall of this very process the answers wait unread: they are given their turn first.
  const stalled = state.nowMs - leader.tickMs >= protocolTimes.stickMs;
  leader.tickMs = state.nowMs;
  if (!stalled && !hearsMajority(state, leader)) {
    failCandidacy(state, 'unacknowledged');
    return;
  }
  if (!stalled && mustYield(state, leader)) {
    failCandidacy(state, 'unattended');
    return;
  }
  if (state.nowMs - leader.beatMs < protocolTimes.heartbeatMs) return;
  leader.beatMs = state.nowMs;
  // Behind the journal, so that a hung disk looks like a dead leader (A7).
  const after = state.rules.heartbeatBehindJournal ? state.out.position : 0;
  for (const peer of leader.peers.values()) {
    tickSnapshot(state, peer);
    sendAppend(state, leader, peer, [], { live: true, after });
  }
}

/** A frontend checks this leader, and its last check was answered. */
export function attend(state: State, leader: Leader): void {
  leader.attendedMs = state.nowMs;
  leader.soughtMs = undefined;
}

/**
 * R1: a frontend has nominated another member, and no frontend checks this leader. The voters hear
 * it and would refuse every pre-vote for as long as that lasts (A39).
 */
function mustYield({ nowMs, rules }: State, { attendedMs, soughtMs }: Leader): boolean {
  if (soughtMs === undefined || !rules.unattendedYields) return false;
  if (nowMs - soughtMs < protocolTimes.soughtMs) return false;
  return nowMs - attendedMs >= protocolTimes.unattendedMs;
}

/**
 * R6: a leader without a majority's acknowledgement for a second leads no more. As in an election,
 * learners count towards the majority of an even group, which could not admit one otherwise.
 */
function hearsMajority(state: State, leader: Leader): boolean {
  const { resolved } = leader;
  let heard = 1;
  let learners = isSelfCounted(state) || resolved.has(state.id) ? 0 : 1;
  for (const peer of leader.peers.values()) {
    if (state.nowMs - peer.liveMs >= protocolTimes.stepDownMs) continue;
    heard += 1;
    if (!isCounted(state, peer) && !resolved.has(peer.id)) learners += 1;
  }
  const needed = majority(state);
  const intactNeeded = state.voters.length - needed + 1;
  return heard >= needed && heard - learners >= intactNeeded;
}

/** The opening entry is applied: everything that any earlier leader acknowledged is here (A3). */
export function startServing(state: State, leader: Leader): void {
  leader.serving = true;
  state.out.roleChanged = true;
  startEarlyReads(state, leader);
}
