/**
 * The pure replication core of one member (docs/PROTOCOL.md, 2). It takes inputs, and `take` returns one
 * ordered batch of outputs. It owns the state; each rule is in a file of its own in this folder. It uses
 * no socket, file, timer, clock or randomness: time is an argument.
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
import { attend, refusal, startServing, tickLeader } from './leader.js';
import { admitLearners, checkAdmitted } from './learners.js';
import type { Message, SnapshotMark } from './messages.js';
import type { Batch, Load } from './outputs.js';
import { countRounds, requestConfirmation, requestRead, tickReads } from './reads.js';
import {
  announceVisible,
  append,
  onLoadedForPeer,
  peerLost,
  sendEntries,
  snapshotMissing,
} from './replication.js';
import { installed, isWanted, requestSnapshot } from './snapshots.js';
import { type CoreOptions, createState, type State } from './state.js';
import type { Entry, MemberId } from './types.js';

export class Core {
  readonly #state: State;

  constructor(options: CoreOptions) {
    this.#state = createState(options);
  }

  /** For status, describe, invariants and tests. Only the rules write it. */
  get state(): Readonly<State> {
    return this.#state;
  }

  /** Takes the journal's entries after the base, in order, before any other input. */
  recover(entries: readonly Entry[]): void {
    for (const entry of entries) this.#state.log.recover(entry);
  }

  /** The base has replaced the log in the journal, so none of its entries may come back. */
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

  /** Everything up to this journal position is on this member's disk. */
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

  /** Appends a command if this member leads; otherwise returns the reason. */
  propose(command: Uint8Array, nowMs: number): number | 'overloaded' | 'not-leading' {
    const state = this.#at(nowMs);
    const leader = state.stage;
    if (leader.kind !== 'leader') return 'not-leading';
    return refusal(leader, state, command.length) ?? append(state, leader, command);
  }

  /** Sends the proposals of a turn, in as few messages as the members' windows allow. */
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

  /** A frontend has checked this member and received an answer to its previous check. */
  attended(nowMs: number): void {
    const state = this.#at(nowMs);
    if (state.stage.kind === 'leader') attend(state, state.stage);
  }

  openGates(throughSeq: number): void {
    openGates(this.#state, throughSeq);
  }

  /** Tells the followers which entries are visible, without waiting for a heartbeat. */
  announceVisible(): void {
    announceVisible(this.#state);
  }

  /** Asks for a read position (R9); one `ReadDone` with this id follows. */
  read(id: number, nowMs: number): void {
    requestRead(this.#at(nowMs), id);
  }

  /** Asks whether this member still leads (R8); one `ReadDone` with this id follows. */
  confirm(id: number, nowMs: number): void {
    requestConfirmation(this.#at(nowMs), id);
  }

  /** The host has applied the entries up to this seq. */
  applied(seq: number): void {
    const state = this.#state;
    assert(
      seq >= state.applied && seq <= state.visible,
      'entries are applied in order, and only visible ones',
    );
    state.applied = seq;
    const { stage } = state;
    if (stage.kind === 'leader' && !stage.serving && seq >= stage.openingSeq) {
      startServing(state, stage);
    }
  }

  /**
   * The answer to a load: the epoch of the entry before, and the entries. Empty if the journal dropped
   * them.
   */
  loaded(request: Load, prevEpoch: number | undefined, entries: readonly Entry[]): void {
    const state = this.#state;
    const good = agreeing(state, request.prevSeq, entries);
    if (state.stage.kind === 'leader') {
      onLoadedForPeer(state, state.stage, request, prevEpoch, good);
    } else {
      onLoadedForNominee(state, request, prevEpoch, good);
    }
  }

  /** There is no snapshot for this member, so the leader probes the member's log again. */
  snapshotMissing(to: MemberId): void {
    snapshotMissing(this.#state, to);
  }

  /** Runs at a recovery server: asks the current leader for its newest snapshot (R11). */
  requestSnapshot(): void {
    requestSnapshot(this.#state);
  }

  /**
   * The host asks again when a snapshot has arrived completely, because the log may have overtaken it.
   */
  wantsSnapshot(mark: SnapshotMark): boolean {
    return isWanted(this.#state, mark);
  }

  /** A snapshot received in chunks is durable and restored. */
  installed(mark: SnapshotMark, nowMs: number): void {
    installed(this.#at(nowMs), mark);
  }

  /** The host has recorded durably that this member votes again (R10). */
  admitted(): void {
    const state = this.#state;
    state.learner = false;
    state.doubt = undefined;
    state.admitting = false;
    state.out.roleChanged = true;
    // If this member leads, its own copies count from now on.
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

/** The journal may still hold truncated entries: only entries in the index belong to the log. */
function agreeing(state: State, prevSeq: number, entries: readonly Entry[]): readonly Entry[] {
  const { log } = state;
  const end = entries.findIndex(
    ({ seq, epoch }, i) =>
      seq !== prevSeq + 1 + i || (seq > log.base.seq && log.epochOf(seq) !== epoch),
  );
  return end < 0 ? entries : entries.slice(0, end);
}
