/**
 * The port to the other members of the group: messages arrive in order, and are lost only when a
 * connection closes, which is reported at once. In production these are sessions on the replication
 * port; in the simulator its network.
 */
import type { Message } from '../consensus/messages.js';
import type { MemberId } from '../consensus/types.js';

export interface PeerEvents {
  /** All messages that arrived from one member in one turn. */
  received(from: MemberId, messages: readonly Message[]): void;
  /** The connection is closed, and messages in flight are lost. */
  closed(from: MemberId): void;
}

export interface Peers {
  /** Call it once, before anything is sent. */
  start(events: PeerEvents): void;
  /** Sends in order and together. Drops the messages if there is no connection. */
  send(to: MemberId, messages: readonly Message[]): void;
  connected(to: MemberId): boolean;
}

/** For a group of one. */
export const noPeers: Peers = {
  start: () => {},
  send: () => {},
  connected: () => false,
};
