/**
 * The whole store in one thread: both groups, recovery servers, frontends and customers over one
 * simulated world. It resolves names and roles, and contains no faults.
 */
import type { MemberAddresses } from '../src/base/config.js';
import type { CatalogMachine, CatalogResult } from '../src/catalog/machine/catalog-machine.js';
import type { Verdict } from '../src/checker/check.js';
import { membership } from '../src/group/membership.js';
import type { OrderMachine, OrderResult } from '../src/order/order-machine.js';
import { salesAreSafe } from '../src/order/store.js';
import type { NewProduct } from '../src/wire/internal.js';
import { Bookkeeper } from './bookkeeper.js';
import { Canceller } from './canceller.js';
import type { Client } from './client.js';
import { Customer } from './customer.js';
import { Frontend } from './frontend.js';
import { Holder, heldIn } from './holder.js';
import { Ledger, nameOf, tagItem } from './ledger.js';
import { Member } from './member.js';
import { Peddler } from './peddler.js';
import type { Process } from './processes.js';
import { catalogService, orderService } from './services.js';
import { Visitor } from './visitor.js';
import type { GroupName, World } from './world.js';

/** Index of each process in the trace's hash. */
const indexes = {
  ...{ catalog: [1, 2, 11, 14], recovery: [3, 12], order: [4, 5, 6, 15], frontend: [7, 8, 13] },
} as const;
const heldTopic = 'reserved';
const tagStock = 1_000_000_000;

export type AnyMember = Member<CatalogResult> | Member<OrderResult>;

