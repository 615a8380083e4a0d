/**
 * A frontend through its lives: production's watch and cache session of the owner, and production's
 * operations of the threads, over simulated connections. Composed as in owner.ts and thread-parts.ts.
 */
import { BazarError } from '../src/base/errors.js';
import type { Random } from '../src/base/random.js';
import { CacheSession, type PushedRecords } from '../src/frontend/cache/cache-session.js';
import { newCounters } from '../src/frontend/cache/counters.js';
import type { InvalidationVersions } from '../src/frontend/cache/invalidation-versions.js';
import { PushedProducts } from '../src/frontend/cache/pushed-products.js';
import { SearchCache } from '../src/frontend/cache/search-cache.js';
import { SharedCache } from '../src/frontend/cache/shared-cache.js';
import { Watch } from '../src/frontend/detector/watch.js';
import type { FrontendOperations } from '../src/frontend/operations.js';
import type { ReplicaClient } from '../src/frontend/replica-client.js';
import {
  type Backend,
  Backends,
  type Leaders,
  sameLeaders,
} from '../src/frontend/requests/backends.js';
import { PurchaseKeys } from '../src/frontend/requests/keys.js';
import type {
  BuyParams,
  InvalidateParams,
  RecordsParams,
  UncachedReadParams,
} from '../src/wire/internal.js';
import { newCache } from './broken.js';
import { heard, newOperations } from './broken-operations.js';
import { newVersions } from './broken-versions.js';
import { Link } from './link.js';
import type { Life } from './process.js';
import { Process } from './processes.js';
import type { Wire } from './wire.js';
import type { GroupName, World } from './world.js';

const threads = 2;
/** Small, because each new frontend fills it with zeros; four sets. */
const sharedBytes = 4_096;
/** The delay from the owner to its threads. */
const toldMs = 0.1;
/** The seeded bug's delay. */
const dropLateMs = 20;

export interface FrontendOptions {
  readonly name: string;
  readonly index: number;
  readonly catalogs: readonly string[];
  readonly orders: readonly string[];
}

interface Running {
  readonly operations: readonly FrontendOperations[];
  readonly watch: Watch;
  readonly replicas: ReadonlyMap<string, Link>;
}

export class Frontend {
  readonly process: Process;
  readonly name: string;
  /** Look-ups that the threads have sent. */
  questions = 0;
  readonly #world: World;
  readonly #options: FrontendOptions;
  #running: Running | undefined;
  /** Callbacks that wait for a request to be sent. */
  readonly #waiting = new Map<string, (wire: Wire) => void>();

