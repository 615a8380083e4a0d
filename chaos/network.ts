/**
 * All proxy links between the services of a store, one for each pair of client and server, on separate
 * ports. Gives the addresses that a service needs to connect through them, and cuts off whole services.
 * A cut returns a function that undoes it; cuts may overlap.
 */
import type { DatabaseTarget } from './ground.js';
import { Link, type Passage } from './link.js';
import type { Way } from './wire-pair.js';

/** Next to the store's own ports, and below those that the system assigns. */
const portsFrom = 14_000;
const ports = { catalog: 9_000, order: 8_090, recovery: 9_600 } as const;
/** Distance from a member's service port to its replication port (docs/CONFIGURATION.md, Ports). */
const replicationOffset = 500;

export type Cutting = 'hold' | 'reset';
export type Isolation = 'both' | 'deaf' | 'mute';

export class Network {
  readonly #links: readonly Link[];
  readonly #addresses = new Map<string, string[]>();
  /** Ports of the links to the databases. */
  readonly #databasePorts = new Map<string, number[]>();
  readonly #databases: readonly string[];

  constructor(
    members: readonly string[],
    frontends: readonly string[],
    portOffset: number,
    databases: readonly DatabaseTarget[] = [],
  ) {
    const links: Link[] = [];
    for (const from of [...members, ...frontends]) {
      const addresses: string[] = [];
      for (const to of members) {
        if (to === from) continue;
        const port = portsFrom + portOffset + links.length;
        addresses.push(`${to}=127.0.0.1:${port}`);
        links.push(new Link(from, to, passages(to, port, portOffset)));
      }
      this.#addresses.set(from, addresses);
    }
    for (const from of members) {
      const own = databases.map(({ name, port: target }) => {
        const port = portsFrom + portOffset + links.length;
        links.push(new Link(from, name, [{ port, target: { host: '127.0.0.1', port: target } }]));
        return port;
      });
      this.#databasePorts.set(from, own);
    }
    this.#databases = databases.map(({ name }) => name);
    this.#links = links;
  }

  async open(): Promise<void> {
    for (const link of this.#links) await link.open();
  }

  close(): void {
    for (const link of this.#links) link.close();
  }

  /** The value of `--peers` for this service. */
  peersOf(name: string): string {
    return (this.#addresses.get(name) ?? []).join(',');
  }

  /** Ports of the links from this service to the databases, in their order. */
  databasePortsOf(name: string): readonly number[] {
    return this.#databasePorts.get(name) ?? [];
  }

  /** Whether all links between the two pass everything. */
  isOpen(one: string, other: string): boolean {
    return this.#links.every(({ from, to, isFree }) => {
      return isFree || !((from === one && to === other) || (from === other && to === one));
    });
  }

  /** Cuts one link, in one direction or both. */
  cut(from: string, to: string, ways: readonly Way[], cutting: Cutting): () => void {
    return cutAll(
      this.#links.filter((link) => link.from === from && link.to === to),
      () => ways,
      cutting,
    );
  }

  /** Cuts everything that this service sends (`mute`) or receives (`deaf`), or both. */
  isolate(name: string, isolation: Isolation, cutting: Cutting): () => void {
    return this.part([name], this.#names(), isolation, cutting);
  }

  /** Cuts the links between the two sets. */
  part(
    these: readonly string[],
    those: readonly string[],
    isolation: Isolation,
    cutting: Cutting,
  ): () => void {
    const between = this.#links.filter(
      ({ from, to }) =>
        (these.includes(from) && those.includes(to)) ||
        (these.includes(to) && those.includes(from)),
    );
    const ways = ({ from }: Link): readonly Way[] => {
      if (isolation === 'both') return ['toward', 'back'];
      return (isolation === 'mute') === these.includes(from) ? ['toward'] : ['back'];
    };
    return cutAll(between, ways, cutting);
  }

  /** Cuts the links from this service to all databases. */
  cutDatabases(name: string, cutting: Cutting): () => void {
    return this.part([name], this.#databases, 'both', cutting);
  }

  /** Breaks the connections; new ones get through. */
  reset(name: string): void {
    for (const link of this.#links) if (link.from === name || link.to === name) link.reset();
  }

  #names(): string[] {
    return [...this.#addresses.keys(), ...this.#databases];
  }
}

function cutAll(
  links: readonly Link[],
  waysOf: (link: Link) => readonly Way[],
  cutting: Cutting,
): () => void {
  for (const link of links) {
    if (cutting === 'reset') link.refuse();
    else for (const way of waysOf(link)) link.stall(way);
  }
  return () => {
    for (const link of links) {
      if (cutting === 'reset') link.admit();
      else for (const way of waysOf(link)) link.free(way);
    }
  };
}

function passages(to: string, port: number, portOffset: number): Passage[] {
  const [kind, number] = to.split('-') as [keyof typeof ports, string];
  const target = { host: '127.0.0.1', port: ports[kind] + Number(number) + portOffset };
  const service = { port, target };
  if (kind === 'recovery') return [service];
  const peer = { ...target, port: target.port + replicationOffset };
  return [service, { port: port + replicationOffset, target: peer }];
}
