/**
 * The group's port to its other members over simulated connections, as the real one: each member
 * connects to every other and sends on that connection; a newer session ends an older one. Faults may
 * also lose, repeat or reorder messages, which goes beyond the port's contract.
 */
import { BazarError } from '../src/base/errors.js';
import type { Random } from '../src/base/random.js';
import type { Message } from '../src/consensus/messages.js';
import type { MemberId } from '../src/consensus/types.js';
import type { PeerEvents, Peers } from '../src/group/peers.js';
import { Link } from './link.js';
import type { Network } from './network.js';
import type { Life } from './process.js';
import type { Session } from './rpc.js';

export interface Lossiness {
  readonly drop: number;
  readonly repeat: number;
  readonly misplace: number;
}

export const noLoss: Lossiness = { drop: 0, repeat: 0, misplace: 0 };

export interface SimPeersOptions {
  readonly network: Network;
  readonly life: Life;
  readonly random: Random;
  readonly members: readonly MemberId[];
  /** The port on which a member listens to the others. */
  readonly port: (to: MemberId) => string;
  readonly lossiness: () => Lossiness;
  /** Called for every message sent (I11). */
  readonly sending: (to: MemberId, message: Message) => void;
}

const method = 'replicate';
const misplacedMs = 30;

export class SimPeers implements Peers {
  readonly #options: SimPeersOptions;
  readonly #links = new Map<MemberId, Link>();
  readonly #incoming = new Map<MemberId, Session>();
  #events: PeerEvents | undefined;

  constructor(options: SimPeersOptions) {
    this.#options = options;
    const { network, life, random, members, port } = options;
    for (const to of members) {
      if (to === life.name) continue;
      const disconnected = (): void => this.#events?.closed(to);
      this.#links.set(to, new Link({ network, life, random, to, port: port(to), disconnected }));
    }
  }

  start(events: PeerEvents): void {
    this.#events = events;
    for (const link of this.#links.values()) link.start();
  }

  connected(to: MemberId): boolean {
    return this.#links.get(to)?.connected ?? false;
  }

  /** Whether both ends of the connection are open. */
  reaches(to: MemberId): boolean {
    return this.#links.get(to)?.session?.isWhole ?? false;
  }

  ask(to: MemberId, question: string, params: unknown, timeoutMs: number): Promise<unknown> {
    const link = this.#links.get(to);
    if (link?.connected) return link.call(question, params, timeoutMs);
    return Promise.reject(new BazarError('unavailable', `${to} cannot be reached`));
  }

  send(to: MemberId, messages: readonly Message[]): void {
    if (this.#options.life.dead) return;
    for (const message of messages) this.#options.sending(to, message);
    const link = this.#links.get(to);
    if (!link?.connected) return;
    const { drop, repeat, misplace } = this.#options.lossiness();
    if (drop + repeat + misplace === 0) {
      link.notify(method, messages);
      return;
    }
    for (const message of messages) {
      const fate = this.#options.random.fraction();
      if (fate < drop) continue;
      if (fate < drop + repeat) link.notify(method, [message]);
      if (fate >= drop + repeat && fate < drop + repeat + misplace) this.#later(link, message);
      else link.notify(method, [message]);
    }
  }

  /** Sends all a message that the core never sent. */
  forge(message: Message): void {
    for (const link of this.#links.values()) link.notify(method, [message]);
  }

  /** For the replication port: returns true for a member's message. */
  notification(session: Session, name: string, params: unknown): boolean {
    if (name !== method || !this.#links.has(session.remote)) return false;
    const from = session.remote;
    const before = this.#incoming.get(from);
    if (before !== session) {
      this.#incoming.set(from, session);
      before?.destroy();
      if (before) this.#events?.closed(from);
    }
    this.#events?.received(from, params as readonly Message[]);
    return true;
  }

  closed(session: Session): void {
    if (this.#incoming.get(session.remote) !== session) return;
    this.#incoming.delete(session.remote);
    this.#events?.closed(session.remote);
  }

  /** On the same connection or not at all: a message ends with its connection. */
  #later(link: Link, message: Message): void {
    const { life, random } = this.#options;
    const { session } = link;
    life.after(random.fraction() * misplacedMs, () => {
      if (link.session === session) link.notify(method, [message]);
    });
  }
}
