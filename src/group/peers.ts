/**
 * The port to the other members of the group: ordered, lossy only when a connection closes, which
 * is told at once. In production sessions on the replication port; in the simulator its network.
 */
import type { Message } from '../consensus/messages.js';
import type { MemberId } from '../consensus/types.js';

export interface PeerEvents {
  /** All that came from one member in one turn. */
  received(from: MemberId, messages: readonly Message[]): void;
  /** The connection is gone, and with it what was under way. */
  closed(from: MemberId): void;
}

export interface Peers {
  /** Set once, before anything is sent. */
  start(events: PeerEvents): void;
  /** Sends in order, together; drops them where there is no connection. */
  send(to: MemberId, messages: readonly Message[]): void;
  connected(to: MemberId): boolean;
}

/** For a group of one. */
export const noPeers: Peers = {
  start: () => {},
  send: () => {},
  connected: () => false,
};
