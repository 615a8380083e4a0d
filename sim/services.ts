/**
 * The catalog's and the order service's parts of one life, composed as in their service.ts, over
 * simulated connections.
 */

import { BazarError } from '../src/base/errors.js';
import { purchaseLimits } from '../src/base/limits.js';
import { deregisterDead } from '../src/catalog/coherence/deregister-dead.js';
import type { CatalogMachine, CatalogResult } from '../src/catalog/machine/catalog-machine.js';
import { withTargets } from '../src/catalog/service/bundled-products.js';
import { keepCapacity } from '../src/catalog/service/capacity.js';
import { HoldExpiry } from '../src/catalog/service/hold-expiry.js';
import { CatalogPeerHandler } from '../src/catalog/service/peer-handler.js';
import { startRestocking } from '../src/catalog/service/restock.js';
import { restoreCatalog } from '../src/catalog/service/restore.js';
import { Rules } from '../src/catalog/service/rules.js';
import type { CatalogStore } from '../src/catalog/service/store.js';
import { ThreadHandler as CatalogThreads } from '../src/catalog/service/thread-handler.js';
import { keepWatermark } from '../src/catalog/streams/projected-watermark.js';
import { rulesOfCancellations, rulesOfMovements } from '../src/order/book-position.js';
import { CatalogClient, type CatalogPeer } from '../src/order/catalog-client.js';
import { journalBook } from '../src/order/journal-book.js';
import type { OrderResult } from '../src/order/order-machine.js';
import { startOrderRules } from '../src/order/order-rules.js';
import { OrderPeerHandler } from '../src/order/peer-handler.js';
import { Projection, type StreamSubscription } from '../src/order/projection.js';
import type { OrderStore } from '../src/order/store.js';
import { ThreadHandler as OrderThreads } from '../src/order/thread-handler.js';
import type { OwnerCall } from '../src/pool/types.js';
import {
  type BuyParams,
  type NewProduct,
  rulesVersion,
  type SalesMessage,
} from '../src/wire/internal.js';
import type { LookupAnswer } from '../src/wire/thread-requests.js';
import { newCatalogMachine, newCatalogStore } from './broken.js';
import { brokenStart } from './broken-cancellations.js';
import { brokenLedgerStart } from './broken-ledgers.js';
import { answersBeforeTheSale, newOrderMachine, newOrderStore } from './broken-orders.js';
import { Link } from './link.js';
import type { ServiceListeners } from './listeners.js';
import { noMark } from './member-folder.js';
import type { MemberOfService, Service } from './member-options.js';
import type { Life } from './process.js';
import type { World } from './world.js';

const noAudit = (): Promise<never> => Promise.reject(new BazarError('internal', 'no audit here'));

export function catalogService(
  world: World,
  products: readonly NewProduct[],
): (life: Life, member: MemberOfService) => Service<CatalogResult> {
  return (life, member) => {
    const machine = newCatalogMachine(world, life);
    let store: CatalogStore | undefined;
    return {
      machine,
      saved: machine,
      restoreFrom: (snapshots) =>
        restoreCatalog(snapshots, machine, { logger: world.logger(member.name) }),
      canServe: () => machine.isStocked,
      logTime: () => machine.lastLogTime,
      applied(entry, result) {
        world.books.catalogApplied(member.name, entry, result, machine);
        store?.applied(entry, result);
      },
      propose(command) {
        store?.propose(command).catch(() => {});
      },
      open(host): ServiceListeners {
        const logger = world.logger(member.name);
        const opened = newCatalogStore(world, {
          ...{ group: host, machine, clock: life },
          boundsTotals: knownLater(world),
        });
        store = opened;
        const handler = new CatalogPeerHandler({
          store: opened,
          flush(withMovements) {
            opened.salesStream.flush();
            opened.cancellationStream.flush();
            if (withMovements) opened.movementStream.flush();
          },
          logger,
          clock: life,
          audit: noAudit,
        });
        const requests = lastSaleWithoutPosition(world, handler, machine);
        host.onRole(({ role }) => {
          if (role !== 'leader') handler.resign();
        });
        const threads = new CatalogThreads(opened, (...question) => member.ask(...question));
        const { restockEverySeconds: everySeconds, restockTo: target } = world.profile;
        const bundled = products.map(({ id = 0, name }) => [id, name] as const);
        const settings = { restockTo: target, bundled };
        const rules = new Rules({
          ...{ store: opened, clock: life, logger },
          supported: () => (handler.ledgerWanted ? rulesVersion : 3),
          settings: () => Promise.resolve(settings),
        });
        const first = withTargets(products, settings);
        opened.onServing(async () => {
          if (machine.isStocked) return;
          await rules.settled(false);
          opened.stock(first.length, (from) => first.slice(from)).catch(() => {});
        });
        startRestocking({ store: opened, clock: life, logger, everySeconds, target });
        keepCapacity({
          store: opened,
          clock: life,
          logger,
          clientKeysMax: capacityOf(member.name),
        });
        if (!world.hasBug('due-holds-stay')) {
          new HoldExpiry({ store: opened, clock: life, logger });
        }
        const { salesStream: sold, cancellationStream: cancelled, movementStream: moved } = opened;
        const confirmed = () => ({
          sale: sold.confirmed,
          cancellation: cancelled.confirmed,
          movement: moved.confirmed,
        });
        keepWatermark(opened, confirmed, life, logger);
        deregisterDead(opened, life, logger);
        return {
          handler: requests,
          calls: (calls) => threads.calls(undecidedIsFine(world, calls)),
        };
      },
    };
  };
}

