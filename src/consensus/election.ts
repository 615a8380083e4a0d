/**
 * The election of a leader (docs/PROTOCOL.md, R1 to R3): pre-vote, prepare, promise. A nomination is
 * only a hint from outside. At most one member leads an epoch (I1), because a voter promises an epoch
 * once, and durably, before it sends the promise.
 */

import { logLimits, protocolTimes } from '../base/limits.js';
import { isLater, laterOf, mergeAdmissions } from './admissions.js';
import {
  ballotOf,
  enoughWithoutDoubts,
  isElected,
  ownStanding,
  waitsForDoubts,
} from './ballots.js';
import { failCandidacy } from './candidacy.js';
import { beginCatchUp, sourceClosed, tickCatchUp } from './catch-up.js';
import type { Prepare, Prevote, Prevoted, Promised } from './messages.js';
import { isSelfCounted, majority } from './quorum.js';
import {
  becomeFollower,
  type Candidate,
  isPlausible,
  observeEpoch,
  promise,
  type State,
} from './state.js';
import type { CandidacyFailure, MemberId } from './types.js';

/**
 * By then a reachable majority has answered the pre-vote; a nominee that is cut off receives nothing.
 */
const silenceMs = 150;
/** By then a majority can have agreed: STICK counts from the last heartbeat of a leader that is gone. */
const prevoteMs = protocolTimes.stickMs + silenceMs;
/** A candidacy without progress ends after this time; the frontends then nominate again. */
const candidacyMs = 1_000;
const retransmitMs = protocolTimes.heartbeatMs;

