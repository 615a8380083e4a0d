/**
 * Holds outgoing messages until their journal position is durable; those for one member are sent
 * together. The core decides the position of a message.
 */
import type { Message } from '../consensus/messages.js';
import type { Outgoing } from '../consensus/outputs.js';
import type { MemberId } from '../consensus/types.js';
import type { Peers } from './peers.js';

export class Outbox {
  readonly #peers: Peers;
  #held: Outgoing[] = [];
  #durable = 0;

  constructor(peers: Peers) {
    this.#peers = peers;
  }

  send(messages: readonly Outgoing[]): void {
    if (messages.length === 0) return;
    const ready: Outgoing[] = [];
    for (const outgoing of messages) {
      if (outgoing.after <= this.#durable) ready.push(outgoing);
      else this.#held.push(outgoing);
    }
    this.#deliver(ready);
  }

  /** The disk has everything up to the position. */
  release(position: number): void {
    this.#durable = position;
    if (this.#held.length === 0) return;
    const ready = this.#held.filter((outgoing) => outgoing.after <= position);
    if (ready.length === 0) return;
    this.#held = this.#held.filter((outgoing) => outgoing.after > position);
    this.#deliver(ready);
  }

  /** Drops messages for a member whose connection closed: they belong to the old connection. */
  forget(member: MemberId): void {
    if (this.#held.some((outgoing) => outgoing.to === member)) {
      this.#held = this.#held.filter((outgoing) => outgoing.to !== member);
    }
  }

  #deliver(ready: readonly Outgoing[]): void {
    const only = ready[0];
    if (only === undefined) return;
    if (ready.length === 1) {
      this.#peers.send(only.to, [only.message]);
      return;
    }
    const byMember = new Map<MemberId, Message[]>();
    for (const { to, message } of ready) {
      const list = byMember.get(to);
      if (list) list.push(message);
      else byMember.set(to, [message]);
    }
    for (const [to, list] of byMember) this.#peers.send(to, list);
  }
}
