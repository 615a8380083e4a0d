/**
 * What a member of a group knows, shared by the rules of this folder: each rule is a file of
 * functions over this one record, and the Core owns it. Nothing here decides anything.
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
  /** All voters of the group, witnesses included. */
  readonly voters: readonly MemberId[];
  /** Voters that never lead. */
  readonly witnesses: readonly MemberId[];
  /** Without a vote until it has caught up (R10, A8). */
  readonly learner: boolean;
  /** Of a learner whose journal lost no more than its last batch (A33). */
  readonly doubt?: Doubt | undefined;
  /** Entries become visible only as far as the service opens the gates (R8). */
  readonly gated: boolean;
  /** Durable copies before an entry counts as committed; never below a majority (R6). */
  readonly minCopies?: number | undefined;
  readonly promised: PromiseRecord;
  /** The snapshot from which the state was restored; zeros where there is none. */
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
  /** When the pre-vote began, or begins again. */
  phaseMs: number;
  /** The nomination, or the last piece that catch-up brought. */
  movedMs: number;
  sentMs: number;
  /** Voters that answered the pre-vote, whatever they said. */
  readonly answered: Set<MemberId>;
  readonly agreed: Map<MemberId, Ballot>;
  readonly refused: Set<MemberId>;
  readonly promises: Map<MemberId, Ballot>;
  /** The doubtful members that had agreed before the epoch was chosen (A33). */
  readonly doubtful: Set<MemberId>;
  /** Of all tables that it has heard. */
  admitted: Admissions;
  /** The own promise is durable at this journal position. */
  promisePosition: number;
  source: MemberId | undefined;
  /** Up to this entry the own log is known to equal the source's (R4). */
  sameSeq: number;
  /** The lowest place whose own entry the source is known to lack; undefined: none is known. */
  absentSeq: number | undefined;
  /** The last place that the source was asked about. */
  askedSeq: number;
  /** The newest piece of the source's snapshot. */
  piece: { readonly seq: number; readonly offset: number };
  /** The moment of the promises of a majority (R4, tMaj). */
  majorityMs: number;
}

/** What the leader knows of another voter. */
export interface Peer {
  readonly id: MemberId;
  /** The next entry to send. */
  next: number;
  /** Durable there and equal to the own log. */
  match: number;
  /** probe: one message, then wait · stream: pipelined · snapshot: chunks are under way. */
  mode: 'probe' | 'stream' | 'snapshot';
  /** Commands under way, by the last entry of each message. */
  readonly sent: { readonly through: number; readonly bytes: number }[];
  sentBytes: number;
  /** When a snapshot was begun or last got on. */
  snapshotMs: number;
  /** The journal is being read for it, from the entry after this one; undefined: it is not. */
  loading: number | undefined;
  /** A place before the own index whose epoch the journal told. */
  place: Position | undefined;
  /** Probes before the own index go back by this many entries, doubled at each refusal. */
  stride: number;
  /** The latest round that it has acknowledged. */
  round: number;
  liveMs: number;
  learner: boolean;
  /** The version of the table that it has durably; undefined where it has named none. */
  table: number | undefined;
  /** The version of the table with the stamp of its admission; 0: none made. */
  stamped: number;
  /** From this position on it may vote; 0: not fixed. */
  admitAt: number;
  /** It was sent its admission since its last heartbeat. */
  admitTold: boolean;
  toldVisible: number;
  connected: boolean;
}

export interface WaitingRead {
  /** Undefined: asked here. */
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
  /** The version with the own stamp, where this leader is a learner; 0: none made. */
  ownStamped: number;
  serving: boolean;
  round: number;
  /** The batch of outputs in which the round was begun. */
  roundBatch: number;
  reads: WaitingRead[];
  /** Reads that came before the opening entry was applied. */
  early: { readonly from: MemberId | undefined; readonly id: number }[];
  gate: number;
  /** Appended in this epoch and not yet committed. */
  readonly uncommitted: { through: number; bytes: number; readonly atMs: number }[];
  uncommittedBytes: number;
  beatMs: number;
  tickMs: number;
  /** When a frontend last checked this leader; at first the beginning of the lead. */
  attendedMs: number;
  /** When another member first asked for pre-votes since then; undefined: none has. */
  soughtMs: number | undefined;
  /** Log time advances with the clock from here. */
  stampedMs: number;
}