/** Stands for election if this member is allowed to. */
export function nominate(state: State): void {
  if (state.recoveryServers.has(state.id) || state.stage.kind !== 'follower') return;
  if (!isSelfCounted(state) && !state.rules.learnersMayStand) return;
  const candidate: Candidate = {
    kind: 'candidate',
    phase: 'prevote',
    epoch: 0,
    phaseMs: state.nowMs,
    movedMs: state.nowMs,
    sentMs: state.nowMs,
    answered: new Set(),
    agreed: new Map(),
    refused: new Set(),
    promises: new Map(),
    doubtful: new Set(),
    admitted: state.admitted,
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

/** R1: a voter agrees unless it leads, or received a heartbeat of a live leader within STICK. */
function wouldPromise(state: State): boolean {
  if (state.stage.kind === 'leader') return false;
  return state.nowMs - state.heardMs >= protocolTimes.stickMs;
}

function askPrevotes(state: State, candidate: Candidate): void {
  candidate.epoch = nextEpoch(state, 1);
  candidate.sentMs = state.nowMs;
  for (const voter of state.others) {
    if (candidate.agreed.has(voter)) continue;
    state.out.send(voter, { kind: 'prevote', epoch: candidate.epoch, apart: true });
  }
  if (wouldPromise(state)) {
    candidate.agreed.set(state.id, ballotOf(ownStanding(state), state.log.last));
  }
  countAgreed(state, candidate);
}

function countAgreed(state: State, candidate: Candidate): void {
  const { agreed } = candidate;
  const doubtful = [...agreed].filter(([, { doubt }]) => doubt).map(([id]) => id);
  if (isElected(state, agreed, new Set(doubtful))) prepare(state, candidate, doubtful);
}

/**
 * The first epoch at least `step` above all epochs seen. In an even group each member has epochs of its
 * own: two majorities share two voters, and both of these may have lost their disks in between.
 */
function nextEpoch(state: State, step: number): number {
  const { voters, rules } = state;
  const epoch = Math.max(state.promised.epoch, state.seen) + step;
  if (voters.length % 2 === 1 || !rules.epochsSharedOut) return epoch;
  const place = [...voters].sort().indexOf(state.id);
  return epoch + ((place - (epoch % voters.length) + voters.length) % voters.length);
}

export function onPrevote(state: State, from: MemberId, message: Prevote): void {
  if (!isPlausible(state, message.epoch)) return;
  const { epoch } = message;
  const promised = state.promised.epoch;
  const isNewer = epoch > promised;
  if (isNewer && state.stage.kind === 'leader') state.stage.soughtMs ??= state.nowMs;
  const isAsked = isSelfCounted(state) || (message.apart === true && state.rules.learnersPromise);
  const agreed = isNewer && isAsked && wouldPromise(state);
  const follows = state.leader !== undefined && state.leader !== state.id;
  // The answer may change when the connection to the leader closes.
  state.waiting = isNewer && !agreed && follows ? { from, message } : undefined;
  const answer = { kind: 'prevoted', epoch, agreed, promised } as const;
  state.out.send(from, { ...answer, standing: ownStanding(state) }, state.promisePosition);
}

export function onPrevoted(state: State, from: MemberId, message: Prevoted): void {
  if (!observeEpoch(state, message.promised)) return;
  const candidate = state.stage;
  if (candidate.kind !== 'candidate' || candidate.phase !== 'prevote') return;
  candidate.answered.add(from);
  if (!message.agreed) return;
  const last = message.standing?.last ?? { epoch: 0, seq: 0 };
  candidate.agreed.set(from, ballotOf(message.standing, last));
  countAgreed(state, candidate);
}

/**
 * R2: the nominee chooses the epoch and promises it to itself before it asks the others. If it depends
 * on doubtful members, the epoch is above any epoch that they may have forgotten (A33).
 */
function prepare(state: State, candidate: Candidate, doubtful: readonly MemberId[] = []): void {
  becomeFollower(state, undefined);
  state.stage = candidate;
  candidate.phase = 'prepare';
  candidate.doubtful.clear();
  const depends = !enoughWithoutDoubts(state, candidate.agreed);
  if (depends) for (const id of doubtful) candidate.doubtful.add(id);
  const jumps = candidate.doubtful.size > 0 && state.rules.doubtJumps;
  candidate.epoch = nextEpoch(state, jumps ? logLimits.doubtEpochJump : 1);
  promise(state, candidate.epoch, state.id);
  candidate.promisePosition = state.out.position;
  askPromises(state, candidate);
}

function askPromises(state: State, candidate: Candidate): void {
  candidate.sentMs = state.nowMs;
  for (const voter of state.others) {
    if (!candidate.promises.has(voter)) askPromise(state, candidate, voter);
  }
}

function askPromise(state: State, { epoch, admitted, promisePosition }: Candidate, to: MemberId) {
  state.out.send(to, { kind: 'prepare', epoch, admitted }, promisePosition);
}

/** R3: promise iff the epoch is above the promised one, or equal with the same leader. */
export function onPrepare(state: State, from: MemberId, message: Prepare): void {
  const { epoch } = message;
  if (!isPlausible(state, epoch) || state.recoveryServers.has(from)) return;
  const { promised, rules, log, out } = state;
  if (!isSelfCounted(state) && !(message.admitted && rules.learnersPromise)) return;
  const again = epoch === promised.epoch && (promised.leader === from || !rules.onePromisePerEpoch);
  if (epoch > promised.epoch) {
    becomeFollower(state, undefined);
    state.admitted = mergeAdmissions(state.admitted, message.admitted, state.voters);
    promise(state, epoch, from);
    out.roleChanged = true;
  } else if (!again) {
    const refusal = { kind: 'promised', epoch, agreed: false, promised: promised.epoch } as const;
    out.send(from, { ...refusal, last: { epoch: 0, seq: 0 } }, state.promisePosition);
    return;
  }
  const seq = rules.promiseIsDurable ? log.last.seq : log.durable;
  const last = { epoch: log.epochOf(seq) ?? 0, seq };
  const { admitted } = state;
  const { learner, doubt } = ownStanding(state);
  // Everything that the nominee has learned about this member happened before this promise.
  const stamp = laterOf(admitted.get(state.id), message.admitted?.get(state.id));
  const answer = { kind: 'promised', epoch, agreed: true, promised: epoch, last } as const;
  const giver = { learner, doubt, stamp, admitted };
  out.send(from, { ...answer, giver }, rules.promiseIsDurable ? out.position : 0);
}

export function onPromised(state: State, from: MemberId, message: Promised): void {
  if (!observeEpoch(state, message.promised)) return;
  const candidate = state.stage;
  if (candidate.kind !== 'candidate' || candidate.phase !== 'prepare') return;
  if (message.epoch !== candidate.epoch) return;
  if (message.agreed) {
    const { giver } = message;
    candidate.admitted = mergeAdmissions(candidate.admitted, giver?.admitted, state.voters);
    candidate.promises.set(from, ballotOf(giver, message.last, giver?.stamp));
    dropForgotten(state, candidate);
    countPromises(state, candidate);
    return;
  }
  candidate.refused.add(from);
  if (state.voters.length - candidate.refused.size < majority(state)) standAgain(state, candidate);
}

/**
 * A voter has promised to another nominee, so both nominees may have failed. Each asks again in a new
 * epoch, and members later in the configuration ask first. The pauses differ, so one of them gets ahead.
 */
function standAgain(state: State, candidate: Candidate): void {
  const behind = state.voters.length - 1 - state.voters.indexOf(state.id);
  candidate.phase = 'prevote';
  candidate.phaseMs = state.nowMs + behind * retransmitMs;
  candidate.sentMs = candidate.phaseMs - retransmitMs;
  const { answered, agreed, refused, doubtful } = candidate;
  for (const votes of [answered, agreed, refused, doubtful]) votes.clear();
  candidate.promises.clear();
}

/** R3: a voter admitted after a loss has forgotten its earlier promise, so the nominee asks it again. */
function dropForgotten(state: State, candidate: Candidate): void {
  if (!state.rules.promisesBoundToIncarnation) return;
  for (const [voter, { stamp }] of candidate.promises) {
    if (voter === state.id || !isLater(candidate.admitted.get(voter), stamp)) continue;
    candidate.promises.delete(voter);
    // A voter of an older build names no stamp; the nominee would ask it without end.
    if (stamp) askPromise(state, candidate, voter);
  }
}

/** The own promise counts once it is durable, like any other promise. */
export function ownPromiseDurable(state: State, candidate: Candidate, position: number): void {
  if (candidate.phase !== 'prepare' || candidate.promisePosition > position) return;
  if (candidate.promises.has(state.id)) return;
  candidate.promises.set(state.id, ballotOf(ownStanding(state), state.log.last));
  countPromises(state, candidate);
}

function countPromises(state: State, candidate: Candidate): void {
  const { promises, doubtful } = candidate;
  if (!promises.has(state.id) || !isElected(state, promises, doubtful)) return;
  candidate.majorityMs = state.nowMs;
  beginCatchUp(state, candidate);
}

/** Messages may be lost: asks again, and gives up after a time limit. */
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
    // A silent voter may be dead; waiting for it could use up the whole candidacy.
    standAgain(state, candidate);
    return;
  }
  if (candidate.phase === 'prevote') askPrevotes(state, candidate);
  else askPromises(state, candidate);
}

