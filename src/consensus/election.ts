/**
 * How a leader comes to be (docs/PROTOCOL.md, R1 to R3): pre-vote, prepare, promise. A nomination
 * is a hint from outside; whatever is nominated, at most one member leads an epoch (I1), because
 * a voter promises an epoch once, durably, before it says so.
 */

import { protocolTimes } from '../base/limits.js';
import { type CandidacyFailure, failCandidacy } from './candidacy.js';
import { beginCatchUp, sourceClosed, tickCatchUp } from './catch-up.js';
import type { Prepare, Prevote, Prevoted, Promised } from './messages.js';
import { majority } from './quorum.js';
import {
  becomeFollower,
  type Candidate,
  isPlausible,
  observeEpoch,
  promise,
  type State,
} from './state.js';
import type { MemberId } from './types.js';

/** A majority has answered the pre-vote by then, whatever it said: who is cut off hears nothing. */
const silenceMs = 150;
/** A majority has agreed by then: the last heartbeat of a leader that is gone counts for STICK. */
const prevoteMs = protocolTimes.stickMs + silenceMs;
/** A candidacy that has got on nowhere by then ends; the frontends nominate again. */
const candidacyMs = 1_000;
const retransmitMs = protocolTimes.heartbeatMs;

/** Stands for election where this member may. */
export function nominate(state: State): void {
  if (state.witnesses.has(state.id) || state.stage.kind !== 'follower') return;
  if (state.learner && state.rules.learnersDoNotVote) return;
  const candidate: Candidate = {
    kind: 'candidate',
    phase: 'prevote',
    epoch: 0,
    phaseMs: state.nowMs,
    movedMs: state.nowMs,
    sentMs: state.nowMs,
    answered: new Set(),
    agreed: new Set(),
    refused: new Set(),
    promises: new Map(),
    promisePosition: 0,
    source: undefined,
    sameSeq: 0,
    absentSeq: undefined,
    askedSeq: 0,
    piece: { seq: 0, offset: 0 },
    majorityMs: 0,
  };
  state.stage = candidate;
  if (state.rules.preVote) askPrevotes(state, candidate);
  else prepare(state, candidate);
}

/** R1: a voter agrees unless it leads, or heard from a live leader within STICK. */
function wouldPromise(state: State): boolean {
  if (state.stage.kind === 'leader') return false;
  if (state.learner && state.rules.learnersDoNotVote) return false;
  return state.nowMs - state.heardMs >= protocolTimes.stickMs;
}

function askPrevotes(state: State, candidate: Candidate): void {
  candidate.epoch = Math.max(state.promised.epoch, state.seen) + 1;
  candidate.sentMs = state.nowMs;
  for (const voter of state.others) {
    if (candidate.agreed.has(voter)) continue;
    state.out.send(voter, { kind: 'prevote', epoch: candidate.epoch });
  }
  if (wouldPromise(state)) candidate.agreed.add(state.id);
  if (candidate.agreed.size >= majority(state)) prepare(state, candidate);
}

export function onPrevote(state: State, from: MemberId, message: Prevote): void {
  if (!isPlausible(state, message.epoch)) return;
  const { epoch } = message;
  const promised = state.promised.epoch;
  const isNewer = epoch > promised;
  const agreed = isNewer && wouldPromise(state);
  const follows = state.leader !== undefined && state.leader !== state.id;
  // The answer will be another when the connection to the leader closes.
  state.waiting = isNewer && !agreed && follows ? { from, message } : undefined;
  state.out.send(from, { kind: 'prevoted', epoch, agreed, promised }, state.promisePosition);
}

export function onPrevoted(state: State, from: MemberId, message: Prevoted): void {
  if (!observeEpoch(state, message.promised)) return;
  const candidate = state.stage;
  if (candidate.kind !== 'candidate' || candidate.phase !== 'prevote') return;
  candidate.answered.add(from);
  if (!message.agreed) return;
  candidate.agreed.add(from);
  if (candidate.agreed.size >= majority(state)) prepare(state, candidate);
}

/** R2: the nominee chooses the epoch, and promises it to itself before it asks the others. */
function prepare(state: State, candidate: Candidate): void {
  becomeFollower(state, undefined);
  state.stage = candidate;
  candidate.phase = 'prepare';
  candidate.epoch = Math.max(state.promised.epoch, state.seen) + 1;
  promise(state, candidate.epoch, state.id);
  candidate.promisePosition = state.out.position;
  askPromises(state, candidate);
}

function askPromises(state: State, candidate: Candidate): void {
  candidate.sentMs = state.nowMs;
  for (const voter of state.others) {
    if (candidate.promises.has(voter)) continue;
    state.out.send(voter, { kind: 'prepare', epoch: candidate.epoch }, candidate.promisePosition);
  }
}

