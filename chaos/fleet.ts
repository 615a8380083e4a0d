/**
 * A whole store of processes, each started separately, with connections through a proxy that can cut
 * them. Founds the store, starts it and stops it; the fault injector decides on faults. None of its
 * processes outlives this one.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { recoveryServerCount } from '../src/base/voters.js';
import type { Product } from '../test/e2e/raw-client.js';
import { until } from '../test/e2e/until.js';
import { type Books, type Ground, journalGround } from './ground.js';
import { Network } from './network.js';
import type { GroupName } from './sellable.js';
import { ServiceProcess } from './service-process.js';

const statusTimeoutMs = 1_000;
/** The time that a healed store may take; only a store that never recovers reaches it. */
export const healsWithinMs = 120_000;
const endings = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** A supervisor starts a service again after this time. */
const restartMs = 300;

export type { GroupName } from './sellable.js';

export interface MemberStatus {
  readonly name: string;
  readonly group: GroupName;
  readonly kind: 'replica' | 'recovery';
  readonly role: 'leader' | 'follower' | 'learner' | 'down';
  readonly epoch: number;
  readonly log_end: number;
  readonly commit: number;
}

export interface FleetOptions {
  /** The folder of data and logs; its creator removes it. */
  readonly folder: string;
  readonly portOffset: number;
  readonly size: {
    readonly catalogs: number;
    readonly orders: number;
    readonly recovery: number;
    readonly frontends: number;
  };
  readonly products: readonly Product[];
  /** Further flags for all services. */
  readonly flags?: readonly string[];
  /** Absent: journals. */
  readonly ground?: Ground;
  /** Called when a process ends that was not killed. */
  readonly died: (name: string, how: string, logTail: string) => void;
}

