/**
 * The catalog over its own folder: restores the state from the newest snapshot, keeps the journal short,
 * and audits the files.
 */
import { assert } from '../../base/assert.js';
import { advised, openFolder } from '../../group/folder.js';
import { journalEngine } from '../../group/journal-engine.js';
import { snapshotPort } from '../../group/snapshot-files.js';
import { CatalogAuditor } from './auditor.js';
import type { CatalogEngine, CatalogEngineOptions } from './catalog-engine.js';
import { restoreCatalog } from './restore.js';
import { type KeptSnapshots, keepSnapshots } from './snapshots.js';

export async function openJournalCatalog(options: CatalogEngineOptions): Promise<CatalogEngine> {
  const { config, machine, jobs, clock, logger } = options;
  const folder = await openFolder(config, { group: 'catalog', keepAll: false, logger });
  const base = await advised(folder, restoreCatalog(folder.snapshots, machine, { logger }));
  const received = snapshotPort(folder.snapshots, async ({ seq }) => {
    const restored = await restoreCatalog(folder.snapshots, machine, { logger });
    assert(restored.seq === seq, 'the received snapshot is the one restored');
  });
  let fail: (error: Error) => void = () => {};
  const failed = new Promise<Error>((resolve) => {
    fail = resolve;
  });
  let snapshots: KeptSnapshots | undefined;
  return {
    engine: journalEngine({ folder, clock, base, snapshots: received }),
    applied: () => {},
    flush({ salesStream, cancellationStream, movementStream }, withMovements) {
      salesStream.flush();
      cancellationStream.flush();
      if (withMovements) movementStream.flush();
    },
    begin(store) {
      const { snapshotEveryBytes: everyBytes } = config;
      snapshots = keepSnapshots({ folder, store, jobs, clock, logger, base, everyBytes });
      void snapshots.upkeep.failed.then(fail);
      snapshots.upkeep.start();
    },
    confirmed: ({ salesStream, cancellationStream, movementStream }) => ({
      sale: salesStream.confirmed,
      cancellation: cancellationStream.confirmed,
      movement: movementStream.confirmed,
    }),
    keepsLedger: false,
    audit: (store, token) => new CatalogAuditor(store, jobs, folder).audit(token),
    failed,
    async end() {
      await snapshots?.upkeep.stop();
    },
    async beforeClose() {
      await snapshots?.saveAtStop();
    },
  };
}
