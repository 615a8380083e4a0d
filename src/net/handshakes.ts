/**
 * The sessions that have not proved their identity. Their number is limited, so that strangers cost a
 * service little and take no place of its members. If one more opens, the oldest session of the address
 * with the most of them closes. Invariant: the number never exceeds the limit.
 */
import { BazarError } from '../base/errors.js';
import { networkOf } from '../base/network-of.js';
import type { RpcSession } from './rpc-session.js';

export class Handshakes {
  readonly #max: number;
  /** By address, in order of arrival. */
  readonly #open = new Map<string, Set<RpcSession>>();
  #count = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get count(): number {
    return this.#count;
  }

  began(session: RpcSession): void {
    const host = networkOf(session.remote);
    const ofHost = this.#open.get(host) ?? new Set();
    this.#open.set(host, ofHost.add(session));
    this.#count++;
    session.onTrusted = () => this.ended(session);
    if (this.#count > this.#max) this.#closeOne();
  }

  /** The session has proved its identity, or has closed. */
  ended(session: RpcSession): void {
    const host = networkOf(session.remote);
    const ofHost = this.#open.get(host);
    if (!ofHost?.delete(session)) return;
    this.#count--;
    if (ofHost.size === 0) this.#open.delete(host);
  }

  #closeOne(): void {
    let most: Set<RpcSession> | undefined;
    for (const ofHost of this.#open.values()) {
      if (!most || ofHost.size > most.size) most = ofHost;
    }
    const [first] = most ?? [];
    if (!first) return;
    this.ended(first);
    first.destroy(new BazarError('overloaded', 'too many handshakes are under way'));
  }
}
