/**
 * The orders in the service's own folder: the leader logs the catalog's sales, the journal is the order
 * book, and its closed segments are packed.
 */
import type { Timer } from '../base/clock.js';
import { openFolder } from '../group/folder.js';
import { journalEngine } from '../group/journal-engine.js';
import { votersOf } from '../group/membership.js';
import { OrderAuditor } from './auditor.js';
import { rulesOfCancellations, rulesOfMovements } from './book-position.js';
import { journalBook } from './journal-book.js';
import type { OrderEngine, OrderEngineOptions } from './order-engine.js';
import { OrderMachine } from './order-machine.js';
import { startOrderRules } from './order-rules.js';
import { packSegments } from './packing.js';
import { Projection } from './projection.js';
import { salesAreSafe } from './store.js';

export async function openJournalOrders(options: OrderEngineOptions): Promise<OrderEngine> {
  const { config, jobs, clock, logger } = options;
  const folder = await openFolder(config, { group: 'order', keepAll: true, logger });
  const { journal } = folder;
  const machine = new OrderMachine();
  const packing = packSegments({ journal, jobs, clock, logger });
  const [catalogVoters, orderVoters] = [
    votersOf(config.cluster, 'catalog').length,
    votersOf(config.cluster, 'order').length,
  ];
  let rules: Timer | undefined;
  return {
    engine: journalEngine({ folder, clock, base: { seq: 0, epoch: 0, time: 0 } }),
    machine,
    position: machine,
    salesAreSafe: salesAreSafe(catalogVoters, orderVoters),
    newProjection: (parts) =>
      new Projection({
        ...{ ...parts, clock, logger },
        lastOrder: () => machine.lastOrder,
        lastCancellation: () =>
          machine.rules >= rulesOfCancellations ? machine.lastCancellation : undefined,
        lastMovement: () => (machine.rules >= rulesOfMovements ? machine.lastMovement : undefined),
      }),
    openBook: (store) => journalBook(store, machine, (seq) => journal.readEntry(seq)),
    begin({ store, member, catalogClient }) {
      packing.start();
      rules = startOrderRules({
        ...{ clock, logger },
        serving: () => store.status().serving,
        current: () => machine.rules,
        supported: () => Math.min(member.rules(), catalogClient.rules),
        propose: (command) => store.propose(command),
      });
    },
    audit: (store, token, through) => new OrderAuditor(store, jobs, folder).audit(token, through),
    failed: packing.failed,
    async end() {
      rules?.cancel();
      await packing.stop();
    },
  };
}