/** The reason why the candidacy is over, or undefined if it may still succeed. */
function overdue(state: State, candidate: Candidate): CandidacyFailure | undefined {
  const { phase, phaseMs, movedMs, answered, agreed } = candidate;
  const passedMs = state.nowMs - phaseMs;
  if (phase !== 'prevote') {
    return state.nowMs - movedMs >= candidacyMs ? 'unpromised' : undefined;
  }
  if (passedMs >= silenceMs && answered.size + 1 < majority(state)) return 'unreachable';
  const isOver = passedMs >= prevoteMs || state.nowMs - movedMs >= candidacyMs;
  if (!isOver) return undefined;
  return waitsForDoubts(state, agreed) ? 'doubtful' : 'refused';
}

/**
 * R1: the connection to the leader closed, so the group replaces a crashed leader at once. If the
 * nomination arrived first, the candidacy continues and repeats the pre-vote that the live leader had
 * blocked.
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

/**
 * Answers from before the connection closed no longer count: the member may return with an empty disk
 * (A8).
 */
export function candidateLost(state: State, candidate: Candidate, member: MemberId): void {
  candidate.agreed.delete(member);
  candidate.promises.delete(member);
  candidate.doubtful.delete(member);
  if (candidate.phase === 'catch-up') sourceClosed(state, candidate, member);
}
