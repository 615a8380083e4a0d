/**
 * Describes a member's state for people and for the checkers (docs/PROTOCOL.md, 7): one line for each
 * member and peer, and the invariants that hold after every input. Reads the state and does not write
 * it.
 */
import { assert } from '../base/assert.js';
import type { State } from './state.js';

export function describe(state: Readonly<State>): string {
  const { log, promised, stage } = state;
  const role = stage.kind === 'candidate' ? `candidate(${stage.phase})` : stage.kind;
  const isLearning = state.learner && stage.kind === 'follower';
  const lines = [
    [
      `${state.id}: ${isLearning ? 'learner' : role}`,
      `promised ${promised.epoch}${promised.leader ? `/${promised.leader}` : ''}`,
      `leader ${state.leader ?? '-'}`,
      `end ${log.last.epoch}.${log.last.seq}`,
      `durable ${log.durable}`,
      `commit ${state.commit}`,
      `visible ${state.visible}`,
      `applied ${state.applied}`,
    ].join(' · '),
  ];
  if (stage.kind === 'leader') {
    for (const peer of stage.peers.values()) {
      const learner = peer.learner ? ' learner' : '';
      lines.push(`  ${peer.id}: ${peer.mode} next ${peer.next} match ${peer.match}${learner}`);
    }
  }
  return lines.join('\n');
}

export function invariants(state: Readonly<State>): void {
  const { log, stage, promised } = state;
  log.invariants();
  assert(state.visible <= state.commit, 'visible beyond commit (R5)');
  assert(state.applied <= state.visible, 'applied beyond visible (R7)');
  assert(state.commit <= log.last.seq, 'commit beyond the end');
  assert(promised.epoch >= log.last.epoch, 'an entry of an epoch above the promised one (I10)');
  assert(state.seen >= promised.epoch, 'promised above the highest epoch seen');
  assert(state.learner || !state.doubt, 'a doubtful member is a learner (A33)');
  if (stage.kind !== 'leader') return;
  assert(
    promised.leader === state.id && promised.epoch === stage.epoch,
    'leads what it promised (I1)',
  );
  assert(!state.recoveryServers.has(state.id), 'a recovery server never leads');
  assert(state.commit <= log.durable, 'committed, but not on the own disk');
  for (const peer of stage.peers.values()) {
    assert(peer.match < peer.next || peer.mode !== 'stream', 'sends what is already there');
    assert(peer.next <= log.last.seq + 1, 'next beyond the end');
  }
}
