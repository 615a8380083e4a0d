/**
 * The state of one member of a group. The Core owns it, and each rule is a file of functions over this
 * record. This file makes no decisions.
 */
import { assert } from '../base/assert.js';
import { logLimits } from '../base/limits.js';
import { mergeAdmissions, noAdmissions } from './admissions.js';
import { Log } from './log.js';
import type { Prevote, SnapshotMark } from './messages.js';
import { Outputs } from './outputs.js';
import { allRules, type Rules } from './rules.js';
import type {
  Admissions,
  Ballot,
  Doubt,
  FailedCandidacy,
  MemberId,
  Position,
  PromiseRecord,
} from './types.js';

export interface CoreOptions {
  readonly id: MemberId;
  /** All voters of the group, recovery servers included. */
  readonly voters: readonly MemberId[];
  /** Voters that never lead. */
  readonly recoveryServers: readonly MemberId[];
  /** The member has no vote until it has caught up (R10, A8). */
  readonly learner: boolean;
  /** For a learner whose journal lost at most its last batch (A33). */
  readonly doubt?: Doubt | undefined;
  /** Entries become visible only as far as the service opens the gates (R8). */
  readonly gated: boolean;
  /** Durable copies required before an entry counts as committed; at least a majority (R6). */
  readonly minCopies?: number | undefined;
  readonly promised: PromiseRecord;
  /** The snapshot from which the state was restored, or zeros. */
  readonly base: SnapshotMark;
  readonly rules?: Rules | undefined;
}

export interface Follower {
  readonly kind: 'follower';
}

export type CandidacyPhase = 'prevote' | 'prepare' | 'catch-up';

/** R1 to R4: from the nomination to the opening entry. */
export interface Candidate {
  readonly kind: 'candidate';
  phase: CandidacyPhase;
  epoch: number;
  /** When the pre-vote began or was repeated. */
  phaseMs: number;
  /** Time of the nomination, or of the last piece from catch-up. */
  movedMs: number;
  sentMs: number;
  /** Voters that answered the pre-vote with any answer. */
  readonly answered: Set<MemberId>;
  readonly agreed: Map<MemberId, Ballot>;
  readonly refused: Set<MemberId>;
  readonly promises: Map<MemberId, Ballot>;
  /** The doubtful members that had agreed before the epoch was chosen (A33). */
  readonly doubtful: Set<MemberId>;
  /** Merged from all tables received. */
  admitted: Admissions;
  /** The own promise is durable at this journal position. */
  promisePosition: number;
  source: MemberId | undefined;
  /** Up to this entry the own log is known to equal the source's (R4). */
  sameSeq: number;
  /** The lowest position whose entry the source is known to lack, or undefined. */
  absentSeq: number | undefined;
  /** The last place that the source was asked about. */
  askedSeq: number;
  /** The newest piece of the source's snapshot. */
  piece: { readonly seq: number; readonly offset: number };
  /** When a majority had promised (R4, tMaj). */
  majorityMs: number;
}

/** The leader's record of another voter. */
export interface Peer {
  readonly id: MemberId;
  /** The next entry to send. */
  next: number;
  /** The prefix that is durable there and equals the own log. */
  match: number;
  /** probe: one message, then wait · stream: pipelined · snapshot: chunks are under way. */
  mode: 'probe' | 'stream' | 'snapshot';
  /** Commands under way, by the last entry of each message. */
  readonly sent: { readonly through: number; readonly bytes: number }[];
  sentBytes: number;
  /** When a snapshot began or last advanced. */
  snapshotMs: number;
  /** The journal is being read for this peer, after this entry; undefined if it is not. */
  loading: number | undefined;
  /** A position before the own index whose epoch the journal returned. */
  place: Position | undefined;
  /** Probes before the own index go back by this many entries; each refusal doubles it. */
  stride: number;
  /** The latest round that this peer has acknowledged. */
  round: number;
  liveMs: number;
  learner: boolean;
  /** The version of the table that the peer has durably, or undefined if it named none. */
  table: number | undefined;
  /** The version of the table with the stamp of its admission; 0: there is none. */
  stamped: number;
  /** It may vote from this position on; 0: not decided yet. */
  admitAt: number;
  /** The leader sent its admission after its last heartbeat. */
  admitTold: boolean;
  toldVisible: number;
  connected: boolean;
}

