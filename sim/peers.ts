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
import { Line } from './line.js';
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
  readonly #lines = new Map<MemberId, Line>();
  readonly #incoming = new Map<MemberId, Session>();
  #events: PeerEvents | undefined;

  constructor(options: SimPeersOptions) {
    this.#options = options;
    const { network, life, random, members, port } = options;
    for (const to of members) {
      if (to === life.name) continue;
      const disconnected = (): void => this.#events?.closed(to);
      this.#lines.set(to, new Line({ network, life, random, to, port: port(to), disconnected }));
    }
  }

  start(events: PeerEvents): void {
    this.#events = events;
    for (const line of this.#lines.values()) line.start();
  }

  connected(to: MemberId): boolean {
    return this.#lines.get(to)?.connected ?? false;
  }

  /** Whether both ends of the connection are open. */
  reaches(to: MemberId): boolean {
    return this.#lines.get(to)?.session?.isWhole ?? false;
  }

  ask(to: MemberId, question: string, params: unknown, timeoutMs: number): Promise<unknown> {
    const line = this.#lines.get(to);
    if (line?.connected) return line.call(question, params, timeoutMs);
    return Promise.reject(new BazarError('unavailable', `${to} cannot be reached`));
  }

  send(to: MemberId, messages: readonly Message[]): void {
    if (this.#options.life.dead) return;
    for (const message of messages) this.#options.sending(to, message);
    const line = this.#lines.get(to);
    if (!line?.connected) return;
    const { drop, repeat, misplace } = this.#options.lossiness();
    if (drop + repeat + misplace === 0) {
      line.notify(method, messages);
      return;
    }
    for (const message of messages) {
      const fate = this.#options.random.fraction();
      if (fate < drop) continue;
      if (fate < drop + repeat) line.notify(method, [message]);
      if (fate >= drop + repeat && fate < drop + repeat + misplace) this.#later(line, message);
      else line.notify(method, [message]);
    }
  }

  /** Sends all a message that the core never sent. */
  forge(message: Message): void {
    for (const line of this.#lines.values()) line.notify(method, [message]);
  }

  /** For the replication port: returns true for a member's message. */
  notification(session: Session, name: string, params: unknown): boolean {
    if (name !== method || !this.#lines.has(session.remote)) return false;
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
  #later(line: Line, message: Message): void {
    const { life, random } = this.#options;
    const { session } = line;
    life.after(random.fraction() * misplacedMs, () => {
      if (line.session === session) line.notify(method, [message]);
    });
  }
}