export type Stage = Follower | Candidate | Leader;

/** Reads asked of another leader. */
export interface RemoteRead {
  readonly leader: MemberId;
  readonly atMs: number;
}

export interface State {
  readonly id: MemberId;
  readonly voters: readonly MemberId[];
  readonly others: readonly MemberId[];
  readonly witnesses: ReadonlySet<MemberId>;
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
  /** Everything up to this journal position is on the own disk. */
  synced: number;
  admitted: Admissions;
  /** The version of the table that the leader of the promised epoch sent; 0: none. */
  table: number;
  /** The highest epoch seen anywhere. */
  seen: number;
  stage: Stage;
  /** How the last candidacy or lead ended, where no majority answered; until a leader is heard. */
  failed: FailedCandidacy | undefined;
  /** The leader of the promised epoch, once heard. */
  leader: MemberId | undefined;
  /** When a heartbeat last arrived (R1); -Infinity where the connection closed since. */
  heardMs: number;
  /** The nominee that was refused because the leader seems alive; it is answered if it is not. */
  waiting: { readonly from: MemberId; readonly message: Prevote } | undefined;
  /** The prefix that equals the leader's of the promised epoch. */
  match: number;
  commit: number;
  visible: number;
  applied: number;
  /** The place of the newest snapshot that was restored or taken over here. */
  snapshot: number;
  /** When a piece of a newer one last came. */
  chunkMs: number;
  /** Fixed by the leader for this learner (R10); the table is durable at `record`. */
  admitAt: { readonly seq: number; readonly record: number } | undefined;
  /** The host makes it durable that this learner votes again. */
  admitting: boolean;
  readonly remoteReads: Map<number, RemoteRead>;
  nowMs: number;
}

export function majorityOf(voters: number): number {
  return Math.floor(voters / 2) + 1;
}

export function createState(options: CoreOptions): State {
  const voters = [...new Set([...options.voters, ...options.witnesses])];
  assert(voters.includes(options.id), 'a member of its own group');
  assert(options.learner || !options.doubt, 'a doubtful member is a learner');
  const { admitted } = options.promised;
  const promised = promisedAtLeast(options.promised, options.base.epoch);
  return {
    id: options.id,
    voters,
    others: voters.filter((voter) => voter !== options.id),
    witnesses: new Set(options.witnesses),
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

/** What the snapshot holds is known, whatever the journal has lost. */
function doubtOf({ doubt, base }: CoreOptions, promised: number): Doubt | undefined {
  if (!doubt) return undefined;
  return { promised, ...doubt, afterSeq: Math.max(doubt.afterSeq, base.seq) };
}

/**
 * A snapshot may be durable before the promise that came before it: whoever holds entries of an
 * epoch has promised it, to a leader that it need not remember.
 */
function promisedAtLeast(promised: State['promised'], epoch: number): State['promised'] {
  if (promised.epoch < epoch) return { epoch, leader: '' };
  return { epoch: promised.epoch, leader: promised.leader };
}

/** Notes an epoch; false where it lies too far above all that was seen (R2, A30). */
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

/** Leaves any lead or candidacy. */
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

/** The leader that was asked for a read position can no longer be trusted to answer. */
export function dropRemoteReads(state: State): void {
  for (const id of state.remoteReads.keys()) state.out.reads.push({ id, position: undefined });
  state.remoteReads.clear();
}

/** Records a promise (R3) or the epoch of a leader (R5); durable before anything says so. */
export function promise(state: State, epoch: number, leader: MemberId): void {
  assert(epoch >= state.promised.epoch, 'a promise never goes back (I10)');
  const jumps = epoch - state.promised.epoch >= logLimits.doubtEpochJump;
  state.promised = { epoch, leader };
  recordPromise(state);
  if (jumps && state.rules.jumpsAreKeptTwice) {
    // A truncation ends a batch, so the promise stands in two batches: a damaged last batch cannot
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

/** Learns of admissions; durable before `promisePosition`. */
export function noteAdmissions(state: State, admitted: Admissions | undefined): void {
  const merged = mergeAdmissions(state.admitted, admitted, state.voters);
  if (merged === state.admitted) return;
  state.admitted = merged;
  recordPromise(state);
}
