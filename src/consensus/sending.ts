/**
 * Builds one append message for one member (docs/PROTOCOL.md, R5) and updates the leader's record of
 * that member. The caller decides when to send.
 */
import { assert } from '../base/assert.js';
import type { Leader, Peer, State } from './state.js';
import type { Entry } from './types.js';

interface Sending {
  readonly live: boolean;
  readonly after: number;
}

export function sendAppend(
  state: State,
  leader: Leader,
  peer: Peer,
  entries: readonly Entry[],
  sending: Sending,
): void {
  const known = peer.place?.seq === peer.next - 1 ? peer.place.epoch : undefined;
  const epoch = state.log.epochOf(peer.next - 1) ?? known;
  // If the position lies before the own index and the journal has not returned its epoch yet, the
  // message has no entries and names no position.
  const prev = epoch === undefined ? { epoch: 0, seq: 0 } : { epoch, seq: peer.next - 1 };
  assert(epoch !== undefined || entries.length === 0, 'entries with an unknown place');
  const version = leader.tableVersion;
  const lacksTable = (peer.table ?? 0) < version;
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
      ...(lacksTable && { table: { version, admitted: state.admitted } }),
    },
    sending.after,
  );
  peer.toldVisible = state.visible;
  const last = entries.at(-1);
  if (last === undefined) return;
  const through = last.seq;
  peer.place = { epoch: last.epoch, seq: through };
  let bytes = 0;
  for (const entry of entries) bytes += entry.command.length;
  peer.sent.push({ through, bytes });
  peer.sentBytes += bytes;
  peer.next = through + 1;
}
