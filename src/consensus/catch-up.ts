/**
 * Between a majority's promises and the lead (docs/PROTOCOL.md, R4): the nominee fetches what the
 * most up-to-date voter of its majority has beyond it. Answered and used only while the source's
 * promise equals the nominee's epoch, so that the source's log stands still.
 */

import { protocolTimes } from '../base/limits.js';
import { adopt } from './adoption.js';
import { lead } from './lead.js';
import { isGreater } from './log.js';
import type { Fetch, Fetched } from './messages.js';
import type { Load } from './outputs.js';
import { majority } from './quorum.js';
import { becomeFollower, type Candidate, type State } from './state.js';
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
    lead(state, candidate);
    return;
  }
  candidate.phase = 'catch-up';
  fetchMore(state, candidate);
}

function fetchMore(state: State, candidate: Candidate): void {
  if (candidate.source === undefined) return;
  const { last } = state.log;
  candidate.sentMs = state.nowMs;
  state.out.send(candidate.source, {
    kind: 'fetch',
    epoch: candidate.epoch,
    commit: state.commit,
    end: { epoch: last.epoch, seq: last.seq },
  });
}

/** At the source, which may be a witness. */
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

/** The journal's answer for a nominee; a snapshot where it does not reach back so far. */
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
  if (message.entries.length === 0 || !adopt(state, message.prev, message.entries)) {
    becomeFollower(state, undefined);
    return;
  }
  continueCatchUp(state, candidate);
}

/** After each piece, a snapshot too: fetch on, or lead. */
export function continueCatchUp(state: State, candidate: Candidate): void {
  const target = candidate.promises.get(candidate.source ?? state.id);
  if (target && isGreater(target, state.log.last)) fetchMore(state, candidate);
  else lead(state, candidate);
}

/** An answer may be lost; a snapshot on its way is not asked for again. */
export function tickCatchUp(state: State, candidate: Candidate): void {
  if (state.nowMs - candidate.sentMs >= protocolTimes.stepDownMs) becomeFollower(state, undefined);
}

/** The source is gone: without it there may be no majority, else the next best will do. */
export function sourceClosed(state: State, candidate: Candidate, member: MemberId): void {
  if (candidate.source === member) candidate.phase = 'prepare';
  if (candidate.promises.size < majority(state)) candidate.phase = 'prepare';
  else if (candidate.source === member) beginCatchUp(state, candidate);
}