/** R3: promise iff the epoch is above the promised one, or equal with the same leader. */
export function onPrepare(state: State, from: MemberId, message: Prepare): void {
  const { epoch } = message;
  if (!isPlausible(state, epoch) || state.witnesses.has(from)) return;
  if (state.learner && state.rules.learnersDoNotVote) return;
  const { promised, rules, log, out } = state;
  const again = epoch === promised.epoch && (promised.leader === from || !rules.onePromisePerEpoch);
  if (epoch > promised.epoch) {
    becomeFollower(state, undefined);
    promise(state, epoch, from);
    out.roleChanged = true;
  } else if (!again) {
    const refusal = { kind: 'promised', epoch, agreed: false, promised: promised.epoch } as const;
    out.send(from, { ...refusal, last: { epoch: 0, seq: 0 } }, state.promisePosition);
    return;
  }
  const seq = rules.promiseIsDurable ? log.last.seq : log.durable;
  const last = { epoch: log.epochOf(seq) ?? 0, seq };
  const answer = { kind: 'promised', epoch, agreed: true, promised: epoch, last } as const;
  out.send(from, answer, rules.promiseIsDurable ? out.position : 0);
}

export function onPromised(state: State, from: MemberId, message: Promised): void {
  if (!observeEpoch(state, message.promised)) return;
  const candidate = state.stage;
  if (candidate.kind !== 'candidate' || candidate.phase !== 'prepare') return;
  if (message.epoch !== candidate.epoch) return;
  if (message.agreed) {
    candidate.promises.set(from, message.last);
    countPromises(state, candidate);
    return;
  }
  candidate.refused.add(from);
  if (state.voters.length - candidate.refused.size < majority(state)) standAgain(state, candidate);
}

/**
 * Another nominee has a voter's promise, so both may have failed. Each asks again in a new epoch,
 * later voters of the configuration first: the pauses differ, so that one of them gets ahead.
 */
function standAgain(state: State, candidate: Candidate): void {
  const behind = state.voters.length - 1 - state.voters.indexOf(state.id);
  candidate.phase = 'prevote';
  candidate.phaseMs = state.nowMs + behind * retransmitMs;
  candidate.sentMs = candidate.phaseMs - retransmitMs;
  for (const votes of [candidate.answered, candidate.agreed, candidate.refused]) votes.clear();
  candidate.promises.clear();
}

/** The own promise counts once it is durable, like any other. */
export function ownPromiseDurable(state: State, candidate: Candidate, position: number): void {
  if (candidate.phase !== 'prepare' || candidate.promisePosition > position) return;
  if (candidate.promises.has(state.id)) return;
  candidate.promises.set(state.id, state.log.last);
  countPromises(state, candidate);
}

function countPromises(state: State, candidate: Candidate): void {
  if (!candidate.promises.has(state.id) || candidate.promises.size < majority(state)) return;
  candidate.majorityMs = state.nowMs;
  beginCatchUp(state, candidate);
}

/** Messages may be lost: ask again, and give up in the end. */
export function tickCandidate(state: State, candidate: Candidate): void {
  if (candidate.phase === 'catch-up') {
    tickCatchUp(state, candidate);
    return;
  }
  const failure = overdue(state, candidate);
  if (failure) {
    failCandidacy(state, failure);
    return;
  }
  if (state.nowMs - candidate.sentMs < retransmitMs) return;
  if (candidate.refused.size > 0) {
    // Who is silent may be dead: waiting for it could take all of the candidacy.
    standAgain(state, candidate);
    return;
  }
  if (candidate.phase === 'prevote') askPrevotes(state, candidate);
  else askPromises(state, candidate);
}

/** Why the candidacy is over; undefined where it may still succeed. */
function overdue(state: State, candidate: Candidate): CandidacyFailure | undefined {
  const { phase, phaseMs, movedMs, answered } = candidate;
  const passedMs = state.nowMs - phaseMs;
  if (phase !== 'prevote') {
    return state.nowMs - movedMs >= candidacyMs ? 'unpromised' : undefined;
  }
  if (passedMs >= silenceMs && answered.size + 1 < majority(state)) return 'unreachable';
  const isOver = passedMs >= prevoteMs || state.nowMs - movedMs >= candidacyMs;
  return isOver ? 'refused' : undefined;
}

/**
 * R1: the connection to the leader closed, so a crash is replaced at once. The nomination may have
 * come first: the candidacy goes on, and asks again what the live leader had forbidden.
 */
export function leaderLost(state: State): void {
  const { stage, waiting } = state;
  state.heardMs = Number.NEGATIVE_INFINITY;
  becomeFollower(state, undefined);
  if (stage.kind === 'candidate' && stage.phase === 'prevote') {
    state.stage = stage;
    askPrevotes(state, stage);
  }
  if (waiting) onPrevote(state, waiting.from, waiting.message);
}

/** What a member said before its connection closed counts no more: it may come back wiped (A8). */
export function candidateLost(state: State, candidate: Candidate, member: MemberId): void {
  candidate.agreed.delete(member);
  candidate.promises.delete(member);
  if (candidate.phase === 'catch-up') sourceClosed(state, candidate, member);
}
