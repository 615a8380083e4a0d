import t from 'tap';
import { PostgresTables } from '../../src/database/postgres-tables.js';
import type { TableChanges } from '../../src/database/rows.js';
import type { FindOrdersParams } from '../../src/wire/thread-requests.js';
import { type TestDatabase, testStore } from '../support/postgres-server.js';
import { logOf } from './faults.js';
import { append, cancellationsOf, digest, leadAfter, movementsOf, sales } from './rows.js';

interface Teardown {
  teardown(end: () => Promise<void>): void;
}

function tablesOf(test: Teardown, database: TestDatabase): PostgresTables {
  const tables = new PostgresTables(database);
  test.teardown(() => tables.close());
  return tables;
}

async function fill(test: Teardown, database: TestDatabase, changes: TableChanges): Promise<void> {
  const log = logOf(test, database);
  const result = await log.write(
    append(await log.takeLead('catalog-1'), changes.appliedSeq, changes),
  );
  t.same(result, { kind: 'written' });
}

const every: FindOrdersParams = [0, 0, null, 10, null, null, null, null];

t.test('a starting replica reads all tables in one snapshot', async (t) => {
  const database = await testStore(t);
  const changes = sales(5_000, 10_000);
  const log = logOf(t, database);
  const lead = await log.takeLead('catalog-1');
  const first = append(lead, 5_000, changes);
  t.same(await log.write(first), { kind: 'written' });
  const pieces = [];
  for await (const piece of tablesOf(t, database).readTables(4_998)) {
    // Later changes are not in the snapshot.
    if (piece.kind === 'applied') {
      const later = append(leadAfter(lead, first), 1, sales(5_001, 10_000));
      t.same(await log.write(later), { kind: 'written' });
    }
    pieces.push(piece);
  }
  const { appliedSeq, lastOrder } = changes;
  const ends = { lastOrder, lastCancellation: 0, lastMovement: 0 };
  const applied = { appliedSeq, ...ends, head: Buffer.from('head') };
  const keys = changes.purchaseKeys;
  t.same(pieces, [
    { kind: 'applied', applied },
    { kind: 'products', rows: changes.products },
    { kind: 'orders', rows: changes.orders.slice(4_998) },
    { kind: 'purchase_keys', rows: keys.slice(0, 4_096) },
    { kind: 'purchase_keys', rows: keys.slice(4_096) },
    { kind: 'change_keys', rows: changes.changeKeys },
  ]);
});

t.test('an order comes with the last order of its snapshot', async (t) => {
  const database = await testStore(t);
  const changes = sales(3);
  await fill(t, database, changes);
  const tables = tablesOf(t, database);
  const order = { ...changes.orders[1], cancelled: null };
  const ends = { lastOrder: 3, lastCancellation: 0, lastMovement: 0 };
  t.same(await tables.readOrder(2), { order, ...ends });
  t.same(await tables.readOrder(4), { order: undefined, ...ends });
  t.match(await tables.readApplied(), { appliedSeq: 3, lastOrder: 3 });
});

t.test('orders are found by number, time, product and key, in either direction', async (t) => {
  const database = await testStore(t);
  const tables = tablesOf(t, database);
  const numbersOf = async (params: FindOrdersParams) => {
    const { orders, next, lastOrder } = await tables.readOrders(params);
    return [orders.map(({ number }) => number), next, lastOrder];
  };
  t.same(await numbersOf(every), [[], null, 0], 'an empty book');
  const base = sales(30);
  const other = { productId: 2, name: 'tea', quantity: 1, priceCents: 0 };
  const [cup] = base.products;
  t.ok(cup);
  const tea = { ...(cup ?? base.products[0]), id: 2, name: 'tea' };
  const orders = base.orders.map((order) =>
    order.number % 10 === 0 ? { ...order, lines: [...order.lines, other, other] } : order,
  );
  await fill(t, database, {
    ...base,
    orders,
    products: [...base.products, tea as typeof cup & object],
  });

  t.same(await numbersOf(every), [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 10, 30]);
  t.same(await numbersOf([1, 0, null, 3, null, null, null, null]), [[30, 29, 28], 28, 30]);
  t.same(await numbersOf([0, 27, null, 3, null, null, null, null]), [[28, 29, 30], null, 30]);
  t.same(await numbersOf([1, 3, 6, 9, null, null, null, null]), [[5, 4], null, 30]);
  t.same(await numbersOf([0, 0, null, 9, 4_000, 6_000, null, null]), [[4, 5], null, 30]);
  t.same(await numbersOf([1, 0, null, 1, 4_000, null, null, null]), [[30], 30, 30]);
  t.same(await numbersOf([0, 0, null, 9, null, null, 2, null]), [[10, 20, 30], null, 30]);
  t.same(await numbersOf([1, 0, null, 2, null, null, 'tea', null]), [[30, 20], 20, 30]);
  t.same(await numbersOf([1, 0, 20, 2, null, null, 'tea', null]), [[10], null, 30]);
  t.same(await numbersOf([0, 0, null, 9, 15_000, null, 2, null]), [[20, 30], null, 30]);
  t.same(await numbersOf([0, 0, null, 9, null, null, 'Tea', null]), [[], null, 30]);
  t.same(await numbersOf([0, 0, null, 9, null, null, null, digest(7)]), [[7], null, 30]);
  t.same(await numbersOf([0, 0, null, 9, null, null, 2, digest(7)]), [[], null, 30]);
  t.same(await numbersOf([0, 0, null, 9, null, null, 'tea', digest(10)]), [[10], null, 30]);
  const { orders: found } = await tables.readOrders([0, 9, null, 1, null, null, null, null]);
  t.same(found, [{ ...orders[9], cancelled: null }], 'with all lines in their order');
});

