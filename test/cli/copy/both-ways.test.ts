/** A store with orders, holds, cancellations and movements is copied to a real database and back. */
import { join } from 'node:path';
import t from 'tap';
import { copyToDatabase, copyToFolder, type Reports } from '../../../src/cli/copy/copy-run.js';
import { planCluster } from '../../../src/cli/launcher/store-plan.js';
import { emptyStore, movedLog, startCatalog, untilWritten, writeStore } from './stores.js';

const quiet: Reports = { say: () => {}, progress: () => {} };
const cluster = planCluster({
  ...{ host: '127.0.0.1', portOffset: 0 },
  ...{ catalogs: 2, orders: 1, recovery: 0 },
});

t.test('a store goes to a database and back, and goes on there', async (t) => {
  const root = t.testdir();
  const [dataDir, target] = [join(root, 'data'), join(root, 'back')];
  const log = movedLog();
  await writeStore(dataDir, log);
  const database = await emptyStore(t);
  const there = await copyToDatabase(dataDir, database, quiet);
  t.same(there.differences, []);
  t.match(there.target, { movements: 6, orders: 8, state: log.machine.hash() });
  t.match(there.target.ledger, /^[0-9a-f]{64}$/);
  t.match(
    await database.query(
      'SELECT number::int, cause, reference, begins_run FROM stock_movements ORDER BY number',
    ),
    [
      { number: 1, cause: 'opening', begins_run: false },
      { number: 2, cause: 'opening', begins_run: false },
      { number: 3, cause: 'adjustment', reference: 'a\\0"b" \\\\0 {c}' },
      { number: 4, cause: 'sale', begins_run: true },
      { number: 5, cause: 'hold', begins_run: false },
      { number: 6, cause: 'adjustment', begins_run: true },
    ],
  );
  const running = await startCatalog(database);
  const { store } = running;
  await store.propose(['adjust', 2, { delta: -1, reason: 'damaged' }]);
  await untilWritten(database, store);
  await running.stop();
  const back = await copyToFolder(database, target, cluster, quiet);
  t.same(back.differences, []);
  t.match(back.target, { movements: 7, state: store.machine.hash() });
});
