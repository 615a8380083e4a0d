/**
 * The start and the end of leadership (docs/PROTOCOL.md, R4, R6): the opening entry of the own epoch,
 * and heartbeats. A leader steps down when no majority answers, or when no frontend checks it and a
 * frontend nominates another member (R1).
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

export function becomeLeader(state: State, candidate: Candidate): void {
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

/** The reason why a proposal is refused now, or undefined if it is accepted (R6). */
export function refusal(leader: Leader, state: State, bytes: number): 'overloaded' | undefined {
  const uncommitted = state.log.last.seq - Math.max(state.commit, leader.openingSeq - 1);
  if (uncommitted >= logLimits.uncommittedEntriesMax) return 'overloaded';
  const full = leader.uncommittedBytes + bytes > logLimits.uncommittedBytesMax;
  return full && uncommitted > 0 ? 'overloaded' : undefined;
}

export function tickLeader(state: State, leader: Leader): void {
  // After a stall of this process the answers are still unread, so it reads them before it decides.
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
  // Heartbeats wait for the journal, so that a leader with a hung disk looks dead (A7).
  const after = state.rules.heartbeatBehindJournal ? state.out.position : 0;
  for (const peer of leader.peers.values()) {
    tickSnapshot(state, peer);
    sendAppend(state, leader, peer, [], { live: true, after });
  }
}

/** A frontend checks this leader and received an answer to its previous check. */
export function attend(state: State, leader: Leader): void {
  leader.attendedMs = state.nowMs;
  leader.soughtMs = undefined;
}

/**
 * R1: a frontend has nominated another member, and no frontend checks this leader. The voters receive
 * its heartbeats, so they would refuse every pre-vote for as long as that lasts (A39).
 */
function mustYield({ nowMs, rules }: State, { attendedMs, soughtMs }: Leader): boolean {
  if (soughtMs === undefined || !rules.unattendedYields) return false;
  if (nowMs - soughtMs < protocolTimes.soughtMs) return false;
  return nowMs - attendedMs >= protocolTimes.unattendedMs;
}

/**
 * R6: a leader steps down after one second without acknowledgements from a majority. As in an election,
 * learners count towards the majority of an even group; otherwise such a group could not admit one.
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

/**
 * The opening entry is applied, so this member has every entry that an earlier leader acknowledged (A3).
 */
export function startServing(state: State, leader: Leader): void {
  leader.serving = true;
  state.out.roleChanged = true;
  startEarlyReads(state, leader);
}
