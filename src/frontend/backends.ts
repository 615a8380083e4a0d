/**
 * A session thread's own connections to the catalog and order services. The owner says who leads;
 * a thread only follows. Knows no socket: it is given a way to connect.
 */
import type { ClusterConfig, MemberAddresses } from '../base/config.js';
import { BazarError } from '../base/errors.js';

export interface Backend {
  /** Rejects with a BazarError. */
  call(method: string, params: unknown, timeoutMs: number): Promise<unknown>;
  close(): void;
}

export interface Leaders {
  readonly catalog: string | undefined;
  readonly order: string | undefined;
}

export interface BackendsOptions {
  readonly cluster: ClusterConfig;
  readonly connect: (member: MemberAddresses, group: 'catalog' | 'order') => Backend;
}

export class Backends {
  readonly #options: BackendsOptions;
  readonly #open = new Map<string, Backend>();
  /** Who waits for news of a leader. */
  readonly #listeners = new Set<() => void>();
  #leaders: Leaders = { catalog: undefined, order: undefined };

  constructor(options: BackendsOptions) {
    this.#options = options;
  }

  get leaders(): Leaders {
    return this.#leaders;
  }

  follow(leaders: Leaders): void {
    this.#leaders = leaders;
    for (const heard of [...this.#listeners]) heard();
  }

  /** Calls back when the owner next says who leads; returns how to stop listening. */
  readonly news = (heard: () => void): (() => void) => {
    this.#listeners.add(heard);
    return () => this.#listeners.delete(heard);
  };

  leader(group: 'catalog' | 'order'): Backend {
    const name = this.#leaders[group];
    if (name === undefined) {
      throw new BazarError('unavailable', `the ${group} group has no leader at the moment`);
    }
    return this.member(group, name);
  }

  member(group: 'catalog' | 'order', name: string): Backend {
    const known = this.#open.get(name);
    if (known) return known;
    const { catalogs, orders } = this.#options.cluster;
    const member = (group === 'catalog' ? catalogs : orders).find((one) => one.name === name);
    if (!member) throw new BazarError('internal', `${name} is not a member of the ${group} group`);
    const backend = this.#options.connect(member, group);
    this.#open.set(name, backend);
    return backend;
  }

  close(): void {
    for (const backend of this.#open.values()) backend.close();
    this.#open.clear();
  }
}