export class Cluster {
  readonly catalogs: readonly Member<CatalogResult>[];
  /** The logs of recovery servers; one server may have a log of each group. */
  readonly recoveryServers: readonly AnyMember[];
  readonly orders: readonly Member<OrderResult>[];
  readonly frontends: readonly Frontend[];
  /** A second frontend with the first one's name; it only nominates. */
  readonly rival: Frontend;
  readonly customers: readonly Customer[];
  /** In every other run, one of them adds, moves and removes products. */
  readonly visitors: readonly (Client | Peddler)[];
  /** In every other run they reserve products of their own. */
  readonly holders: readonly Holder[];
  /** As many as holders: they cancel the holders' orders. */
  readonly cancellers: readonly Canceller[];
  readonly bookkeepers: readonly Bookkeeper[];
  readonly ledger: Ledger;
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
    const stocked = catalogService(world, firstStock(world));
    const { profile } = world;
    const cluster = {
      catalogs: named('catalog', profile.catalogs),
      orders: named('order', profile.orders),
      recovery: named('recovery', profile.recovery),
    };
    const catalog = votersOf(membership(cluster, 'catalog'));
    const order = votersOf(membership(cluster, 'order'));
    const areSafe = salesAreSafe(
      catalog.voters.length + catalog.recoveryServers.length,
      order.voters.length + order.recoveryServers.length,
    );
    this.catalogs = catalog.voters.map((name, at) => {
      const place = {
        name,
        index: indexes.catalog[at] ?? 0,
        group: 'catalog',
        ...catalog,
      } as const;
      return new Member(world, { ...place, gated: true, keepsSnapshots: true, service: stocked });
    });
    const ordering = orderService(world, catalog.voters, areSafe);
    this.orders = order.voters.map((name, at) => {
      const place = { name, index: indexes.order[at] ?? 0, group: 'order', ...order } as const;
      return new Member(world, {
        ...place,
        gated: false,
        keepsSnapshots: false,
        service: ordering,
      });
    });
    this.recoveryServers = cluster.recovery.flatMap(({ name }, at) => {
      const place = { name, index: indexes.recovery[at] ?? 0, gated: false, service: undefined };
      const logs: AnyMember[] = [];
      if (catalog.recoveryServers.includes(name)) {
        const kept = { group: 'catalog', ...catalog, keepsSnapshots: true } as const;
        logs.push(new Member<CatalogResult>(world, { ...place, ...kept }));
      }
      if (order.recoveryServers.includes(name)) {
        const kept = { group: 'order', ...order, keepsSnapshots: false } as const;
        const beside = logs[0]?.process;
        logs.push(new Member<OrderResult>(world, { ...place, ...kept, beside }));
      }
      return logs;
    });
    const frontend = (name: string, index: number): Frontend =>
      new Frontend(world, { name, index, catalogs: catalog.voters, orders: order.voters });
    this.frontends = named('frontend', profile.frontends).map(({ name }, at) =>
      frontend(name, indexes.frontend[at] ?? 0),
    );
    this.rival = frontend('rival', 9);
    this.ledger = new Ledger(world, areSafe);
    const life = world.newLife('customers', 10);
    this.customers = Array.from({ length: world.profile.clients }, (_, at) => {
      const name = `customer-${at + 1}`;
      return new Customer(world, { name, life, frontends: this.frontends, ledger: this.ledger });
    });
    this.holders = Array.from({ length: world.holders }, (_, at) => {
      const name = `holder-${at + 1}`;
      return new Holder(world, { name, life, frontends: this.frontends });
    });
    const orders = () => this.holders.flatMap(({ placed }) => placed);
    this.cancellers = this.holders.map((_, at) => {
      const name = `canceller-${at + 1}`;
      return new Canceller(world, { name, life, frontends: this.frontends, orders });
    });
    this.bookkeepers = this.holders.slice(1).map(() => {
      return new Bookkeeper(world, { name: 'bookkeeper', life, frontends: this.frontends });
    });
    const isVisited = world.random.visits.integer(2) === 0;
    const { frontends } = this;
    if (world.profile.peddled) {
      this.visitors = [new Peddler(world, { name: 'peddler', life, frontends })];
    } else {
      const { client } = new Visitor(world, { name: 'visitor', life, frontends });
      this.visitors = isVisited ? [client] : [];
    }
  }

  start(): void {
    for (const member of this.members) member.process.start();
    for (const frontend of this.frontends) frontend.process.start();
    for (const customer of this.guests) customer.start();
  }

  /** All clients of the frontends. */
  get guests(): readonly (Customer | Peddler | Client)[] {
    const others = [...this.holders, ...this.cancellers, ...this.bookkeepers];
    return [...this.customers, ...this.visitors, ...others.map(({ client }) => client)];
  }

  get members(): readonly AnyMember[] {
    return [...this.catalogs, ...this.recoveryServers, ...this.orders];
  }

  /** Voters of a group. */
  group(name: GroupName): readonly AnyMember[] {
    const recoveryServers = this.recoveryServers.filter(({ options }) => options.group === name);
    return [...this.replicas(name), ...recoveryServers];
  }

  /** The members on one machine: both logs of a recovery server. */
  machine(name: string): readonly AnyMember[] {
    return this.members.filter((member) => member.name === name);
  }

  leader(name: GroupName): AnyMember | undefined {
    let best: AnyMember | undefined;
    for (const member of this.group(name)) {
      if (!member.leads) continue;
      if ((member.host?.status().epoch ?? 0) > (best?.host?.status().epoch ?? -1)) best = member;
    }
    return best;
  }

  /** Whether a majority that includes a replica is left without the leader. */
  canLoseLeader(name: GroupName): boolean {
    const voters = this.group(name).length;
    return this.replicas(name).length > 1 && 2 * (voters - 1) > voters;
  }

  /** The members that may lead. */
  replicas(name: GroupName): readonly AnyMember[] {
    return name === 'catalog' ? this.catalogs : this.orders;
  }

  member(name: string): AnyMember | undefined {
    return this.members.find((member) => member.name === name);
  }

  process(name: string): Process | undefined {
    const frontend = [...this.frontends, this.rival].find((one) => one.name === name);
    return frontend?.process ?? this.member(name)?.process;
  }

  get names(): readonly string[] {
    const members = new Set(this.members.map(({ name }) => name));
    return [...members, ...this.frontends.map(({ name }) => name), this.rival.name];
  }

  /** Runs the checkers. */
  observe(): void {
    for (const member of this.members) member.observe();
  }

  /** Checks that all answers to customers can be true together (docs/CHECKERS.md). */
  checkHistory(): Verdict {
    const { history, books, profile } = this.#world;
    const first = firstStock(this.#world).map(({ id = 0, topic, quantity, priceCents }) => {
      // The history does not know what holds and corrections do to the stock.
      const known = topic === heldTopic ? tagStock : quantity;
      return { id, version: 1, quantity: known, priceCents };
    });
    return history.check(books, first, profile.restockTo);
  }

  /** Compares states at equal positions now. */
  compare(): void {
    const running = <M extends CatalogMachine | OrderMachine>(member: AnyMember) =>
      member.machine ? [{ id: member.name, machine: member.machine as unknown as M }] : [];
    this.#world.books.compare('catalog', this.catalogs.flatMap(running<CatalogMachine>));
    this.#world.books.compare('order', this.orders.flatMap(running<OrderMachine>));
  }
}

function firstStock(world: World): NewProduct[] {
  const { items, stock, limits } = world.profile;
  const product = (id: number, quantity: number): NewProduct => {
    // A tag is a quantity: with a price, it alone could exceed the limit of an order.
    const priceCents = limits.request && id === tagItem ? 0 : 100 * id;
    return { id, name: nameOf(id), topic: 'toys', priceCents, quantity };
  };
  const others = Array.from({ length: items }, (_, at) => product(tagItem + 1 + at, stock));
  const held = Array.from({ length: heldIn(world) }, (_, at): NewProduct => {
    const id = tagItem + items + 1 + at;
    const name = `held ${id}`;
    return { id, name, topic: heldTopic, priceCents: 100 * id, quantity: stock };
  });
  return [product(tagItem, tagStock), ...others, ...held];
}

/** A simulated network needs only names. */
function named(service: string, count: number): MemberAddresses[] {
  const nowhere = { host: 'nowhere', port: 1 };
  return Array.from({ length: count }, (_, at) => {
    return { name: `${service}-${at + 1}`, service: nowhere, peer: nowhere };
  });
}

function votersOf({ replicas, recoveryServers }: ReturnType<typeof membership>) {
  const names = (members: readonly MemberAddresses[]) => members.map(({ name }) => name);
  return { voters: names(replicas), recoveryServers: names(recoveryServers) };
}