export class Fleet {
  readonly members: readonly string[];
  readonly frontends: readonly string[];
  readonly network: Network;
  readonly dataDir: string;
  readonly ground: Ground;
  readonly #options: FleetOptions;
  readonly #services = new Map<string, ServiceProcess>();
  /** The first process that ended without being killed. */
  #died: string | undefined;
  #isClosed = false;
  /** No service may outlive this process, whatever ends it. */
  readonly #killAll = (): void => {
    for (const service of this.#services.values()) void service.kill();
  };
  readonly #killAllAndExit = (): void => {
    this.#killAll();
    process.exit(1);
  };

  constructor(options: FleetOptions) {
    this.#options = options;
    const { folder, portOffset, size, ground = journalGround } = options;
    this.ground = ground;
    const names = (kind: string, count: number): string[] =>
      Array.from({ length: count }, (_, i) => `${kind}-${i + 1}`);
    this.members = [
      ...names('catalog', size.catalogs),
      ...names('order', size.orders),
      ...names('recovery', size.recovery),
    ];
    this.frontends = names('frontend', size.frontends);
    this.network = new Network(this.members, this.frontends, portOffset, ground.databases);
    this.dataDir = join(folder, 'data');
    for (const name of this.names) this.#services.set(name, this.#service(name));
  }

  get names(): readonly string[] {
    return [...this.members, ...this.frontends];
  }

  /** The voters of a group: its replicas, and recovery servers up to an odd number. */
  voters(group: GroupName): readonly string[] {
    const replicas = this.members.filter((name) => name.startsWith(group));
    const recovery = this.members.filter((name) => name.startsWith('recovery'));
    return [
      ...replicas,
      ...recovery.slice(0, recoveryServerCount(replicas.length, recovery.length)),
    ];
  }

  service(name: string): ServiceProcess {
    const service = this.#services.get(name);
    if (!service) throw new Error(`this store has no ${name}`);
    return service;
  }

  /** Founds the store and resolves when it sells. */
  async found(): Promise<void> {
    const products = this.#options.products.map(({ version: _version, ...product }) => product);
    writeFileSync(this.#productsFile, JSON.stringify({ products }));
    process.once('exit', this.#killAll);
    for (const signal of endings) process.once(signal, this.#killAllAndExit);
    await this.ground.open();
    await this.network.open();
    for (const name of this.members) this.service(name).start(true);
    // A frontend does not found a store.
    await this.#founds('the store is founded', () =>
      existsSync(join(this.dataDir, 'cluster.json')),
    );
    for (const name of this.frontends) this.service(name).start();
    for (const name of this.frontends) {
      await this.#founds(`${name} is ready`, () => this.isReady(name));
    }
  }

  /** Stops waiting if a service has ended. */
  async #founds(what: string, look: () => boolean | Promise<boolean>): Promise<void> {
    const isOver = async (): Promise<boolean> => this.#died !== undefined || (await look());
    await until(what, isOver, healsWithinMs);
    if (this.#died !== undefined) throw new Error(`${what}: not any more, for ${this.#died}`);
  }

  async isReady(frontend: string): Promise<boolean> {
    const signal = AbortSignal.timeout(statusTimeoutMs);
    return (await fetch(`${this.#http(frontend)}/readyz`, { signal })).ok;
  }

  /** The status from the first frontend that answers; throws if none does. */
  status(): Promise<readonly MemberStatus[]> {
    return Promise.any(this.frontends.map((frontend) => this.statusOf(frontend)));
  }

  /** The status from this frontend. */
  async statusOf(frontend: string): Promise<readonly MemberStatus[]> {
    const signal = AbortSignal.timeout(statusTimeoutMs);
    const answer = await fetch(`${this.#http(frontend)}/status`, { signal });
    return ((await answer.json()) as { data: { members: MemberStatus[] } }).data.members;
  }

  /** Whether all members are up and have a vote, according to a frontend. */
  async isWhole(): Promise<boolean> {
    const members = await this.status().catch(() => []);
    const votes = members.filter(({ role }) => role === 'leader' || role === 'follower');
    return votes.length > 0 && votes.length === members.length;
  }

  /** SIGKILL for all running processes. Resolves when none is left. */
  async killAll(): Promise<void> {
    await Promise.all([...this.#services.values()].map((service) => service.kill()));
  }

  /** Ends all services and compares the logs below them. @returns contradictions. */
  async compareGround(books: Books): Promise<readonly string[]> {
    if (!this.ground.compare) return [];
    this.#isClosed = true;
    await this.killAll();
    return this.ground.compare(books);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.killAll();
    this.network.close();
    await this.ground.close();
    process.off('exit', this.#killAll);
    for (const signal of endings) process.off(signal, this.#killAllAndExit);
  }

  rawPort(frontend: string): number {
    return 8_180 + Number(frontend.split('-')[1]) + this.#options.portOffset;
  }

  get #productsFile(): string {
    return join(this.#options.folder, 'products.json');
  }

  #http(frontend: string): string {
    const port = 8_080 + Number(frontend.split('-')[1]) + this.#options.portOffset;
    return `http://127.0.0.1:${port}`;
  }

  #service(name: string): ServiceProcess {
    const { folder, portOffset, size, flags = [], died } = this.#options;
    const { catalogs, orders, recovery } = size;
    return new ServiceProcess({
      name,
      dataDir: this.dataDir,
      logDir: join(folder, 'logs'),
      flags: [
        ...['--catalogs', `${catalogs}`, '--orders', `${orders}`, '--recovery', `${recovery}`],
        ...['--port-offset', `${portOffset}`, '--peers', this.network.peersOf(name)],
        ...['--restock-every', '0', '--products-file', this.#productsFile, '--workers', '2'],
        ...this.ground.flagsOf(name, this.network.databasePortsOf(name)),
        ...flags,
      ],
      died: (who, how) => {
        const logTail = this.service(who).logTail();
        const reason = logTail.split('\n').at(-1) ?? '';
        if (!this.service(who).wasReady() && this.ground.refusesStart(reason)) {
          setTimeout(() => !this.#isClosed && this.service(who).start(), restartMs);
          return;
        }
        this.#died ??= `${who} ended without a fault (${how}):\n${logTail}`;
        died(who, how, logTail);
      },
    });
  }
}