export interface WaitingRead {
  /** Undefined: the request is local. */
  readonly from: MemberId | undefined;
  readonly id: number;
  readonly round: number;
  readonly position: number;
}

export interface Leader {
  readonly kind: 'leader';
  readonly epoch: number;
  readonly openingSeq: number;
  readonly majorityMs: number;
  readonly peers: Map<MemberId, Peer>;
  /** Doubtful members that the election has resolved (A33). */
  readonly resolved: Set<MemberId>;
  /** Version of the table of admissions; 0: it is empty. */
  tableVersion: number;
  /** The version with the own stamp, if this leader is a learner; 0: there is none. */
  ownStamped: number;
  serving: boolean;
  round: number;
  /** The batch of outputs in which the round was begun. */
  roundBatch: number;
  reads: WaitingRead[];
  /** Reads that arrived before the opening entry was applied. */
  early: { readonly from: MemberId | undefined; readonly id: number }[];
  gate: number;
  /** Entries appended in this epoch and not yet committed. */
  readonly uncommitted: { through: number; bytes: number; readonly atMs: number }[];
  uncommittedBytes: number;
  beatMs: number;
  tickMs: number;
  /** When a frontend last checked this leader; initially the start of its leadership. */
  attendedMs: number;
  /** When another member first asked for pre-votes after that, or undefined. */
  soughtMs: number | undefined;
  /** Log time advances with the clock from this point. */
  stampedMs: number;
}

export type Stage = Follower | Candidate | Leader;

/** Reads sent to another leader. */
export interface RemoteRead {
  readonly leader: MemberId;
  readonly atMs: number;
}

export interface State {
  readonly id: MemberId;
  readonly voters: readonly MemberId[];
  readonly others: readonly MemberId[];
  readonly recoveryServers: ReadonlySet<MemberId>;
  readonly copies: number;
  readonly gated: boolean;
  readonly rules: Rules;
  readonly log: Log;
  readonly out: Outputs;
  learner: boolean;
  doubt: Doubt | undefined;
  promised: { readonly epoch: number; readonly leader: MemberId };
  /** The journal position of the promise and of the table of admissions. */
  promisePosition: number;
  /** Everything up to this journal position is on this member's disk. */
  synced: number;
  admitted: Admissions;
  /** The version of the table that the leader of the promised epoch sent; 0: none. */
  table: number;
  /** The highest epoch seen anywhere. */
  seen: number;
  stage: Stage;
  /** How the last candidacy or leadership ended without a majority; kept until a leader appears. */
  failed: FailedCandidacy | undefined;
  /** The leader of the promised epoch, once it has sent a message. */
  leader: MemberId | undefined;
  /** When a heartbeat last arrived (R1); -Infinity if that connection has closed. */
  heardMs: number;
  /**
   * The nominee that was refused because the leader seemed alive; it gets an answer if the leader is
   * lost.
   */
  waiting: { readonly from: MemberId; readonly message: Prevote } | undefined;
  /** The prefix that equals the leader's of the promised epoch. */
  match: number;
  commit: number;
  visible: number;
  applied: number;
  /** The position of the newest snapshot restored or installed here. */
  snapshot: number;
  /** When a piece of a newer snapshot last arrived. */
  chunkMs: number;
  /** Set by the leader for this learner (R10); the table is durable at `record`. */
  admitAt: { readonly seq: number; readonly record: number } | undefined;
  /** The host is recording durably that this learner votes again. */
  admitting: boolean;
  readonly remoteReads: Map<number, RemoteRead>;
  nowMs: number;
}

export function majorityOf(voters: number): number {
  return Math.floor(voters / 2) + 1;
}

export function createState(options: CoreOptions): State {
  const voters = [...new Set([...options.voters, ...options.recoveryServers])];
  assert(voters.includes(options.id), 'a member of its own group');
  assert(options.learner || !options.doubt, 'a doubtful member is a learner');
  const { admitted } = options.promised;
  const promised = promisedAtLeast(options.promised, options.base.epoch);
  return {
    id: options.id,
    voters,
    others: voters.filter((voter) => voter !== options.id),
    recoveryServers: new Set(options.recoveryServers),
    copies: Math.min(voters.length, Math.max(majorityOf(voters.length), options.minCopies ?? 0)),
    gated: options.gated,
    rules: options.rules ?? allRules,
    log: new Log(options.base),
    out: new Outputs(),
    learner: options.learner,
    doubt: doubtOf(options, promised.epoch),
    promised,
    promisePosition: 0,
    synced: 0,
    admitted: mergeAdmissions(noAdmissions, admitted, voters),
    table: 0,
    seen: Math.max(options.promised.epoch, options.base.epoch),
    stage: { kind: 'follower' },
    failed: undefined,
    leader: undefined,
    heardMs: Number.NEGATIVE_INFINITY,
    waiting: undefined,
    match: 0,
    commit: options.base.seq,
    visible: options.base.seq,
    applied: options.base.seq,
    snapshot: options.base.seq,
    chunkMs: Number.NEGATIVE_INFINITY,
    admitAt: undefined,
    admitting: false,
    remoteReads: new Map(),
    nowMs: 0,
  };
}

