/**
 * The whole store in one thread: both groups, the recovery server, frontends and customers over one
 * simulated world. Knows no fault; names and roles are found here.
 */
import type { CatalogMachine, CatalogResult } from '../../src/catalog/catalog-machine.js';
import type { Verdict } from '../../src/history/check.js';
import type { OrderMachine, OrderResult } from '../../src/order/order-machine.js';
import type { NewProduct } from '../../src/wire/internal.js';
import { Customer } from './customer.js';
import { Frontend } from './frontend.js';
import { Ledger, nameOf, tagItem } from './ledger.js';
import { Member } from './member.js';
import { Peddler } from './peddler.js';
import type { Process } from './processes.js';
import { catalogService, orderService } from './services.js';
import { Visitor } from './visitor.js';
import type { GroupName, World } from './world.js';

const catalogs = ['catalog-1', 'catalog-2', 'catalog-3'];
const orders = ['order-1', 'order-2', 'order-3'];
const witnesses = ['recovery-1', 'recovery-2'];
/** In the trace's hash, of the third catalog and the second recovery server. */
const laterIndex = 11;
const tagStock = 1_000_000_000;

export type AnyMember = Member<CatalogResult> | Member<OrderResult>;

export class Cluster {
  readonly catalogs: readonly Member<CatalogResult>[];
  readonly witnesses: readonly Member<CatalogResult>[];
  readonly orders: readonly Member<OrderResult>[];
  readonly frontends: readonly Frontend[];
  /** A second frontend of the first one's name elsewhere: it only nominates. */
  readonly rival: Frontend;
  readonly customers: readonly Customer[];
  /** In every other run somebody adds, moves and removes products; never two at once. */
  readonly visitors: readonly (Visitor | Peddler)[];
  readonly ledger: Ledger;
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
    const stocked = catalogService(world, firstStock(world));
    const voters = catalogs.slice(0, world.profile.catalogs);
    const witnessing = witnesses.slice(0, world.profile.witnesses);
    const catalog = { group: 'catalog', voters, witnesses: witnessing } as const;
    const kept = { gated: true, keepsSnapshots: true };
    this.catalogs = voters.map((name, at) => {
      const index = at < 2 ? 1 + at : laterIndex;
      return new Member(world, { name, index, ...catalog, ...kept, service: stocked });
    });
    this.witnesses = witnessing.map((name, at) => {
      const index = at === 0 ? 3 : laterIndex + at;
      const place = { name, index, ...catalog, ...kept };
      return new Member(world, { ...place, gated: false, service: undefined });
    });
    const ordering = orderService(world, voters);
    this.orders = orders.map(
      (name, at) =>
        new Member(world, {
          ...{ name, index: 4 + at, group: 'order', voters: orders, witnesses: [] },
          ...{ gated: false, keepsSnapshots: false, service: ordering },
        }),
    );
    const frontend = (name: string, index: number): Frontend =>
      new Frontend(world, { name, index, catalogs: voters, orders });
    this.frontends = [frontend('frontend-1', 7), frontend('frontend-2', 8)];
    this.rival = frontend('rival', 9);
    this.ledger = new Ledger(world.books, (problem) => world.report(problem));
    const life = world.newLife('customers', 10);
    this.customers = Array.from({ length: world.profile.clients }, (_, at) => {
      const name = `customer-${at + 1}`;
      return new Customer(world, { name, life, frontends: this.frontends, ledger: this.ledger });
    });
    const isVisited = world.random.visits.integer(2) === 0;
    const { frontends } = this;
    if (world.profile.peddled) {
      this.visitors = [new Peddler(world, { name: 'peddler', life, frontends })];
    } else {
      this.visitors = isVisited ? [new Visitor(world, { name: 'visitor', life, frontends })] : [];
    }
  }

  start(): void {
    for (const member of this.members) member.process.start();
    for (const frontend of this.frontends) frontend.process.start();
    for (const customer of this.guests) customer.start();
  }

  /** All who ask the frontends for something. */
  get guests(): readonly (Customer | Visitor | Peddler)[] {
    return [...this.customers, ...this.visitors];
  }

  get members(): readonly AnyMember[] {
    return [...this.catalogs, ...this.witnesses, ...this.orders];
  }

  /** Voters of a group. */
  group(name: GroupName): readonly AnyMember[] {
    return name === 'catalog' ? [...this.catalogs, ...this.witnesses] : this.orders;
  }

  leader(name: GroupName): AnyMember | undefined {
    let best: AnyMember | undefined;
    for (const member of this.group(name)) {
      if (!member.leads) continue;
      if ((member.host?.status().epoch ?? 0) > (best?.host?.status().epoch ?? -1)) best = member;
    }
    return best;
  }

  /** Who may lead. */
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
    return [
      ...this.members.map(({ name }) => name),
      ...this.frontends.map(({ name }) => name),
      this.rival.name,
    ];
  }

  /** The checkers' turn. */
  observe(): void {
    for (const member of this.members) member.observe();
  }

  /** All that customers were told can be true together (docs/CHECKERS.md). */
  checkHistory(): Verdict {
    const { history, books, profile } = this.#world;
    const first = firstStock(this.#world).map(({ id = 0, quantity, priceCents }) => {
      return { id, version: 1, quantity, priceCents };
    });
    return history.check(books, first, profile.restockTo);
  }

  /** Equal states at equal places, right now. */
  compare(): void {
    const running = <M extends CatalogMachine | OrderMachine>(member: AnyMember) =>
      member.machine ? [{ id: member.name, machine: member.machine as unknown as M }] : [];
    this.#world.books.compare('catalog', this.catalogs.flatMap(running<CatalogMachine>));
    this.#world.books.compare('order', this.orders.flatMap(running<OrderMachine>));
  }
}

function firstStock(world: World): NewProduct[] {
  const { items, stock } = world.profile;
  const product = (id: number, quantity: number): NewProduct => {
    return { id, name: nameOf(id), topic: 'toys', priceCents: 100 * id, quantity };
  };
  const others = Array.from({ length: items }, (_, at) => product(tagItem + 1 + at, stock));
  return [product(tagItem, tagStock), ...others];
}
