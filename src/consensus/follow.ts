/**
 * The follower's side of R5 (docs/PROTOCOL.md): obey the leader of the promised epoch or a higher
 * one, adopt its entries, acknowledge the prefix that surely equals the leader's, once durable.
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

/** Obeys a leader's message of this epoch; false where it comes too late or from nowhere. */
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
  // In an equal epoch that was promised to another, perhaps to itself: the sender has a majority,
  // so the other can never have one.
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
 * With entries: when they are durable. Without: at once, with the durable part of the prefix, so
 * that reads and heartbeats do not wait for this disk (a pending promise they do wait for).
 */
function acknowledge(state: State, to: MemberId, message: Append, prefix: number): void {
  const { log, out, rules } = state;
  const waits = message.entries.length > 0;
  const match = waits || !rules.matchIsDurable ? prefix : Math.min(prefix, log.durable);
  const after = waits && rules.matchIsDurable ? out.position : state.promisePosition;
  out.send(to, answer(state, message, true, match), after);
}

/** R5: a place further back at which the logs may agree. */
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

/** R10: the answer tells the version when the table is durable. */
function noteTable(state: State, { version, admitted }: Table): void {
  if (version <= state.table) return;
  noteAdmissions(state, admitted);
  state.table = version;
}

/** A follower's word that a higher epoch is promised: this one is over. */
export function onStale(state: State, message: Stale): void {
  if (!observeEpoch(state, message.promised)) return;
  const leads = state.stage.kind === 'leader' && state.stage.epoch === message.epoch;
  if (leads && message.promised > message.epoch) becomeFollower(state, undefined);
}
