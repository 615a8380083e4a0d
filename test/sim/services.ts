/**
 * The catalog's and the order service's parts of one life, put together as their service.ts does,
 * over simulated connections.
 */

import { BazarError } from '../../src/base/errors.js';
import { CatalogMachine, type CatalogResult } from '../../src/catalog/catalog-machine.js';
import { keepCursor } from '../../src/catalog/cursor.js';
import { PeerDesk as CatalogDesk } from '../../src/catalog/peer-desk.js';
import { startRestocking } from '../../src/catalog/restock.js';
import { CatalogStore } from '../../src/catalog/store.js';
import { ThreadDesk as CatalogThreads } from '../../src/catalog/thread-desk.js';
import { CatalogLine, type CatalogPeer } from '../../src/order/catalog-line.js';
import { OrderMachine, type OrderResult } from '../../src/order/order-machine.js';
import { PeerDesk as OrderDesk } from '../../src/order/peer-desk.js';
import { Projection } from '../../src/order/projection.js';
import { OrderStore } from '../../src/order/store.js';
import { ThreadDesk as OrderThreads } from '../../src/order/thread-desk.js';
import type { NewProduct, SalesMessage } from '../../src/wire/internal.js';
import type { Doors, Member, Service } from './member.js';
import type { Life } from './process.js';
import { Line } from './rpc.js';
import type { World } from './world.js';

const noAudit = (): Promise<never> => Promise.reject(new BazarError('internal', 'no audit here'));

export function catalogService(
  world: World,
  products: readonly NewProduct[],
): (life: Life, member: Member<CatalogResult>) => Service<CatalogResult> {
  return (life, member) => {
    const machine = new CatalogMachine();
    let store: CatalogStore | undefined;
    return {
      machine,
      applied(entry, result) {
        world.books.catalogApplied(member.name, entry, result, machine);
        store?.applied(entry, result);
      },
      open(host): Doors {
        const logger = world.logger(member.name);
        const opened = new CatalogStore({ group: host, machine, clock: life });
        store = opened;
        const desk = new CatalogDesk({ store: opened, logger, audit: noAudit });
        const threads = new CatalogThreads(opened);
        opened.onServing(() => {
          if (!machine.isStocked) opened.stock(products).catch(() => {});
        });
        const { restockEverySeconds: everySeconds, restockTo: target } = world.profile;
        startRestocking({ store: opened, clock: life, logger, everySeconds, target });
        keepCursor(opened, life, logger);
        return { desk, calls: (calls) => threads.calls(calls) };
      },
    };
  };
}

export function orderService(
  world: World,
  catalogs: readonly string[],
): (life: Life, member: Member<OrderResult>) => Service<OrderResult> {
  return (life, member) => {
    const machine = new OrderMachine();
    const logger = world.logger(member.name);
    let store: OrderStore | undefined;
    return {
      machine,
      applied(entry, result) {
        world.books.orderApplied(member.name, entry, machine);
        store?.applied(entry, result);
      },
      open(host): Doors {
        const peers = catalogs.map((name) => connect(world, life, name, events));
        const line = new CatalogLine(peers, {
          sold: (sales) => projection.sold(sales),
          broken: () => projection.broken(),
        });
        const projection = new Projection({
          ...{ line, clock: life, logger },
          lastOrder: () => machine.lastOrder,
          propose: (command) => host.propose(command),
        });
        store = new OrderStore({ group: host, machine, seller: line, projection });
        const threads = new OrderThreads(store, (seq) => member.readEntry(seq));
        function events(name: string): LineEvents {
          return {
            pushed: (sales) => line.pushed(name, sales),
            lost: () => line.lost(name),
          };
        }
        return { desk: new OrderDesk(noAudit), calls: (calls) => threads.calls(calls) };
      },
    };
  };
}

interface LineEvents {
  readonly pushed: (sales: SalesMessage) => void;
  readonly lost: () => void;
}

function connect(
  world: World,
  life: Life,
  to: string,
  events: (name: string) => LineEvents,
): CatalogPeer {
  const { pushed, lost } = events(to);
  const line = new Line({
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
      },
    },
  });
  line.start();
  return line;
}
