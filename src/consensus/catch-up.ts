/**
 * The catch-up of a nominee between the promises of a majority and its leadership (docs/PROTOCOL.md,
 * R4). The nominee fetches the entries that the most up-to-date voter of its majority has beyond its
 * own. The source answers, and the nominee uses the answer, only while the source's promise equals the
 * nominee's epoch. So the source's log does not change meanwhile.
 */

import { protocolTimes } from '../base/limits.js';
import { adopt } from './adoption.js';
import { isElected } from './ballots.js';
import { failCandidacy } from './candidacy.js';
import { becomeLeader } from './leader.js';
import { isGreater } from './log.js';
import type { Fetch, Fetched } from './messages.js';
import type { Load } from './outputs.js';
import type { Candidate, State } from './state.js';
import type { Entry, MemberId, Position } from './types.js';

export function beginCatchUp(state: State, candidate: Candidate): void {
  let best: Position = state.log.last;
  candidate.source = undefined;
  for (const [voter, last] of candidate.promises) {
    if (voter === state.id || !isGreater(last, best)) continue;
    best = last;
    candidate.source = voter;
  }
  if (candidate.source === undefined || !state.rules.nomineeCatchesUp) {
    becomeLeader(state, candidate);
    return;
  }
  candidate.phase = 'catch-up';
  candidate.sameSeq = state.commit;
  candidate.absentSeq = undefined;
  candidate.piece = { seq: 0, offset: 0 };
  fetchMore(state, candidate);
}

/**
 * Asks for the entries after a position that the source may also have. If the source lacks that entry,
 * its answer begins after the last position known to be equal. So each answer raises `sameSeq`.
 */
function fetchMore(state: State, candidate: Candidate): void {
  if (candidate.source === undefined) return;
  const { log, rules } = state;
  const seq = placeToAsk(state, candidate);
  candidate.askedSeq = seq;
  candidate.sentMs = state.nowMs;
  state.out.send(candidate.source, {
    kind: 'fetch',
    epoch: candidate.epoch,
    commit: rules.catchUpAdvances ? candidate.sameSeq : state.commit,
    end: { epoch: log.epochOf(seq) ?? log.base.epoch, seq },
  });
}

/** First the end of the own log, then the middle between the equal and the absent position. */
function placeToAsk({ log, rules }: State, { sameSeq, absentSeq }: Candidate): number {
  if (absentSeq === undefined || !rules.catchUpAdvances) return log.last.seq;
  return Math.floor((sameSeq + absentSeq) / 2);
}

/** Runs at the source, which may be a recovery server. */
export function onFetch(state: State, from: MemberId, message: Fetch): void {
  const { log, out } = state;
  if (state.promised.epoch !== message.epoch || state.promised.leader !== from) return;
  const hasEnd = log.epochOf(message.end.seq) === message.end.epoch;
  const prevSeq = hasEnd ? message.end.seq : message.commit;
  const epoch = log.epochOf(prevSeq);
  const entries = log.slice(prevSeq + 1);
  if (epoch === undefined || entries === undefined) {
    out.loads.push({ to: from, epoch: message.epoch, prevSeq });
    return;
  }
  sendFetched(state, from, { epoch, seq: prevSeq }, entries);
}

function sendFetched(state: State, to: MemberId, prev: Position, entries: readonly Entry[]): void {
  state.out.send(to, { kind: 'fetched', epoch: state.promised.epoch, prev, entries });
}

/**
 * Sends the journal's answer to a nominee, or a snapshot if the journal does not reach back far enough.
 */
export function onLoadedForNominee(
  state: State,
  request: Load,
  prevEpoch: number | undefined,
  entries: readonly Entry[],
): void {
  if (state.promised.epoch !== request.epoch || state.promised.leader !== request.to) return;
  if (prevEpoch === undefined || entries[0]?.seq !== request.prevSeq + 1) {
    state.out.snapshotsWanted.push({ to: request.to, epoch: request.epoch, after: 0 });
    return;
  }
  sendFetched(state, request.to, { epoch: prevEpoch, seq: request.prevSeq }, entries);
}

export function onFetched(state: State, from: MemberId, message: Fetched): void {
  const candidate = state.stage;
  if (candidate.kind !== 'candidate' || candidate.phase !== 'catch-up') return;
  if (candidate.source !== from || candidate.epoch !== message.epoch) return;
  const last = message.entries.at(-1);
  // A repeated or late answer: its entries are already in the log.
  const isOld = last !== undefined && last.seq <= candidate.sameSeq;
  if (isOld && state.rules.catchUpAdvances) return;
  if (last === undefined || !adopt(state, message.prev, message.entries)) {
    failCandidacy(state, 'stalled');
    return;
  }
  if (message.prev.seq < candidate.askedSeq) candidate.absentSeq = candidate.askedSeq;
  candidate.sameSeq = last.seq;
  candidate.movedMs = state.nowMs;
  continueCatchUp(state, candidate);
}

/** Runs after each piece of the log or of a snapshot: fetches more, or starts to lead. */
export function continueCatchUp(state: State, candidate: Candidate): void {
  candidate.sameSeq = Math.max(candidate.sameSeq, state.commit);
  const { sameSeq, absentSeq } = candidate;
  const isGone = absentSeq !== undefined && absentSeq > state.log.last.seq;
  if (isGone || (absentSeq !== undefined && absentSeq <= sameSeq)) candidate.absentSeq = undefined;
  const target = candidate.promises.get(candidate.source ?? state.id);
  if (target && isGreater(target, state.log.last)) fetchMore(state, candidate);
  else becomeLeader(state, candidate);
}

/** Notes progress of the source's snapshot. A repeated piece does not extend the candidacy. */
export function notePiece(state: State, candidate: Candidate, seq: number, offset: number): void {
  const { piece } = candidate;
  if (seq < piece.seq || (seq === piece.seq && offset < piece.offset)) return;
  candidate.piece = { seq, offset: offset + 1 };
  candidate.sentMs = state.nowMs;
  candidate.movedMs = state.nowMs;
}

/** Asks again because an answer may be lost, but does not request a snapshot that is under way. */
export function tickCatchUp(state: State, candidate: Candidate): void {
  if (state.nowMs - candidate.sentMs >= protocolTimes.stepDownMs) failCandidacy(state, 'stalled');
}

/**
 * The source's connection closed. Without it there may be no majority; otherwise the next best voter
 * becomes the source.
 */
export function sourceClosed(state: State, candidate: Candidate, member: MemberId): void {
  if (candidate.source === member) candidate.phase = 'prepare';
  if (!isElected(state, candidate.promises, candidate.doubtful)) candidate.phase = 'prepare';
  else if (candidate.source === member) beginCatchUp(state, candidate);
}
