/** Rebuilds of the tables from a real log: what is repaired, and when it is impossible. */
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Timer } from '../../../src/base/clock.js';
import { databaseLimits } from '../../../src/base/database-limits.js';
import { copyToDatabase, type Reports } from '../../../src/cli/copy/copy-run.js';
import { rebuildTables } from '../../../src/cli/copy/rebuild-run.js';
import { byClient, digest, product } from '../../catalog/log-builder.js';
import type { TestDatabase } from '../../support/postgres-server.js';
import {
  cancelledLog,
  emptyStore,
  first,
  fullLog,
  heldLog,
  movedLog,
  startCatalog,
  untilWritten,
  writeStore,
} from './stores.js';

const quiet: Reports = { say: () => {}, progress: () => {} };

/** A store that was founded in the database and is stopped. Returns the hash of its state. */
async function ranStore(t: Test): Promise<{ database: TestDatabase; hash: string }> {
  const database = await emptyStore(t);
  const running = await startCatalog(database);
  const { store } = running;
  const items = [product('Tux', { id: 1 }), product('Whale', { id: 2, quantity: 5 })];
  await store.stock(2, () => items);
  await store.proposePurchases(1, [first, byClient('b', [[1, 2]]), byClient('c', [[2, 9]])]);
  await store.proposePurchases(1, [byClient('d', [[1, 1]])]);
  await untilWritten(database, store);
  await running.stop();
  return { database, hash: store.machine.hash() };
}

const damages = [
  'UPDATE products SET quantity = 4, received = sold + 4 WHERE id = 1',
  'UPDATE orders SET total_cents = 1, seq = 1 WHERE number = 2',
  'UPDATE order_lines SET quantity = 7 WHERE order_number = 1 AND place = 2',
  'DELETE FROM order_lines WHERE order_number = 3',
  "INSERT INTO products VALUES (3, 'Fake', 'toys', 1, 1, 1, 1, 0, false, NULL)",
  "INSERT INTO orders VALUES (4, decode(repeat('00', 16), 'hex'), 1, 1, 1)",
  'INSERT INTO order_lines VALUES (4, 1, 3, $$Fake$$, 1, 1), (1, 3, 3, $$Fake$$, 1, 1)',
  "DELETE FROM purchase_keys WHERE kind = 'client' AND ordinal = 1",
  "UPDATE purchase_keys SET code = 9 WHERE kind = 'client' AND ordinal = 2",
  "UPDATE applied SET head = '', last_order = 77",
];

t.test('rows that were changed, added or deleted are repaired', async (t) => {
  const { database, hash } = await ranStore(t);
  const before = await rowsOf(database);
  for (const damage of damages) await database.query(damage);
  const rebuilt = await rebuildTables(database, undefined, quiet);
  t.same(rebuilt.differences, []);
  t.match(rebuilt, { products: 2, orders: 3, state: hash });
  t.match(rebuilt, { changed: 7, deleted: 3 }, 'right rows are not written');
  t.same(await rowsOf(database), before);
  const running = await startCatalog(database);
  t.teardown(() => running.stop());
  const [again] = await running.store.proposePurchases(1, [first]);
  t.same(again?.slice(0, 2), ['sold', 1]);
});

const holdDamages = [
  "UPDATE holds SET state = 'released', end_time = 0 WHERE serial = 2",
  "UPDATE holds SET id = decode(repeat('00', 16), 'hex') WHERE serial = 3",
  // Hold 9 has the id of hold 4.
  "UPDATE holds SET id = decode(repeat('01', 16), 'hex') WHERE serial = 4",
  `INSERT INTO holds SELECT 9, decode('${Buffer.from(digest('expired')).toString('hex')}', 'hex'), NULL,
    'open', 1, 1, 1, 1, 1, NULL, NULL`,
  'UPDATE hold_lines SET quantity = 9 WHERE hold_serial = 2 AND place = 1',
  'INSERT INTO hold_lines VALUES (2, 3, 40, 1, 1)',
  'DELETE FROM hold_lines WHERE hold_serial = 5',
];