t.test('orders come with what is cancelled of them, and cancellations in pages', async (t) => {
  const database = await testStore(t);
  const changes = cancellationsOf([2, 3], 4);
  await fill(t, database, changes);
  const { cancellations: made = [] } = changes;
  const tables = tablesOf(t, database);
  const ends = { lastOrder: 4, lastCancellation: 3, lastMovement: 0 };
  t.match(await tables.readOrder(2), { order: { cancelled: [1, 2] }, ...ends });
  const { orders } = await tables.readOrders(every);
  t.same(
    orders.map(({ cancelled }) => cancelled),
    [null, [1, 2], [1, 1], null],
  );
  t.same(await tables.readCancellation(3), { cancellation: made[2], ...ends });
  t.same(await tables.readCancellation(4), { cancellation: undefined, ...ends });
  const pageOf = async (before: number | null, limit: number) => {
    const { cancellations, next, ...rest } = await tables.readCancellations(2, before, limit);
    t.same(rest, ends);
    return [cancellations, next];
  };
  t.same(await pageOf(null, 9), [[made[2], made[0]], null]);
  t.same(await pageOf(null, 1), [[made[2]], 3]);
  t.same(await pageOf(3, 1), [[made[0]], null]);
  t.same(await pageOf(1, 1), [[], null]);
  const pieces = [];
  for await (const piece of tables.readTables(4)) pieces.push(piece);
  t.same(pieces.at(-1), { kind: 'cancellations', rows: made });
});

t.test('a list with many lines ends early and says where it goes on', async (t) => {
  const database = await testStore(t);
  const base = sales(50);
  const orders = base.orders.map((order) => {
    const [line] = order.lines;
    return {
      ...order,
      lines: Array.from({ length: 100 }, () => ({ ...line })) as typeof order.lines,
    };
  });
  await fill(t, database, { ...base, orders });
  const tables = tablesOf(t, database);
  const first = await tables.readOrders([0, 0, null, 40, null, null, null, null]);
  t.equal(first.orders.length, 20);
  t.equal(first.next, 20);
});

t.test('old log rows go in bounded pieces, and never beyond the tables', async (t) => {
  const database = await testStore(t);
  const log = logOf(t, database);
  const lead = await log.takeLead('catalog-1');
  const changes = { ...sales(1), appliedSeq: 6_000 };
  t.same(await log.write(append(lead, 7_000, changes)), { kind: 'written' });
  const tables = tablesOf(t, database);
  t.equal(await tables.deleteOldEntries(55_010, 0), 5_000);
  t.equal(await tables.deleteOldEntries(55_010, 0), 500, 'entries from this log time on stay');
  t.equal(await tables.deleteOldEntries(1_000_000, 0), 500, 'the tables need the rest');
  t.equal((await log.readEntries(6_000, 1))[0]?.seq, 6_001);
  t.equal((await log.readEntries(10, 1))[0]?.seq, 6_001, 'a reader sees that some are missing');
});

t.test(
  'the ledger of a product comes in pages, with the last movement of its snapshot',
  async (t) => {
    const database = await testStore(t);
    const changes = movementsOf(7);
    await fill(t, database, changes);
    const { movements: made = [] } = changes;
    const tables = tablesOf(t, database);
    const pageOf = async (product: number, after: number, limit: number) => {
      const { movements, next, ...ends } = await tables.readLedger(product, after, limit);
      t.same(ends, { lastOrder: 1, lastCancellation: 0, lastMovement: 7 });
      return [movements, next];
    };
    t.same(await pageOf(1, 0, 9), [[made[0], made[2], made[4], made[6]], null]);
    t.same(await pageOf(1, 0, 2), [[made[0], made[2]], 3]);
    t.same(await pageOf(1, 3, 2), [[made[4], made[6]], null]);
    t.same(await pageOf(2, 2, 1), [[made[3]], 4]);
    t.same(await pageOf(2, 6, 1), [[], null]);
    t.same(await pageOf(3, 0, 1), [[], null]);
    const pieces = [];
    for await (const piece of tables.readTables(1)) pieces.push(piece);
    t.same(pieces.at(-1), { kind: 'stock_movements', rows: made });
  },
);
