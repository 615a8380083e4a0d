/**
 * A session thread's own connections to the catalog and order services, each to the port that
 * answers the question. The owner provides the leaders and the readers; a thread follows it, but
 * avoids a replica that failed, at either port, for a while. Uses no socket: it is given a connect
 * function.
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
  /** Replicas that may serve reads, leaders included. If absent, only the leaders. */
  readonly readers?: Readonly<Record<GroupName, readonly string[]>>;
}

/** True if leaders and readers are the same. */
export function sameLeaders(one: Leaders, other: Leaders): boolean {
  if (one.catalog !== other.catalog || one.order !== other.order) return false;
  return (['catalog', 'order'] as const).every((group) => {
    const [some, others] = [one.readers?.[group] ?? [], other.readers?.[group] ?? []];
    return some.length === others.length && some.every((name, place) => name === others[place]);
  });
}

/** At `service` the member's threads answer, at `peer` its owner. */
export type Port = 'service' | 'peer';

export interface BackendsOptions {
  readonly cluster: ClusterConfig;
  readonly connect: (member: MemberAddresses, group: GroupName, port: Port) => Backend;
}

interface Listener {
  readonly heard: () => void;
  /** Index in the list of all; the last element replaces a removed one. */
  place: number;
}

export class Backends {
  readonly #options: BackendsOptions;
  readonly #open: Record<Port, Map<string, Backend>> = { service: new Map(), peer: new Map() };
  /**
   * All waiting callers of a leader. Not a Set, which slows down with age like a Map
   * (base/number-map.ts).
   */
  readonly #listeners: Listener[] = [];
  /** Time until which a failed replica is not read from. */
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

  /** Calls back each time the owner announces leaders. Returns a function that cancels. */
  readonly news = (heard: () => void): (() => void) => {
    const listener: Listener = { heard, place: this.#listeners.length };
    this.#listeners.push(listener);
    return () => this.#forget(listener);
  };

  /** The next replica to read from, in round-robin order. */
  reader(group: GroupName, nowMs: number): string | undefined {
    const readers = this.#leaders.readers?.[group] ?? [];
    for (let tries = 0; tries < readers.length; tries++) {
      const name = readers[this.#turns[group]++ % readers.length] ?? '';
      if ((this.#restUntilMs.get(name) ?? 0) <= nowMs) return name;
    }
    return this.#leaders[group];
  }

  /** Marks a replica as failed: reads avoid it until then. */
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