  constructor(world: World, options: FrontendOptions) {
    this.#world = world;
    this.#options = options;
    this.name = options.name;
    const { name, index } = options;
    this.process = new Process(world, { name, index });
    this.process.runs((life) => this.#boot(life));
  }

  /** A thread's operations, while the process lives. */
  operations(thread: number): FrontendOperations | undefined {
    return this.process.up ? this.#running?.operations[thread % threads] : undefined;
  }

  /** The id of the present life, as it is registered. */
  get processId(): string | undefined {
    const { life } = this.process;
    return life && processIdOf(life);
  }

  /** Calls back once, just before the owner next sends this request on a connection. */
  beforeCall(method: string, callback: (wire: Wire) => void): void {
    this.#waiting.set(method, callback);
  }

  /** Whether its owner is connected to a replica. */
  reaches(name: string): boolean {
    return this.process.up && (this.#running?.replicas.get(name)?.session?.isWhole ?? false);
  }

  get leaders(): Leaders | undefined {
    return this.process.up ? this.#running?.watch.leaders : undefined;
  }

  #boot(life: Life): void {
    const { catalogs, orders } = this.#options;
    const { readersMin, cacheEntries } = this.#world.profile;
    const logger = this.#world.logger(this.name);
    const versions = newVersions(this.#world, life);
    const shared = new SharedCache(versions, newCounters(), new SharedArrayBuffer(sharedBytes));
    const session = new CacheSession({
      ...{ versions, clock: life, logger },
      frontend: this.name,
      process: processIdOf(life),
      pushed: this.#pushed(life, versions, shared),
    });
    const connections = new Map<string, Link>();
    const link = (name: string, group: GroupName): ReplicaClient =>
      this.#link(life, name, group, session, () => watch, connections);
    const replicas = [
      ...catalogs.map((name) => link(name, 'catalog')),
      ...orders.map((name) => link(name, 'order')),
    ];
    const backends = Array.from({ length: threads }, () => this.#backends(life));
    let told: Leaders = { catalog: undefined, order: undefined };
    const watch = new Watch({
      replicas,
      clock: life,
      logger,
      elector: { remembersFailures: !this.#world.hasBug('nominates-the-unreachable') },
      seen: (leaders, electedLeader) => {
        session.follow(electedLeader?.replica, electedLeader?.epoch ?? 0);
        if (sameLeaders(leaders, told)) return;
        told = leaders;
        for (const one of backends) life.after(toldMs, () => one.follow(leaders));
      },
      currency: () => {},
      logTime: (logTime) => versions.heardLogTime(logTime),
    });
    const operations = backends.map((one) => {
      const cache = newCache(this.#world, versions, { entriesMax: cacheEntries, shared });
      const keys = new PurchaseKeys(this.#world.random.services);
      const owner = { status: refuse, audit: refuse, notReady: () => undefined };
      const pages = new SearchCache(versions, cache.counters);
      const logTime = (): number | undefined => versions.logTime;
      const currency = (): string => versions.currency;
      const view = { keys, owner, logTime, currency, readersMin };
      return newOperations(this.#world, { backends: one, cache, pages, clock: life, ...view });
    });
    this.#running = { operations, watch, replicas: connections };
    for (const connection of connections.values()) connection.start();
    watch.start();
    session.start();
  }

  #pushed(life: Life, versions: InvalidationVersions, shared: SharedCache): PushedRecords {
    const products = new PushedProducts(versions, shared);
    if (!this.#world.hasBug('pushes-fill-late')) return products;
    return {
      pushed(_seq, records) {
        life.after(dropLateMs, () => products.pushed(Number.MAX_SAFE_INTEGER, records));
      },
    };
  }

  #link(
    life: Life,
    to: string,
    group: GroupName,
    session: CacheSession,
    watch: () => Watch,
    connections: Map<string, Link>,
  ): ReplicaClient {
    const link = new Link({
      network: this.#world.network,
      life,
      random: this.#world.random.services,
      to,
      port: 'peer',
      connected: () => watch().opened(to, group),
      disconnected: () => {
        session.lost(to);
        watch().closed(to, group);
      },
      handler: {
        request: (_session, method, params, reply) => {
          if (method !== 'invalidate') throw new BazarError('unknown_method', method);
          const drop = (): void =>
            session.invalidate(to, heard(this.#world, params as InvalidateParams));
          if (this.#world.hasBug('acknowledges-first')) life.after(dropLateMs, drop);
          else drop();
          reply.result(null);
        },
        notification: (_session, method, params) => {
          if (method === 'records') session.records(to, params as RecordsParams);
        },
      },
    });
    connections.set(to, link);
    return {
      name: to,
      group,
      isRecoveryServer: false,
      get connected() {
        return link.connected;
      },
      call: (method, params, timeoutMs) => {
        if (link.session) this.#calling(method, link.session.wire);
        return link.call(method, params, timeoutMs);
      },
    };
  }

  #calling(method: string, wire: Wire): void {
    const callback = this.#waiting.get(method);
    this.#waiting.delete(method);
    callback?.(wire);
  }

  #counting(link: Link): Backend {
    const late = new Map<unknown, Promise<unknown>>();
    return {
      call: (method, params, timeoutMs) => {
        if (['lookup', 'lookup_many', 'glance'].includes(method)) this.questions += 1;
        const answer = link.call(method, params, timeoutMs);
        if (method !== 'glance') return answer;
        const [item] = params as UncachedReadParams;
        this.#world.count('questions for a crowd');
        if (!this.#world.hasBug('tells-a-crowd-what-was')) return answer;
        const before = late.get(item);
        late.set(item, answer);
        return before ?? answer;
      },
      close: () => link.close(),
    };
  }

  #backends(life: Life): Backends {
    const { catalogs, orders } = this.#options;
    const nowhere = { host: 'nowhere', port: 1 };
    const addresses = (names: readonly string[]) =>
      names.map((name) => ({ name, service: nowhere, peer: nowhere }));
    return new Backends({
      cluster: { catalogs: addresses(catalogs), orders: addresses(orders), recovery: [] },
      connect: ({ name }, _group, port) => {
        const { network, random } = this.#world;
        const options = { network, life, random: random.services, to: name, port };
        const link = new Link(options);
        link.start();
        const backend = this.#counting(link);
        if (!this.#world.hasBug('new-key-each-attempt')) return backend;
        return keyless(backend, random.services);
      },
    });
  }
}

/** The seeded bug: a retry becomes a new request. */
function keyless(link: Backend, random: Random): Backend {
  return {
    call(method, params, timeoutMs) {
      if (method !== 'buy') return link.call(method, params, timeoutMs);
      const [, ...rest] = params as BuyParams;
      return link.call(method, [random.bytes(16), ...rest], timeoutMs);
    },
    close: () => link.close(),
  };
}

function processIdOf(life: Life): string {
  return `${life.name}/${life.number}`;
}

function refuse(): Promise<never> {
  return Promise.reject(new BazarError('internal', 'not asked here'));
}
