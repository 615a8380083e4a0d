/**
 * The order service: composes the store, its group member, its catalog client and its listeners.
 * Contains no rules of its own.
 */
import { required } from '../base/assert.js';
import { systemClock } from '../base/clock.js';
import type { OrderConfig, RunningService } from '../base/config.js';
import { createLogger } from '../base/logging.js';
import { Member } from '../group/member.js';
import { JobsPool } from '../pool/jobs-pool.js';
import { CatalogClient } from './catalog-client.js';
import { connectCatalogs } from './catalog-peers.js';
import { openJournalOrders } from './journal-orders.js';
import type { OrderResult } from './order-machine.js';
import { orderMetrics } from './order-metrics.js';
import { OrderPeerHandler } from './peer-handler.js';
import { openSqlOrders } from './sql-orders.js';
import { OrderStore } from './store.js';
import { ThreadHandler } from './thread-handler.js';

export async function startOrder(config: OrderConfig): Promise<RunningService> {
  const clock = systemClock;
  const logger = createLogger(config.name, config.log);
  const jobs = new JobsPool({ clock, logger });
  const parts = { config, jobs, clock, logger, advanced: () => store.advanced() };
  const orders = await (config.database
    ? openSqlOrders(parts, config.database)
    : openJournalOrders(parts));
  const { engine, machine, position, salesAreSafe } = orders;
  const member = new Member<OrderResult>({
    ...{ config, group: 'order', engine, machine, gated: false, logger },
    metrics: () => orderMetrics(config.name, store),
    logTime: () => catalogClient.logTime,
    applied(entry, result) {
      store.applied(entry, result);
      if (result.kind === 'audit') member.handler.marked(result.token, [entry.seq, result.hash]);
    },
  });
  const catalogs = connectCatalogs({
    ...{ config, identity: engine, clock },
    pushed: (name, sales) => catalogClient.pushed(name, sales),
    pushedCancellations: (name, some) => catalogClient.pushedCancellations(name, some),
    pushedMovements: (name, some) => catalogClient.pushedMovements(name, some),
    lost: (name) => catalogClient.lost(name),
  });
  const catalogClient = new CatalogClient(catalogs.peers, {
    sold: (sales) => projection?.sold(sales),
    cancelled: (cancellations) => projection?.cancelled(cancellations),
    moved: (movements) => projection?.moved(movements),
    broken: () => projection?.broken(),
  });
  const projection = orders.newProjection?.({
    subscription: catalogClient,
    answersAtSale: () => store.answersAtSale,
    propose: (command) => member.host.propose(command),
  });
  const store: OrderStore = new OrderStore({
    ...{ group: member.host, machine: position, clock, catalogClient, projection, salesAreSafe },
    awaited: (wanted) => orders.awaited?.(wanted),
  });
  const threads = new ThreadHandler(store, orders.openBook(store));
  const address = config.cluster.orders.find(({ name }) => name === config.name);
  catalogs.start();
  await member.open({
    address: required(address, `address of ${config.name}`),
    handler: new OrderPeerHandler({
      audit: (token, through, cancellations = 0, movements = 0) =>
        orders.audit(store, token, [through, cancellations, movements]),
      calls: (calls) => threads.calls(calls),
    }),
    program: new URL('./thread.js', import.meta.url),
    calls: (calls) => threads.calls(calls),
  });
  orders.begin({ store, member, catalogClient });
  return {
    name: config.name,
    ready: Promise.resolve(),
    failed: Promise.race([member.host.failed, orders.failed]),
    async stop() {
      await orders.end();
      await member.close();
      catalogs.close();
      await jobs.close();
    },
  };
}
