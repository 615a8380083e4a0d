/**
 * One append message to one member (docs/PROTOCOL.md, R5), and what the leader notes about it.
 * Decides nothing about when.
 */
import { assert } from '../base/assert.js';
import type { Leader, Peer, State } from './state.js';
import type { Entry } from './types.js';

interface Sending {
  readonly live: boolean;
  readonly after: number;
  /** Known where the log's own index does not reach so far back. */
  readonly prevEpoch?: number;
}

export function sendAppend(
  state: State,
  leader: Leader,
  peer: Peer,
  entries: readonly Entry[],
  sending: Sending,
): void {
  const epoch = sending.prevEpoch ?? state.log.epochOf(peer.next - 1);
  // Where the place lies before the own index, a message without entries asks about none.
  const prev = epoch === undefined ? { epoch: 0, seq: 0 } : { epoch, seq: peer.next - 1 };
  assert(epoch !== undefined || entries.length === 0, 'entries with an unknown place');
  state.out.send(
    peer.id,
    {
      kind: 'append',
      epoch: leader.epoch,
      prev,
      entries,
      commit: state.commit,
      visible: state.visible,
      round: leader.round,
      live: sending.live,
    },
    sending.after,
  );
  peer.toldVisible = state.visible;
  const through = entries.at(-1)?.seq;
  if (through === undefined) return;
  let bytes = 0;
  for (const entry of entries) bytes += entry.command.length;
  peer.sent.push({ through, bytes });
  peer.sentBytes += bytes;
  peer.next = through + 1;
}
