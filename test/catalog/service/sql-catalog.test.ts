/** The catalog over a real database: its log, its tables, a restart and the audit. */
import t from 'tap';
import { systemClock } from '../../../src/base/clock.js';
import type { CatalogConfig } from '../../../src/base/config.js';
import { silentLogger } from '../../../src/base/logging.js';
import type { CatalogResult } from '../../../src/catalog/machine/catalog-machine.js';
import type { CatalogEngine } from '../../../src/catalog/service/catalog-engine.js';
import { newMachine } from '../../../src/catalog/service/new-machine.js';
import { openSqlCatalog } from '../../../src/catalog/service/sql-catalog.js';
import { CatalogStore } from '../../../src/catalog/service/store.js';
import type { GroupHandle } from '../../../src/group/engine.js';
import type { RpcPeers } from '../../../src/group/rpc-peers.js';
import { JobsPool } from '../../../src/pool/jobs-pool.js';
import { until } from '../../database/faults.js';
import { type TestDatabase, testStore } from '../../support/postgres-server.js';
import { byClient, digest, product } from '../log-builder.js';
import { soldIn } from '../tables/table-store.js';
import { tradesAt } from '../tables/trades.js';

interface Open {
  readonly catalog: CatalogEngine;
  readonly group: GroupHandle<CatalogResult>;
  readonly store: CatalogStore;
}

async function open(
  test: { teardown(end: () => Promise<void>): void },
  database: TestDatabase,
): Promise<Open> {
  const clock = systemClock;
  const logger = silentLogger;
  const machine = newMachine();
  const jobs = new JobsPool({ clock, logger });
  const address = { host: '127.0.0.1', port: 1 };
  const replica = { name: 'catalog-1', service: address, peer: address };
  const config = { name: 'catalog-1', logRetentionHours: 1 } as CatalogConfig;
  const place = { url: database.url, env: {}, schema: database.schema };
  const catalog = await openSqlCatalog({ config, machine, jobs, clock, logger }, place);
  const group = catalog.engine.newGroup({
    ...{
      config,
      clock,
      logger,
      machine,
      gated: true,
      peers: { start: () => {} } as unknown as RpcPeers,
    },
    membership: { replicas: [replica], recoveryServers: [] },
    applied(entry, result) {
      catalog.applied(entry, result);
      store.applied(entry, result);
    },
  });
  const store: CatalogStore = new CatalogStore({ group, machine, clock, boundsTotals: () => true });
  test.teardown(async () => {
    group.stop();
    await catalog.engine.close();
    await jobs.close();
  });
  await group.start();
  await until(async () => store.status().serving);
  return { catalog, group, store };
}

async function tablesReach(database: TestDatabase, store: CatalogStore): Promise<void> {
  await until(async () => {
    const [row] = await database.query('SELECT applied_seq FROM applied');
    return Number(row?.applied_seq) === store.machine.appliedSeq;
  });
}

async function fill({ store }: Open): Promise<void> {
  const items = [product('Tux', { id: 1, quantity: 5 }), product('Gnu', { id: 2, quantity: 1 })];
  await store.stock(2, () => items);
  const bought = await store.proposePurchases(1, [
    byClient('a', [[1, 2]]),
    byClient('b', [
      [1, 1],
      [2, 1],
    ]),
    byClient('c', [[2, 1]]),
  ]);
  t.same(
    bought.map(([outcome]) => outcome),
    ['sold', 'sold', 'out_of_stock'],
  );
}

t.test('the tables show the state behind the log', async (t) => {
  const database = await testStore(t);
  const one = await open(t, database);
  await fill(one);
  await tablesReach(database, one.store);
  t.same(
    await database.query('SELECT id::int, quantity::int, sold::int FROM products ORDER BY id'),
    [
      { id: 1, quantity: 2, sold: 3 },
      { id: 2, quantity: 0, sold: 1 },
    ],
  );
  t.same(
    await database.query(
      'SELECT order_number::int AS number, product_id::int AS product, quantity::int FROM order_lines ORDER BY 1, 2',
    ),
    [
      { number: 1, product: 1, quantity: 2 },
      { number: 2, product: 1, quantity: 1 },
      { number: 2, product: 2, quantity: 1 },
    ],
  );
  t.equal(one.catalog.confirmed(one.store).sale, 2, 'the sales are orders');
});

t.test('the next process continues from the tables and the log', async (t) => {
  const database = await testStore(t);
  const first = await open(t, database);
  await fill(first);
  const hash = first.store.machine.hash();
  const seq = first.store.machine.appliedSeq;
  first.group.stop();
  await first.catalog.engine.close();
  const second = await open(t, database);
  const again = await second.store.proposePurchases(1, [
    byClient('b', [
      [1, 1],
      [2, 1],
    ]),
  ]);
  t.same(again[0]?.slice(0, 2), ['sold', 2], 'the key has its order');
  t.equal(second.store.status().epoch, 2);
  t.equal(second.store.machine.appliedSeq, seq + 2, 'an opening entry and the repetition');
  const replayed = await second.catalog.audit(second.store, 'token');
  t.equal(replayed[1], replayed[2], 'tables and log explain the state');
  t.same(replayed[5], []);
  t.not(hash, replayed[1]);
});

