/**
 * The pure replication core of one member (docs/PROTOCOL.md, 2): inputs in, one ordered batch of
 * outputs out with `take`. It owns the state; each rule lives in a file of its own name beside it.
 * No socket, file, timer, clock or chance: time is an argument.
 */
import { assert } from '../base/assert.js';
import { onLoadedForNominee } from './catch-up.js';
import { advanceCommit, openGates } from './commit.js';
import { dispatch } from './dispatch.js';
import {
  candidateLost,
  leaderLost,
  nominate,
  ownPromiseDurable,
  tickCandidate,
} from './election.js';
import { attend, refusal, startServing, tickLeader } from './lead.js';
import { admitLearners, checkAdmitted } from './learners.js';
import type { Message, SnapshotMark } from './messages.js';
import type { Batch, Load } from './outputs.js';
import { countRounds, requestConfirmation, requestRead, tickReads } from './reads.js';
import { append, onLoadedForPeer, peerLost, sendEntries, snapshotMissing } from './replication.js';
import { installed, isWanted, requestSnapshot } from './snapshots.js';
import { type CoreOptions, createState, type State } from './state.js';
import type { Entry, MemberId } from './types.js';

export class Core {
  readonly #state: State;

  constructor(options: CoreOptions) {
    this.#state = createState(options);
  }

  /** For status, describe, invariants and tests; nobody else writes. */
  get state(): Readonly<State> {
    return this.#state;
  }

  /** Entries of the journal after the base, in order, before anything else. */
  recover(entries: readonly Entry[]): void {
    for (const entry of entries) this.#state.log.recover(entry);
  }

  /** The journal holds a log that the base has replaced: nothing of it may come back. */
  forgetJournal(): void {
    this.#state.out.persist({ kind: 'truncate', from: 1 });
  }

  /** All outputs since the last call, in order. */
  take(): Batch {
    const { out, visible, log } = this.#state;
    return out.take(Math.min(visible, log.durable));
  }

  step(from: MemberId, message: Message, nowMs: number): void {
    const state = this.#at(nowMs);
    if (!state.others.includes(from)) return;
    dispatch(state, from, message);
  }

  tick(nowMs: number): void {
    const state = this.#at(nowMs);
    const { stage } = state;
    if (stage.kind === 'leader') tickLeader(state, stage);
    else if (stage.kind === 'candidate') tickCandidate(state, stage);
    tickReads(state);
  }

  /** Everything up to this journal position is on the own disk. */
  durable(position: number, nowMs: number): void {
    const state = this.#at(nowMs);
    state.log.persisted(position);
    state.synced = position;
    const { stage } = state;
    if (stage.kind === 'leader') {
      advanceCommit(state, stage);
      admitLearners(state, stage);
    } else if (stage.kind === 'candidate') ownPromiseDurable(state, stage, position);
    checkAdmitted(state);
  }

  /** Appends a command where this member leads; else why not. */
  propose(command: Uint8Array, nowMs: number): number | 'overloaded' | 'not-leading' {
    const state = this.#at(nowMs);
    const leader = state.stage;
    if (leader.kind !== 'leader') return 'not-leading';
    return refusal(leader, state, command.length) ?? append(state, leader, command);
  }

  /** After the proposals of a turn: sends them, in as few messages as the members' windows allow. */
  replicate(): void {
    const { stage } = this.#state;
    if (stage.kind === 'leader') sendEntries(this.#state, stage);
  }

  /** The connection to a member closed. */
  peerClosed(member: MemberId, nowMs: number): void {
    const state = this.#at(nowMs);
    const { stage } = state;
    if (stage.kind === 'leader') peerLost(state, stage, member);
    else if (stage.kind === 'candidate') candidateLost(state, stage, member);
    if (state.waiting?.from === member) state.waiting = undefined;
    if (state.leader === member) leaderLost(state);
  }

  nominate(nowMs: number): void {
    nominate(this.#at(nowMs));
  }

  /** A frontend has checked this member, and had an answer to its last check. */
  attended(nowMs: number): void {
    const state = this.#at(nowMs);
    if (state.stage.kind === 'leader') attend(state, state.stage);
  }

  openGates(throughSeq: number): void {
    openGates(this.#state, throughSeq);
  }

  /** Asks for a read position (R9); one `ReadDone` with this id follows. */
  read(id: number, nowMs: number): void {
    requestRead(this.#at(nowMs), id);
  }

  /** Asks whether this member leads still (R8); one `ReadDone` with this id follows. */
  confirm(id: number, nowMs: number): void {
    requestConfirmation(this.#at(nowMs), id);
  }

  /** The host has applied so far. */
  applied(seq: number): void {
    const state = this.#state;
    assert(
      seq >= state.applied && seq <= state.visible,
      'applied in order and only what is visible',
    );
    state.applied = seq;
    const { stage } = state;
    if (stage.kind === 'leader' && !stage.serving && seq >= stage.openingSeq) {
      startServing(state, stage);
    }
  }

  /** The answer to a load: the epoch of the entry before, and the entries; empty where dropped. */
  loaded(request: Load, prevEpoch: number | undefined, entries: readonly Entry[]): void {
    const state = this.#state;
    const good = agreeing(state, request.prevSeq, entries);
    if (state.stage.kind === 'leader') {
      onLoadedForPeer(state, state.stage, request, prevEpoch, good);
    } else {
      onLoadedForNominee(state, request, prevEpoch, good);
    }
  }

  /** There is no snapshot to send to this member: it is asked again where it stands. */
  snapshotMissing(to: MemberId): void {
    snapshotMissing(this.#state, to);
  }

  /** At a witness: asks for the newest snapshot of whoever leads (R11). */
  requestSnapshot(): void {
    requestSnapshot(this.#state);
  }

  /** Asked again when a snapshot is whole here: the log may have overtaken it meanwhile. */
  wantsSnapshot(mark: SnapshotMark): boolean {
    return isWanted(this.#state, mark);
  }

  /** A snapshot received in chunks is durable and restored. */
  installed(mark: SnapshotMark, nowMs: number): void {
    installed(this.#at(nowMs), mark);
  }

  /** The host has made it durable that this member votes again (R10). */
  admitted(): void {
    const state = this.#state;
    state.learner = false;
    state.doubt = undefined;
    state.admitting = false;
    state.out.roleChanged = true;
    // Where it leads, its own copies count from now on.
    if (state.stage.kind === 'leader') {
      advanceCommit(state, state.stage);
      countRounds(state, state.stage);
    }
  }

  #at(nowMs: number): State {
    if (nowMs > this.#state.nowMs) this.#state.nowMs = nowMs;
    return this.#state;
  }
}

/** The journal may still hold what is truncated already: only what the index knows is the log. */
function agreeing(state: State, prevSeq: number, entries: readonly Entry[]): readonly Entry[] {
  const { log } = state;
  const end = entries.findIndex(
    ({ seq, epoch }, i) =>
      seq !== prevSeq + 1 + i || (seq > log.base.seq && log.epochOf(seq) !== epoch),
  );
  return end < 0 ? entries : entries.slice(0, end);
}
