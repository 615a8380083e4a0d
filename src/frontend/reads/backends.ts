/**
 * A session thread's own connections to the catalog and order services, each to the port at which
 * what it asks is answered. The owner says who leads and who may be read from; a thread only
 * follows, but leaves alone for a while whoever failed it, at either port. Knows no socket: it is
 * given a way to connect.
 */
import type { ClusterConfig, MemberAddresses } from '../../base/config.js';
import { BazarError } from '../../base/errors.js';
import type { GroupName } from '../../group/membership.js';
import type { RequestHeader } from '../../wire/request-header.js';

export interface Backend {
  /** Rejects with a BazarError. */
  call(
    method: string,
    params: unknown,
    timeoutMs: number,
    header?: RequestHeader,
  ): Promise<unknown>;
  close(): void;
}

export interface Leaders {
  readonly catalog: string | undefined;
  readonly order: string | undefined;
  /** Who may be read from, the leaders among them; where it is not told, the leaders alone. */
  readonly readers?: Readonly<Record<GroupName, readonly string[]>>;
}

/** Are they the same, readers and all? */
export function sameLeaders(one: Leaders, other: Leaders): boolean {
  if (one.catalog !== other.catalog || one.order !== other.order) return false;
  return (['catalog', 'order'] as const).every((group) => {
    const [some, others] = [one.readers?.[group] ?? [], other.readers?.[group] ?? []];
    return some.length === others.length && some.every((name, place) => name === others[place]);
  });
}

/** At `service` the member's threads answer, at `peer` its owner, without a thread between. */
export type Port = 'service' | 'peer';

export interface BackendsOptions {
  readonly cluster: ClusterConfig;
  readonly connect: (member: MemberAddresses, group: GroupName, port: Port) => Backend;
}

interface Listener {
  readonly heard: () => void;
  /** In the list of all; the last one takes the place of one that leaves. */
  place: number;
}

export class Backends {
  readonly #options: BackendsOptions;
  readonly #open: Record<Port, Map<string, Backend>> = { service: new Map(), peer: new Map() };
  /** Everybody who has asked a leader; no Set, which ages as a Map does (base/number-map.ts). */
  readonly #listeners: Listener[] = [];
  /** Until when a replica is not read from, because it failed. */
  readonly #restUntilMs = new Map<string, number>();
  readonly #turns: Record<GroupName, number> = { catalog: 0, order: 0 };
  #leaders: Leaders = { catalog: undefined, order: undefined };

  constructor(options: BackendsOptions) {
    this.#options = options;
  }

  get leaders(): Leaders {
    return this.#leaders;
  }

  follow(leaders: Leaders): void {
    this.#leaders = leaders;
    for (const { heard } of [...this.#listeners]) heard();
  }

  /** Calls back when the owner next says who leads; returns how to stop listening. */
  readonly news = (heard: () => void): (() => void) => {
    const listener: Listener = { heard, place: this.#listeners.length };
    this.#listeners.push(listener);
    return () => this.#forget(listener);
  };

  /** Who is to be read from next: the readers in turn. */
  reader(group: GroupName, nowMs: number): string | undefined {
    const readers = this.#leaders.readers?.[group] ?? [];
    for (let tries = 0; tries < readers.length; tries++) {
      const name = readers[this.#turns[group]++ % readers.length] ?? '';
      if ((this.#restUntilMs.get(name) ?? 0) <= nowMs) return name;
    }
    return this.#leaders[group];
  }

  /** It failed: read from others until then. */
  rest(name: string, untilMs: number): void {
    this.#restUntilMs.set(name, untilMs);
  }

  leader(group: GroupName, port: Port = 'service'): Backend {
    const name = this.#leaders[group];
    if (name === undefined) {
      throw new BazarError('unavailable', `the ${group} group has no leader at the moment`);
    }
    return this.member(group, name, port);
  }

  member(group: GroupName, name: string, port: Port = 'service'): Backend {
    const open = this.#open[port];
    const known = open.get(name);
    if (known) return known;
    const { catalogs, orders } = this.#options.cluster;
    const member = (group === 'catalog' ? catalogs : orders).find((one) => one.name === name);
    if (!member) throw new BazarError('internal', `${name} is not a member of the ${group} group`);
    const backend = this.#options.connect(member, group, port);
    open.set(name, backend);
    return backend;
  }

  #forget(listener: Listener): void {
    const listeners = this.#listeners;
    const { place } = listener;
    if (listeners[place] !== listener) return;
    const last = listeners.pop();
    if (last === undefined || last === listener) return;
    listeners[place] = last;
    last.place = place;
  }

  close(): void {
    for (const open of Object.values(this.#open)) {
      for (const backend of open.values()) backend.close();
      open.clear();
    }
  }
}
