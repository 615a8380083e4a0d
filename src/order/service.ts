/**
 * The order service: composes the store, its group member, its catalog client and its listeners.
 * Contains no rules of its own.
 */
import { required } from '../base/assert.js';
import { systemClock } from '../base/clock.js';
import type { OrderConfig, RunningService } from '../base/config.js';
import { createLogger } from '../base/logging.js';
import { openFolder } from '../group/folder.js';
import { journalEngine } from '../group/journal-engine.js';
import { Member } from '../group/member.js';
import { votersOf } from '../group/membership.js';
import { JobsPool } from '../pool/jobs-pool.js';
import { OrderAuditor } from './auditor.js';
import { CatalogClient } from './catalog-client.js';
import { connectCatalogs } from './catalog-peers.js';
import { OrderMachine, type OrderResult } from './order-machine.js';
import { orderMetrics } from './order-metrics.js';
import { startOrderRules } from './order-rules.js';
import { packSegments } from './packing.js';
import { OrderPeerHandler } from './peer-handler.js';
import { Projection } from './projection.js';
import { OrderStore, salesAreSafe } from './store.js';
import { ThreadHandler } from './thread-handler.js';

export async function startOrder(config: OrderConfig): Promise<RunningService> {
  const clock = systemClock;
  const logger = createLogger(config.name, config.log);
  const folder = await openFolder(config, { group: 'order', keepAll: true, logger });
  const { journal } = folder;
  const machine = new OrderMachine();
  const jobs = new JobsPool({ clock, logger });
  const member = new Member<OrderResult>({
    config,
    group: 'order',
    engine: journalEngine({ folder, clock, base: { seq: 0, epoch: 0, time: 0 } }),
    machine,
    gated: false,
    logger,
    metrics: () => orderMetrics(config.name, store),
    logTime: () => catalogClient.logTime,
    applied(entry, result) {
      store.applied(entry, result);
      if (result.kind === 'audit') member.handler.marked(result.token, [entry.seq, result.hash]);
    },
  });
  const catalogs = connectCatalogs({
    config,
    identity: folder.identity,
    clock,
    pushed: (name, sales) => catalogClient.pushed(name, sales),
    lost: (name) => catalogClient.lost(name),
  });
  const catalogClient = new CatalogClient(catalogs.peers, {
    sold: (sales) => projection.sold(sales),
    broken: () => projection.broken(),
  });
  const projection = new Projection({
    subscription: catalogClient,
    clock,
    logger,
    lastOrder: () => machine.lastOrder,
    answersAtSale: () => store.answersAtSale,
    propose: (command) => member.host.propose(command),
  });
  const [catalogVoters, orderVoters] = [
    votersOf(config.cluster, 'catalog').length,
    votersOf(config.cluster, 'order').length,
  ];
  const store = new OrderStore({
    ...{ group: member.host, machine, clock, catalogClient, projection },
    salesAreSafe: salesAreSafe(catalogVoters, orderVoters),
  });
  const auditor = new OrderAuditor(store, jobs, folder);
  const threads = new ThreadHandler(store, (seq) => journal.readEntry(seq));
  const address = config.cluster.orders.find(({ name }) => name === config.name);
  catalogs.start();
  await member.open({
    address: required(address, `address of ${config.name}`),
    handler: new OrderPeerHandler({
      audit: (token, through) => auditor.audit(token, through),
      calls: (calls) => threads.calls(calls),
    }),
    program: new URL('./thread.js', import.meta.url),
    calls: (calls) => threads.calls(calls),
  });
  const packing = packSegments({ journal, jobs, clock, logger });
  packing.start();
  const rules = startOrderRules({
    ...{ clock, logger },
    serving: () => store.status().serving,
    current: () => machine.rules,
    supported: () => Math.min(member.rules(), catalogClient.rules),
    propose: (command) => store.propose(command),
  });
  return {
    name: config.name,
    ready: Promise.resolve(),
    failed: Promise.race([member.host.failed, packing.failed]),
    async stop() {
      rules.cancel();
      await packing.stop();
      await member.close();
      catalogs.close();
      await jobs.close();
    },
  };
}
