/**
 * Which entries are committed and which are visible (docs/PROTOCOL.md, R6, R7). An entry is committed
 * when a majority of all voters, with the leader among them, has it durably and it is of the leader's
 * own epoch. It is visible when its gate is open as well. Neither position goes back.
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
    // The seeded bug: the count leaves out members that are down.
    if (!rules.majorityOfAll && !peer.connected) copies = Math.max(1, copies - 1);
  }
  // The leader's own disk must have the entry too: an applied entry is always in the own journal.
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

/** R8: the service opens gates. A service without a cache to invalidate opens all of them. */
export function openGates(state: State, throughSeq: number): void {
  const leader = state.stage;
  if (leader.kind !== 'leader') return;
  leader.gate = Math.max(leader.gate, throughSeq);
  advanceVisible(state, leader);
}

/**
 * A follower gets both positions from its leader, limited to the prefix that equals the leader's log
 * (R5).
 */
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