t.test('the audit names a row that was changed by hand', async (t) => {
  const database = await testStore(t);
  const one = await open(t, database);
  await fill(one);
  await tablesReach(database, one.store);
  const before = await one.catalog.audit(one.store, 'before');
  t.same(before[5], []);
  await database.query('UPDATE products SET quantity = 4, received = 7 WHERE id = 1');
  const [, served, recomputed, lastSale, books, problems] = await one.catalog.audit(
    one.store,
    'after',
  );
  t.not(recomputed, served);
  t.equal(lastSale, 2);
  t.same(books[0], [1, 'Tux', 5, 3, 2, 0, 0], 'the books are those that are served');
  t.same(problems, [
    'product 1: the tables say quantity = 4, the store 2',
    'product 1: the tables say received = 7, the store 5',
  ]);
});

t.test('the audit names a hold that was changed by hand', async (t) => {
  const database = await testStore(t);
  const one = await open(t, database);
  await fill(one);
  const { hold } = tradesAt(one.store.machine.lastLogTime);
  await one.store.propose(['rules', 3, { restockTo: 0, bundled: [] }]);
  await one.store.propose(['trade', 1, 1_000, [hold('a', [[1, 1]])]]);
  await tablesReach(database, one.store);
  t.same((await one.catalog.audit(one.store, 'before'))[5], []);
  await database.query('UPDATE holds SET ttl_seconds = 7');
  const [, served, recomputed, , , problems] = await one.catalog.audit(one.store, 'after');
  t.not(recomputed, served);
  t.same(problems, ['hold 1: the tables say ttlSeconds = 7, the store 60']);
});

t.test('the audit names a limit and a use that were changed by hand', async (t) => {
  const database = await testStore(t);
  const one = await open(t, database);
  await fill(one);
  const { buy } = tradesAt(one.store.machine.lastLogTime);
  await one.store.propose(['rules', 3, { restockTo: 0, bundled: [] }]);
  await one.store.propose(['update', 1, { limit: [2, 60] }]);
  await one.store.propose(['trade', 1, 1_000, [buy('limited', [[1, 1]], 'Ann')]]);
  await tablesReach(database, one.store);
  t.same((await one.catalog.audit(one.store, 'before'))[5], []);
  await database.query('UPDATE limit_uses SET quantity = 2');
  await database.query('UPDATE products SET limit_quantity = 3 WHERE id = 1');
  const [, served, recomputed, , , problems] = await one.catalog.audit(one.store, 'after');
  t.not(recomputed, served);
  const use = `use 1 ${Buffer.from(digest('Ann')).toString('hex')} 3`;
  t.same(problems, [
    'product 1: the tables say limitQuantity = 3, the store 2',
    `${use}: the tables say quantity = 2, the store 1`,
  ]);
});

t.test('cancellations reach the tables, and the catalog drops what they have', async (t) => {
  const database = await testStore(t);
  const one = await open(t, database);
  await fill(one);
  const { store, catalog } = one;
  const { buy, cancel } = tradesAt(store.machine.lastLogTime);
  await store.propose(['rules', 3, { restockTo: 0, bundled: [] }]);
  const bought = await store.propose(['trade', 1, 1_000, [buy('to cancel', [[1, 2]], 'Ann')]]);
  const [sale] = soldIn(bought);
  if (!sale) throw new Error('nothing was sold');
  await store.propose(['trade', 1, 1_000, [cancel('b', sale, { lines: [[1, 1]] })]]);
  await tablesReach(database, store);
  t.equal(catalog.confirmed(store).cancellation, 1, 'the tables have it');
  await store.propose(['cursor', 3, catalog.confirmed(store).cancellation]);
  await store.propose(['trade', 1, 1_000, [cancel('c', sale)]]);
  await tablesReach(database, store);
  const [, , , , books, problems, lastCancellation] = await catalog.audit(store, 'before');
  t.same(problems, []);
  t.equal(lastCancellation, 2);
  t.equal(books[0]?.[6], 2, 'both units are back');
  await database.query("UPDATE cancellations SET cancelled = '{1,1}' WHERE number = 2");
  const [, served, recomputed, , , found] = await catalog.audit(store, 'after');
  t.not(recomputed, served);
  t.same(found, ['cancelled order 3: the tables say units = [1,1], the store [1,2]']);
});

t.test('movements reach the tables, and the catalog drops what they have', async (t) => {
  const database = await testStore(t);
  const one = await open(t, database);
  const { store, catalog } = one;
  t.ok(catalog.keepsLedger, 'no order leader has to ask');
  await store.propose(['rules', 4, { restockTo: 0, bundled: [] }]);
  await fill(one);
  await tablesReach(database, store);
  t.equal(catalog.confirmed(store).movement, 5, 'two products, and three lines');
  await store.propose(['cursor', 2, 0, catalog.confirmed(store).movement]);
  t.equal(store.machine.movements.watermark, 5);
  await store.propose(['adjust', 1, { delta: -1, reason: 'damaged' }]);
  await tablesReach(database, store);
  const audit = await catalog.audit(store, 'before');
  t.same(audit[5], []);
  t.equal(audit[1], audit[2]);
  t.equal(audit[7], 6);
  await database.query("UPDATE stock_movements SET cause = 'change' WHERE number = 6");
  const [, served, recomputed] = await catalog.audit(store, 'after');
  t.not(recomputed, served);
});
