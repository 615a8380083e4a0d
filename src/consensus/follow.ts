/**
 * The follower's side of R5 (docs/PROTOCOL.md). It obeys the leader of the promised epoch or of a higher
 * one and adopts its entries. It acknowledges the prefix that equals the leader's log, once that prefix
 * is durable.
 */
import { assert } from '../base/assert.js';
import { adopt } from './adoption.js';
import { followCommit } from './commit.js';
import { checkAdmitted } from './learners.js';
import type { Append, Appended, Stale, Table } from './messages.js';
import {
  becomeFollower,
  isPlausible,
  noteAdmissions,
  observeEpoch,
  promise,
  type State,
} from './state.js';
import type { MemberId } from './types.js';

/** Obeys a leader's message of this epoch. Returns false if the epoch is old or implausible. */
export function obey(state: State, from: MemberId, epoch: number): boolean {
  const { promised } = state;
  if (!isPlausible(state, epoch)) return false;
  if (epoch < promised.epoch) {
    const stale: Stale = { kind: 'stale', epoch, promised: promised.epoch };
    state.out.send(from, stale, state.promisePosition);
    return false;
  }
  const established = state.stage.kind === 'leader' ? state.id : state.leader;
  if (epoch === promised.epoch && established !== undefined && state.rules.onePromisePerEpoch) {
    assert(established === from, `two leaders in epoch ${epoch}: ${established}, ${from} (I1)`);
  }
  // The epoch is equal, but was promised to another member, perhaps to this one. The sender has a
  // majority, so the other member can never have one.
  if (epoch > promised.epoch || promised.leader !== from) promise(state, epoch, from);
  if (state.stage.kind !== 'follower' || state.leader !== from) becomeFollower(state, from);
  return true;
}

export function onAppend(state: State, from: MemberId, message: Append): void {
  if (!obey(state, from, message.epoch)) return;
  if (message.live) {
    state.heardMs = state.nowMs;
    state.failed = undefined;
  }
  if (message.table) noteTable(state, message.table);
  const { log, out, rules } = state;
  if (!adopt(state, message.prev, message.entries)) {
    out.send(from, refuse(state, message), state.promisePosition);
    return;
  }
  const prefix = message.prev.seq + message.entries.length;
  state.match = Math.max(state.match, rules.matchIsPrefix ? prefix : log.last.seq);
  followCommit(state, message.commit, message.visible);
  checkAdmitted(state);
  acknowledge(state, from, message, rules.matchIsPrefix ? prefix : log.last.seq);
}

/**
 * Acknowledges an append. With entries, the answer waits until they are durable. Without entries, it
 * leaves at once and names the durable part of the prefix, so reads and heartbeats do not wait for this
 * disk. They do wait for a pending promise.
 */
function acknowledge(state: State, to: MemberId, message: Append, prefix: number): void {
  const { log, out, rules } = state;
  const waits = message.entries.length > 0;
  const match = waits || !rules.matchIsDurable ? prefix : Math.min(prefix, log.durable);
  const after = waits && rules.matchIsDurable ? out.position : state.promisePosition;
  out.send(to, answer(state, message, true, match), after);
}

/** R5: names an earlier position at which the logs may agree. */
function refuse(state: State, message: Append): Appended {
  const place = Math.max(0, Math.min(message.prev.seq - 1, state.log.last.seq));
  return answer(state, message, false, place);
}

function answer(state: State, message: Append, ok: boolean, match: number): Appended {
  return {
    kind: 'appended',
    epoch: message.epoch,
    ok,
    match,
    matchEpoch: state.log.epochOf(match) ?? 0,
    prevSeq: message.prev.seq,
    round: message.round,
    live: message.live,
    learner: state.learner,
    table: state.table,
  };
}

/** R10: the answer contains the version once the table is durable. */
function noteTable(state: State, { version, admitted }: Table): void {
  if (version <= state.table) return;
  noteAdmissions(state, admitted);
  state.table = version;
}

/** A follower reports that it promised a higher epoch, so this epoch is over. */
export function onStale(state: State, message: Stale): void {
  if (!observeEpoch(state, message.promised)) return;
  const leads = state.stage.kind === 'leader' && state.stage.epoch === message.epoch;
  if (leads && message.promised > message.epoch) becomeFollower(state, undefined);
}
