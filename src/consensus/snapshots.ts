/**
 * Snapshots between members (docs/PROTOCOL.md, R11). The core decides only which member may send one to
 * which, and what the log is afterwards. The host handles pieces, files and checksums.
 */
import { continueCatchUp, notePiece } from './catch-up.js';
import { obey } from './follow.js';
import type { Appended, Chunk, Chunked, SnapshotMark, SnapshotRequest } from './messages.js';
import type { State } from './state.js';
import type { MemberId } from './types.js';
import { isUnderWay } from './under-way.js';

/**
 * Whether a snapshot of this position advances the member. A recovery server has no state of its
 * own, so it also takes one whose log it has, but not one that it already has.
 */
export function isWanted(state: State, mark: SnapshotMark): boolean {
  return mark.seq > (state.recoveryServers.has(state.id) ? state.snapshot : state.commit);
}

/** Accepts pieces from the leader, or from the source of the own candidacy (R4). */
export function onChunk(state: State, from: MemberId, chunk: Chunk): void {
  const candidate = state.stage;
  const isSource =
    candidate.kind === 'candidate' &&
    candidate.phase === 'catch-up' &&
    candidate.source === from &&
    candidate.epoch === chunk.epoch;
  if (isSource) notePiece(state, candidate, chunk.mark.seq, chunk.offset);
  else if (!obey(state, from, chunk.epoch)) return;
  if (!isWanted(state, chunk.mark)) return;
  state.chunkMs = state.nowMs;
  state.out.chunks.push({ from, chunk });
}

/** A recovery server asks the leader it follows, unless a snapshot is already under way. */
export function requestSnapshot(state: State): void {
  if (state.leader === undefined || state.leader === state.id) return;
  if (isUnderWay(state, state.chunkMs)) return;
  state.out.send(state.leader, { kind: 'snapshot-request', after: state.snapshot });
}

export function onSnapshotRequest(state: State, from: MemberId, { after }: SnapshotRequest): void {
  if (state.stage.kind !== 'leader' || !state.recoveryServers.has(from)) return;
  const peer = state.stage.peers.get(from);
  if (!peer || isUnderWay(state, peer.snapshotMs)) return;
  peer.snapshotMs = state.nowMs;
  state.out.snapshotsWanted.push({ to: from, epoch: state.stage.epoch, after });
}

/** Runs at the sender: it continues as long as it has the right to send. */
export function onChunked(state: State, from: MemberId, answer: Chunked): void {
  if (answer.epoch !== state.promised.epoch) return;
  const peer = state.stage.kind === 'leader' ? state.stage.peers.get(from) : undefined;
  // The snapshot counts as under way, however long all of it takes.
  if (peer) peer.snapshotMs = state.nowMs;
  state.out.chunkAnswers.push({ from, answer });
}

/** The host holds the snapshot durably, and its state machine has that state. */
export function installed(state: State, mark: SnapshotMark): void {
  const { log, out } = state;
  state.snapshot = Math.max(state.snapshot, mark.seq);
  if (mark.seq <= state.commit) return;
  if (log.epochOf(mark.seq) !== mark.epoch) {
    // The own log may diverge from the snapshot, so the entries after the snapshot are fetched again.
    out.persist({ kind: 'truncate', from: 1 });
    log.reset(mark);
    state.match = Math.min(state.match, mark.seq);
  }
  state.commit = mark.seq;
  state.visible = mark.seq;
  state.applied = mark.seq;
  if (state.stage.kind === 'candidate') {
    if (state.stage.phase === 'catch-up') continueCatchUp(state, state.stage);
  } else if (state.leader !== undefined && state.stage.kind === 'follower') {
    state.match = Math.max(state.match, mark.seq);
    state.out.send(state.leader, matchAt(state, mark), out.position);
  }
}

function matchAt(state: State, mark: SnapshotMark): Appended {
  return {
    kind: 'appended',
    epoch: state.promised.epoch,
    ok: true,
    match: mark.seq,
    matchEpoch: mark.epoch,
    prevSeq: mark.seq,
    round: 0,
    live: false,
    learner: state.learner,
    table: state.table,
  };
}
