/**
 * The catalog service: composes the store, its group member and its listeners. Contains no rules of
 * its own.
 */
import { required } from '../../base/assert.js';
import { systemClock } from '../../base/clock.js';
import type { CatalogConfig, RunningService } from '../../base/config.js';
import { createLogger } from '../../base/logging.js';
import { Member } from '../../group/member.js';
import { JobsPool } from '../../pool/jobs-pool.js';
import { type RulesSettings, rulesVersion } from '../../wire/internal.js';
import { deregisterDead } from '../coherence/deregister-dead.js';
import type { CatalogResult } from '../machine/catalog-machine.js';
import { keepWatermark } from '../streams/projected-watermark.js';
import { readBundled } from './bundled-products.js';
import { keepCapacity } from './capacity.js';
import { catalogMetrics } from './catalog-metrics.js';
import type { StockParts } from './first-stock-job.js';
import { HoldExpiry } from './hold-expiry.js';
import { openJournalCatalog } from './journal-catalog.js';
import { newMachine } from './new-machine.js';
import { CatalogPeerHandler } from './peer-handler.js';
import { startRestocking } from './restock.js';
import { Rules } from './rules.js';
import { openSqlCatalog } from './sql-catalog.js';
import { stockOnce } from './stock-once.js';
import { CatalogStore } from './store.js';
import { ThreadHandler } from './thread-handler.js';

/** The newest rules without movements of stock. */
const rulesWithoutLedger = 3;

export async function startCatalog(config: CatalogConfig): Promise<RunningService> {
  const clock = systemClock;
  const logger = createLogger(config.name, config.log);
  const machine = newMachine();
  const jobs = new JobsPool({ clock, logger });
  const parts = { config, machine, jobs, clock, logger };
  const catalog = await (config.database
    ? openSqlCatalog(parts, config.database)
    : openJournalCatalog(parts));
  const member = new Member<CatalogResult>({
    config,
    group: 'catalog',
    engine: catalog.engine,
    machine,
    gated: true,
    logger,
    canServe: () => machine.isStocked,
    metrics: () => catalogMetrics(config.name, machine),
    logTime: () => machine.lastLogTime,
    currency: () => (machine.rules > 2 ? machine.currency : undefined),
    met: () => rules.check(),
    beforeClose: () => catalog.beforeClose(),
    applied(entry, result) {
      catalog.applied(entry, result);
      store.applied(entry, result);
      if (result.kind === 'audit') member.handler.marked(result.token, [entry.seq, result.hash]);
    },
  });
  const store = new CatalogStore({
    ...{ group: member.host, machine, clock },
    boundsTotals: () => member.boundsTotals(),
  });
  const handler = new CatalogPeerHandler({
    store,
    logger,
    clock,
    audit: (token) => catalog.audit(store, token),
    flush: (withMovements) => catalog.flush(store, withMovements),
  });
  member.host.onRole(({ role }) => {
    if (role !== 'leader') handler.resign();
  });
  const threads = new ThreadHandler(store, (...question) => member.ask(...question));
  const settings = async (): Promise<RulesSettings> => {
    const { restockTo, currency, bundledFile } = config;
    const bundled = await readBundled(bundledFile);
    return { restockTo, bundled, ...(currency === undefined ? {} : { currency }) };
  };
  // Movements are kept until the order group has them, so an order leader must ask first (docs/STOCK.md, M3).
  const hasLedger = (): boolean => catalog.keepsLedger || handler.ledgerWanted;
  const supported = (): number =>
    Math.min(member.rules(), hasLedger() ? rulesVersion : rulesWithoutLedger);
  const rules = new Rules({ store, clock, logger, supported, settings });
  const read = (): Promise<StockParts> => {
    const module = new URL('./first-stock-job.js', import.meta.url);
    return jobs.run(module, 'readStock', { path: config.productsFile }) as Promise<StockParts>;
  };
  const settled = (needsRules: boolean): Promise<void> => rules.settled(needsRules);
  const stocked = stockOnce({ store, read, settled, settings });
  const address = config.cluster.catalogs.find(({ name }) => name === config.name);
  await member.open({
    address: required(address, `address of ${config.name}`),
    handler,
    program: new URL('./thread.js', import.meta.url),
    calls: (calls) => threads.calls(calls),
  });
  const { restockEverySeconds: everySeconds, restockTo: target, clientKeysMax } = config;
  const restocking = startRestocking({ store, clock, logger, everySeconds, target });
  const capacity = keepCapacity({ store, clock, logger, clientKeysMax });
  const watermark = keepWatermark(store, () => catalog.confirmed(store), clock, logger);
  const deregistering = deregisterDead(store, clock, logger);
  const expiry = new HoldExpiry({ store, clock, logger });
  catalog.begin(store);
  return {
    name: config.name,
    // With several replicas only the leader stocks, so the others must not wait for it.
    ready: config.cluster.catalogs.length === 1 ? stocked : Promise.resolve(),
    failed: Promise.race([member.host.failed, failureOf(stocked), catalog.failed]),
    async stop() {
      restocking.cancel();
      capacity.cancel();
      watermark.cancel();
      deregistering.cancel();
      expiry.stop();
      rules.stop();
      await catalog.end();
      await member.close();
      await jobs.close();
    },
  };
}

/** Rejects if the work fails; never resolves otherwise. */
function failureOf(work: Promise<void>): Promise<Error> {
  return new Promise((resolve) => {
    work.catch((error: unknown) => {
      resolve(error instanceof Error ? error : new Error(String(error)));
    });
  });
}
