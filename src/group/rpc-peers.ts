/**
 * The members of a group over the network: each connects to every other on its replication port and
 * sends on that connection; messages of the others arrive on the connections that they opened. A
 * closed connection in either direction is reported at once. Does not depend on the content.
 */
import type { Address } from '../base/address.js';
import type { Clock } from '../base/clock.js';
import { BazarError, toBazarError } from '../base/errors.js';
import { wireLimits } from '../base/limits.js';
import { type Logger, silentLogger } from '../base/logging.js';
import type { Random } from '../base/random.js';
import type { Message } from '../consensus/messages.js';
import type { MemberId } from '../consensus/types.js';
import { type HandshakeOptions, type Identity, introduction } from '../net/handshake.js';
import { RpcClient } from '../net/rpc-client.js';
import type { RpcSession } from '../net/rpc-session.js';
import type { Transport } from '../net/types.js';
import { decodeMessages, encodeMessages } from './peer-codec.js';
import type { PeerEvents, Peers } from './peers.js';

/** The one notification between members: all messages of a turn. */
export const replicateMethod = 'replicate';

export interface RpcPeersOptions {
  readonly id: MemberId;
  /** All members of the group with their replication ports; the own one is skipped. */
  readonly members: readonly { readonly id: MemberId; readonly address: Address }[];
  readonly handshake: HandshakeOptions;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger?: Logger;
  /** Called after each connection to a member is established. */
  readonly met?: (() => void) | undefined;
}

export class RpcPeers implements Peers {
  readonly #logger: Logger;
  readonly #clients = new Map<MemberId, RpcClient>();
  /** The newest session that each member opened. */
  readonly #incoming = new Map<MemberId, RpcSession>();
  /** Members that have announced that they support the bound of totals. */
  readonly #boundsTotals = new Set<MemberId>();
  /** The newest version of the rules that each member has announced. */
  readonly #rules = new Map<MemberId, number>();
  #events: PeerEvents | undefined;

  constructor(options: RpcPeersOptions) {
    const { id, members, handshake, transport, clock, random, logger = silentLogger } = options;
    this.#logger = logger;
    for (const member of members) {
      if (member.id === id) continue;
      const client = new RpcClient({
        address: member.address,
        ...{ transport, clock, random, logger },
        trusted: true,
        frameBytesMax: wireLimits.internalFrameBytesMax,
        introduce: introduction(handshake, member.id),
        connected: (session) => {
          // Support is never withdrawn: later builds have it too.
          if (session.boundsTotals) this.#boundsTotals.add(member.id);
          this.#rules.set(member.id, session.rules);
          options.met?.();
          logger.info({ peer: member.id }, `reached ${member.id}`);
        },
        disconnected: (error) => {
          logger.info({ peer: member.id, reason: error.message }, `lost ${member.id}`);
          this.#events?.closed(member.id);
        },
      });
      this.#clients.set(member.id, client);
    }
  }

  start(events: PeerEvents): void {
    this.#events = events;
    for (const client of this.#clients.values()) client.start();
  }

  send(to: MemberId, messages: readonly Message[]): void {
    const client = this.#clients.get(to);
    if (client?.connected) client.notify(replicateMethod, encodeMessages(messages));
  }

  /** Sends a request of the service, in order with the messages. Rejects without a connection. */
  ask(to: MemberId, method: string, params: unknown, timeoutMs: number): Promise<unknown> {
    const client = this.#clients.get(to);
    if (client?.connected) return client.call(method, params, timeoutMs);
    return Promise.reject(new BazarError('unavailable', `${to} cannot be reached`));
  }

  boundsTotals(member: MemberId): boolean {
    return this.#boundsTotals.has(member);
  }

  /** The newest version of the rules that the member has announced; 0 if unknown. */
  rules(member: MemberId): number {
    return this.#rules.get(member) ?? 0;
  }

  connected(to: MemberId): boolean {
    return this.#clients.get(to)?.connected ?? false;
  }

  /** True if the notification was a member's. Called by the replication port's handler. */
  notification(session: RpcSession, peer: Identity, method: string, params: unknown): boolean {
    if (method !== replicateMethod || !this.#clients.has(peer.id)) return false;
    this.#replace(session, peer.id);
    let messages: Message[];
    try {
      messages = decodeMessages(params);
    } catch (error) {
      this.#logger.warn({ peer: peer.id }, 'received a malformed message from a member');
      session.destroy(toBazarError(error));
      return true;
    }
    this.#events?.received(peer.id, messages);
    return true;
  }

  /** Called by the replication port's handler for every session that closes. */
  closed(session: RpcSession, peer: Identity): void {
    if (this.#incoming.get(peer.id) !== session) return;
    this.#incoming.delete(peer.id);
    this.#events?.closed(peer.id);
  }

  /** A member uses one session: a newer one replaces the older. */
  #replace(session: RpcSession, from: MemberId): void {
    const before = this.#incoming.get(from);
    if (before === session) return;
    this.#incoming.set(from, session);
    if (before === undefined) return;
    before.destroy();
    this.#events?.closed(from);
  }

  close(): void {
    this.#events = undefined;
    for (const client of this.#clients.values()) client.close();
    for (const session of this.#incoming.values()) session.end();
  }
}