/** The seeded bug: a replica names the last sale that it has applied itself. */
function lastSaleWithoutPosition(
  world: World,
  handler: CatalogPeerHandler,
  machine: CatalogMachine,
): ServiceListeners['handler'] {
  if (!world.hasBug('last-sale-without-position')) return handler;
  return {
    request(session, method, params, reply) {
      if (method !== 'last_sale') return handler.request(session, method, params, reply);
      const { lastSale, lastLogTime, cancellations, movements } = machine;
      reply.result([lastSale, lastLogTime, cancellations.last, movements.last]);
      return true;
    },
    notification: (session, method, params) => handler.notification(session, method, params),
    closed: (session) => handler.closed(session),
  };
}

/** Replicas have different options, so that a new leader logs another capacity. */
function capacityOf(name: string): number {
  return (name.endsWith('2') ? 3 : 2) * purchaseLimits.clientKeysMax;
}

/** Returns whether it is known that all replicas bound totals; false for some time after a start. */
function knownLater({ profile, random, scheduler }: World): () => boolean {
  const { boundUnknownMs } = profile;
  if (boundUnknownMs === 0) return () => true;
  const knownMs = scheduler.nowMs + boundUnknownMs * random.services.fraction();
  return () => scheduler.nowMs >= knownMs;
}

export function orderService(
  world: World,
  catalogs: readonly string[],
  areSafe: boolean,
): (life: Life, member: MemberOfService) => Service<OrderResult> {
  return (life, member) => {
    const machine = newOrderMachine(world);
    const logger = world.logger(member.name);
    let store: OrderStore | undefined;
    let catalogClient: CatalogClient | undefined;
    return {
      machine,
      restoreFrom: async () => noMark,
      logTime: () => catalogClient?.logTime ?? 0,
      applied(entry, result) {
        world.books.orderApplied(member.name, entry, machine);
        store?.applied(entry, result);
      },
      open(host): ServiceListeners {
        const peers = catalogs.map((name) => connect(world, life, name, events));
        const client = new CatalogClient(peers, {
          sold: (sales) => taker.sold(sales),
          cancelled: (cancellations) => projection.cancelled(cancellations),
          moved: (movements) => projection.moved(movements),
          broken: () => projection.broken(),
        });
        catalogClient = client;
        const taker = salesTaker(world, client, () => projection);
        const projection = new Projection({
          ...{ subscription: taker.subscription, clock: life, logger },
          lastOrder: () => machine.lastOrder,
          lastCancellation: () =>
            machine.rules >= rulesOfCancellations ? machine.lastCancellation : undefined,
          lastMovement: () =>
            machine.rules >= rulesOfMovements ? machine.lastMovement : undefined,
          answersAtSale: () => opened.answersAtSale,
          propose: (command) => host.propose(command),
        });
        const opened = newOrderStore(world, {
          ...{ group: host, machine, clock: life, catalogClient: client, projection },
          salesAreSafe: areSafe,
        });
        store = opened;
        const threads = new OrderThreads(
          opened,
          journalBook(opened, machine, (seq) => member.readEntry(seq)),
        );
        function events(name: string): LinkEvents {
          return {
            pushed: (sales) => client.pushed(name, sales),
            pushedCancellations: (some) => client.pushedCancellations(name, some),
            pushedMovements: (some) => client.pushedMovements(name, some),
            lost: () => client.lost(name),
          };
        }
        startOrderRules({
          ...{ clock: life, logger },
          serving: () => opened.status().serving,
          current: () => machine.rules,
          supported: () => rulesVersion,
          propose: (command) => opened.propose(command),
        });
        const calls = answersBeforeTheSale(world, (some) => {
          threads.calls(withoutFirstTime(world, some));
        });
        return { handler: new OrderPeerHandler({ audit: noAudit, calls }), calls };
      },
    };
  };
}