t.test('holds that were changed, added or deleted are repaired', async (t) => {
  const dataDir = join(t.testdir(), 'data');
  const database = await emptyStore(t);
  const log = heldLog();
  await writeStore(dataDir, log);
  await copyToDatabase(dataDir, database, quiet);
  const before = await rowsOf(database);
  for (const damage of holdDamages) await database.query(damage);
  const rebuilt = await rebuildTables(database, dataDir, quiet);
  t.same(rebuilt.differences, []);
  t.match(
    rebuilt,
    { deleted: 3, orders: 7 },
    'those with another id are deleted and written again',
  );
  t.same(await rowsOf(database), before);
});

const useDamages = [
  "INSERT INTO limit_uses VALUES (40, decode(repeat('01', 16), 'hex'), 1, 1, 0, 1)",
  "INSERT INTO limit_uses VALUES (1, decode(repeat('00', 16), 'hex'), -1, 1, 0, 1)",
  'UPDATE limit_uses SET quantity = 9 WHERE product_id = 1',
  'UPDATE limit_uses SET source = -9 WHERE source = -2 AND product_id = 2',
  'UPDATE orders SET customer = NULL',
  'UPDATE products SET limit_quantity = 7, limit_window_seconds = NULL WHERE id = 2',
];

t.test('limits and uses that were changed, added or deleted are repaired', async (t) => {
  const dataDir = join(t.testdir(), 'data');
  const database = await emptyStore(t);
  await writeStore(dataDir, heldLog());
  await copyToDatabase(dataDir, database, quiet);
  const before = await rowsOf(database);
  for (const damage of useDamages) await database.query(damage);
  const rebuilt = await rebuildTables(database, dataDir, quiet);
  t.match(rebuilt, { differences: [], deleted: 3, orders: 7 });
  t.same(await rowsOf(database), before);
});

const cancelDamages = [
  "UPDATE cancellations SET cancelled = '{1,7}', reason = 'mine' WHERE number = 3",
  'UPDATE cancellations SET order_number = 4 WHERE number = 2',
  'UPDATE cancellation_lines SET quantity = 9 WHERE cancellation_number = 3 AND place = 1',
  "INSERT INTO cancellation_lines VALUES (2, 3, 40, 'Fake', 1, 1)",
  'DELETE FROM cancellation_lines WHERE cancellation_number = 1',
  "INSERT INTO orders VALUES (8, decode(repeat('00', 16), 'hex'), 1, 1, 1)",
  "INSERT INTO cancellations SELECT 4, key, 8, 1, true, NULL, 1, 0, '{1,1}', true, 4 FROM orders WHERE number = 8",
  "INSERT INTO cancellation_lines VALUES (4, 1, 1, 'Fake', 1, 1)",
  'UPDATE applied SET last_cancellation = 9',
];

t.test('cancellations that were changed, added or deleted are repaired', async (t) => {
  const dataDir = join(t.testdir(), 'data');
  const database = await emptyStore(t);
  await writeStore(dataDir, cancelledLog());
  await copyToDatabase(dataDir, database, quiet);
  const before = await rowsOf(database);
  for (const damage of cancelDamages) await database.query(damage);
  const rebuilt = await rebuildTables(database, dataDir, quiet);
  t.match(rebuilt, { differences: [], changed: 5, deleted: 3, orders: 7 });
  t.same(await rowsOf(database), before);
  t.match(await rebuildTables(database, dataDir, quiet), { changed: 0, deleted: 0 });
});

const moveDamages = [
  "UPDATE stock_movements SET delta = 7, cause = 'change', reference = 'mine' WHERE number = 1",
  'UPDATE stock_movements SET begins_run = false WHERE number = 4',
  'DELETE FROM stock_movements WHERE number = 2',
  "INSERT INTO stock_movements VALUES (9, 1, 0, 1, 1, 1, 1, 1, true, 'sale', NULL, NULL)",
  'UPDATE applied SET last_movement = 9',
];

t.test('movements that were changed, added or deleted are repaired', async (t) => {
  const dataDir = join(t.testdir(), 'data');
  const database = await emptyStore(t);
  await writeStore(dataDir, movedLog());
  await copyToDatabase(dataDir, database, quiet);
  const before = await rowsOf(database);
  for (const damage of moveDamages) await database.query(damage);
  const rebuilt = await rebuildTables(database, dataDir, quiet);
  t.match(rebuilt, { differences: [], changed: 3, deleted: 1 });
  t.same(await rowsOf(database), before);
  t.match(await rebuildTables(database, dataDir, quiet), { changed: 0, deleted: 0 });
});

