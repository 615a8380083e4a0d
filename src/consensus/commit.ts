/**
 * What is committed and what may be seen (docs/PROTOCOL.md, R6, R7): committed when a majority of
 * all voters has it durably, the leader among them, and it is of the leader's own epoch; visible
 * when its gate is open too. Neither ever goes back.
 */
import { isCounted, isSelfCounted, reachedBy } from './quorum.js';
import type { Leader, State } from './state.js';
import type { Entry } from './types.js';

export function advanceCommit(state: State, leader: Leader): void {
  const { log, rules } = state;
  const matches = isSelfCounted(state) ? [log.durable] : [];
  let copies = state.copies;
  for (const peer of leader.peers.values()) {
    if (isCounted(state, peer)) matches.push(peer.match);
    // The seeded bug: members that are down are left out of the count.
    if (!rules.majorityOfAll && !peer.connected) copies = Math.max(1, copies - 1);
  }
  // The leader's own disk must have it too: what is applied here is always in the own journal.
  const reached = Math.min(reachedBy(matches, copies), log.durable);
  if (reached <= state.commit) return;
  if (rules.commitOwnEpoch && log.epochOf(reached) !== leader.epoch) return;
  state.commit = reached;
  forgetCommitted(state, leader);
  advanceVisible(state, leader);
}

export function advanceVisible(state: State, leader: Leader): void {
  const open = state.gated ? Math.min(state.commit, leader.gate) : state.commit;
  if (open > state.visible) state.visible = open;
}

/** R8: the service opens gates; all of them where it has no cache to invalidate. */
export function openGates(state: State, throughSeq: number): void {
  const leader = state.stage;
  if (leader.kind !== 'leader') return;
  leader.gate = Math.max(leader.gate, throughSeq);
  advanceVisible(state, leader);
}

/** A follower learns of both from its leader, as far as its log surely equals the leader's (R5). */
export function followCommit(state: State, commit: number, visible: number): void {
  state.commit = Math.max(state.commit, Math.min(commit, state.match));
  const open = state.rules.followersWaitForGates ? visible : commit;
  state.visible = Math.max(state.visible, Math.min(open, state.commit));
}

export function noteUncommitted(state: State, leader: Leader, entry: Entry): void {
  leader.uncommittedBytes += entry.command.length;
  const last = leader.uncommitted.at(-1);
  if (last && last.atMs === state.nowMs) {
    last.bytes += entry.command.length;
    last.through = entry.seq;
  } else {
    leader.uncommitted.push({
      through: entry.seq,
      bytes: entry.command.length,
      atMs: state.nowMs,
    });
  }
}

function forgetCommitted(state: State, leader: Leader): void {
  let count = 0;
  for (const batch of leader.uncommitted) {
    if (batch.through > state.commit) break;
    leader.uncommittedBytes -= batch.bytes;
    count += 1;
  }
  if (count > 0) leader.uncommitted.splice(0, count);
}