interface SalesTaker {
  readonly subscription: StreamSubscription;
  sold(sales: SalesMessage): void;
}

/** Between the subscription and the projection, where the projection's rules can be broken. */
function salesTaker(world: World, client: CatalogClient, projection: () => Projection): SalesTaker {
  let messages = 0;
  let epoch = 0;
  return {
    subscription: {
      tail(from, orderEpoch, gathers, cancellationsFrom, movementsFrom) {
        messages = 0;
        epoch = orderEpoch;
        const newest = world.hasBug('tails-from-the-newest') ? world.books.sales.length + 1 : 0;
        const again = from > 1 && world.hasBug('sales-become-orders-twice') ? 1 : 0;
        const cancelled = cancellationsFrom && brokenStart(world, cancellationsFrom);
        const moved = movementsFrom && brokenLedgerStart(world, movementsFrom);
        const start = Math.max(from, newest) - again;
        return client.tail(start, orderEpoch, gathers, cancelled, moved);
      },
      confirm: (...numbers) => client.confirm(...numbers),
    },
    sold(sales) {
      messages += 1;
      if (messages > 1 && world.hasBug('tails-at-takeover-only')) return;
      projection().sold(sales);
      if (world.hasBug('confirms-too-early')) client.confirm(sales[0] + sales[1] - 1, epoch);
    },
  };
}

/** The seeded bug: every answer may be cached. */
function undecidedIsFine(world: World, calls: OwnerCall[]): OwnerCall[] {
  if (!world.hasBug('caches-the-undecided')) return calls;
  return calls.map((call) => ({
    ...call,
    reply: (error, result) => {
      const answer = result as LookupAnswer | undefined;
      const isLookup = call.operation === 'lookup' && answer !== undefined;
      call.reply(error, isLookup ? [answer[0], newest(world), answer[2]] : result);
    },
  }));
}

/** The seeded bug: the order leader does not learn the age of a purchase. */
function withoutFirstTime(world: World, calls: OwnerCall[]): OwnerCall[] {
  if (!world.hasBug('purchase-age-from-latest-attempt')) return calls;
  return calls.map((call) => {
    if (call.operation !== 'buy') return call;
    const [key, kind, hash, lines] = call.args as BuyParams;
    return { ...call, args: [key, kind, hash, lines] };
  });
}

/** The epoch that a frontend in session would take for its leader's. */
function newest(world: World): number {
  return world.logs.catalog.newestEpoch;
}

interface LinkEvents {
  readonly pushed: (sales: SalesMessage) => void;
  readonly pushedCancellations: (cancellations: SalesMessage) => void;
  readonly pushedMovements: (movements: SalesMessage) => void;
  readonly lost: () => void;
}

function connect(
  world: World,
  life: Life,
  to: string,
  events: (name: string) => LinkEvents,
): CatalogPeer {
  const { pushed, pushedCancellations, pushedMovements, lost } = events(to);
  const subscription = new Link({
    network: world.network,
    life,
    random: world.random.services,
    to,
    port: 'peer',
    disconnected: lost,
    handler: {
      request: (_session, method) => {
        throw new BazarError('unknown_method', `unknown method "${method}"`);
      },
      notification: (_session, method, params) => {
        if (method === 'sales') pushed(params as SalesMessage);
        if (method === 'cancellations') pushedCancellations(params as SalesMessage);
        if (method === 'movements') pushedMovements(params as SalesMessage);
      },
    },
  });
  subscription.start();
  return subscription;
}