t.test('a replay of the log makes the same movements', async (t) => {
  const database = await emptyStore(t);
  const running = await startCatalog(database);
  const { store } = running;
  await store.propose(['rules', 4, { restockTo: 0, bundled: [] }]);
  const items = [product('Tux', { id: 1 }), product('Whale', { id: 2, quantity: 5 })];
  await store.stock(2, () => items);
  await store.proposePurchases(1, [first, byClient('b', [[1, 2]])]);
  await untilWritten(database, store);
  await store.propose(['cursor', 2, 0, 4]);
  await store.propose(['adjust', 1, { delta: 1, reason: 'count' }]);
  await untilWritten(database, store);
  await running.stop();
  const before = await rowsOf(database);
  await database.query('DELETE FROM stock_movements WHERE number IN (1, 3, 6)');
  const rebuilt = await rebuildTables(database, undefined, quiet);
  t.match(rebuilt, { differences: [], changed: 3, deleted: 0, state: store.machine.hash() });
  t.same(await rowsOf(database), before);
});

t.test('a rebuild of right tables changes nothing', async (t) => {
  const { database } = await ranStore(t);
  t.match(await rebuildTables(database, undefined, quiet), { changed: 0, deleted: 0 });
});

t.test('a store does not start on an unfinished rebuild, which can be repeated', async (t) => {
  const { database, hash } = await ranStore(t);
  await database.query('DELETE FROM order_lines; DELETE FROM orders');
  const interrupted: Reports = {
    say: () => {},
    progress(phase) {
      if (phase === 'orders') throw new Error('interrupted');
    },
  };
  await t.rejects(rebuildTables(database, undefined, interrupted), { message: 'interrupted' });
  await t.rejects(startCatalog(database), { message: /run bazar store check --rebuild again/ });
  t.match(await rebuildTables(database, undefined, quiet), { state: hash, differences: [] });
});

t.test('a log that does not begin with entry 1 needs the state before it', async (t) => {
  const root = t.testdir();
  const dataDir = join(root, 'data');
  const database = await emptyStore(t);
  await writeStore(dataDir, fullLog());
  await copyToDatabase(dataDir, database, quiet);
  const running = await startCatalog(database);
  await running.store.proposePurchases(9, [byClient('later', [[1, 1]])]);
  await untilWritten(database, running.store);
  await running.stop();
  await database.query('UPDATE orders SET total_cents = 1');
  await t.rejects(rebuildTables(database, undefined, quiet), {
    code: 'conflict',
    message: /the log begins at entry \d+, not at 1; give the newest copy of the store/,
  });
  const other = join(root, 'other');
  await writeStore(other, fullLog(1));
  await t.rejects(rebuildTables(database, other, quiet), { message: /but .*other ends at \d+/ });
  const rebuilt = await rebuildTables(database, dataDir, quiet);
  t.match(rebuilt, { differences: [], orders: 7, changed: 7, deleted: 0 });
  t.equal(rebuilt.state, running.store.machine.hash());
});

t.test('a running store is not rebuilt', async (t) => {
  const { database } = await ranStore(t);
  // The leader confirms its lead while it is watched.
  const confirm = 'UPDATE leaders SET confirmations = confirmations + 1';
  const after = (ms: number, callback: () => void): Timer => {
    if (ms !== databaseLimits.watchMs) return database.clock.after(ms, callback);
    void database.query(confirm).then(callback);
    return { cancel: () => {} };
  };
  const watched = { ...database, clock: { ...database.clock, after } };
  await t.rejects(rebuildTables(watched, undefined, quiet), {
    code: 'conflict',
    message: /a store runs on schema .*: stop it first/,
  });
});

async function rowsOf(database: TestDatabase): Promise<unknown> {
  const tables = [
    ...['products', 'orders', 'order_lines', 'purchase_keys', 'change_keys'],
    ...['holds', 'hold_lines', 'limit_uses', 'cancellations', 'cancellation_lines'],
    'stock_movements',
  ];
  const all = [];
  for (const table of tables)
    all.push(await database.query(`SELECT * FROM ${table} ORDER BY 1, 2`));
  return all;
}