/** The content of the snapshot is certain, whatever the journal has lost. */
function doubtOf({ doubt, base }: CoreOptions, promised: number): Doubt | undefined {
  if (!doubt) return undefined;
  return { promised, ...doubt, afterSeq: Math.max(doubt.afterSeq, base.seq) };
}

/**
 * A snapshot may be durable before an earlier promise. A member that holds entries of an epoch has
 * promised it, to a leader that it does not need to remember.
 */
function promisedAtLeast(promised: State['promised'], epoch: number): State['promised'] {
  if (promised.epoch < epoch) return { epoch, leader: '' };
  return { epoch: promised.epoch, leader: promised.leader };
}

/** Notes an epoch. Returns false if it lies too far above all epochs seen (R2, A30). */
export function observeEpoch(state: State, epoch: number): boolean {
  if (!isPlausible(state, epoch)) return false;
  state.seen = Math.max(state.seen, epoch);
  return true;
}

export function isPlausible(state: State, epoch: number): boolean {
  if (!Number.isSafeInteger(epoch) || epoch < 0) return false;
  if (!state.rules.epochJumpBounded) return true;
  return epoch <= Math.max(state.seen, state.promised.epoch) + logLimits.epochJumpMax;
}

/** Ends any leadership or candidacy. */
export function becomeFollower(state: State, leader: MemberId | undefined): void {
  const before = state.stage;
  if (before.kind === 'leader') {
    state.out.leadLost = true;
    for (const read of [...before.reads, ...before.early]) {
      if (read.from === undefined) state.out.reads.push({ id: read.id, position: undefined });
      else state.out.send(read.from, { kind: 'read-at', id: read.id, position: undefined });
    }
  }
  if (before.kind !== 'follower') state.stage = { kind: 'follower' };
  if (state.leader !== leader || before.kind === 'leader') state.out.roleChanged = true;
  if (state.leader !== leader) {
    dropRemoteReads(state);
    state.waiting = undefined;
  }
  state.leader = leader;
}

/** The leader that was asked for a read position may no longer answer. */
export function dropRemoteReads(state: State): void {
  for (const id of state.remoteReads.keys()) state.out.reads.push({ id, position: undefined });
  state.remoteReads.clear();
}

/**
 * Records a promise (R3) or the epoch of a leader (R5). It is durable before any message contains it.
 */
export function promise(state: State, epoch: number, leader: MemberId): void {
  assert(epoch >= state.promised.epoch, 'a promise never goes back (I10)');
  const jumps = epoch - state.promised.epoch >= logLimits.doubtEpochJump;
  state.promised = { epoch, leader };
  recordPromise(state);
  if (jumps && state.rules.jumpsAreKeptTwice) {
    // A truncation ends a batch, so the promise is recorded in two batches. A damaged last batch cannot
    // hide it, and the next jump goes beyond it (A33).
    state.out.persist({ kind: 'truncate', from: state.log.last.seq + 1 });
    recordPromise(state);
  }
  state.seen = Math.max(state.seen, epoch);
  state.match = 0;
  state.table = 0;
  state.admitAt = undefined;
}

function recordPromise(state: State): void {
  const { admitted, promised } = state;
  state.out.persist({ kind: 'promise', ...promised, ...(admitted.size > 0 && { admitted }) });
  state.promisePosition = state.out.position;
}

/** Merges admissions; they are durable before `promisePosition`. */
export function noteAdmissions(state: State, admitted: Admissions | undefined): void {
  const merged = mergeAdmissions(state.admitted, admitted, state.voters);
  if (merged === state.admitted) return;
  state.admitted = merged;
  recordPromise(state);
}
