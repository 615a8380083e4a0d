/** The sums of the orders in the tables, and what they find. */
import t from 'tap';
import { databaseLimits } from '../../src/base/database-limits.js';
import { auditOrders } from '../../src/database/audit-orders.js';
import { type TestDatabase, testStore } from '../support/postgres-server.js';
import { logOf } from './faults.js';
import { append, cancellationsOf, movedFrom, movementsOf, sales } from './rows.js';

async function filled(test: { teardown(end: () => Promise<void>): void }): Promise<TestDatabase> {
  const database = await testStore(test);
  const log = logOf(test, database);
  await log.write(append(await log.takeLead('catalog-1'), 5, sales(5)));
  return database;
}

const ends = (lastOrder: number, lastCancellation = 0, lastMovement = 0) => ({
  ...{ lastOrder, lastCancellation, lastMovement },
});
const noMovements = { movements: 0, balances: [] };

t.test('orders and units are added up through the given order', async (t) => {
  const database = await filled(t);
  const none = { cancellations: 0, returned: [], ...noMovements, problems: [] };
  t.same(await auditOrders(database, ends(5)), { orders: 5, units: [[1, 5]], ...none });
  t.same(await auditOrders(database, ends(3)), { orders: 3, units: [[1, 3]], ...none });
  t.same(await auditOrders(database, ends(0)), { orders: 0, units: [], ...none });
  await t.rejects(auditOrders(database, ends(6)), { code: 'unavailable' });
});

t.test('rows that were changed by hand are named', async (t) => {
  const database = await filled(t);
  await database.query('UPDATE order_lines SET quantity = 3 WHERE order_number = 2');
  await database.query('UPDATE orders SET total_cents = 9 WHERE number = 4');
  await database.query('DELETE FROM order_lines WHERE order_number IN (3, 5)');
  await database.query('DELETE FROM orders WHERE number = 3');
  await database.query('INSERT INTO orders SELECT 7, key, 0, 0, 9 FROM orders WHERE number = 1');
  t.same(await auditOrders(database, ends(5)), {
    orders: 4,
    units: [[1, 5]],
    ...{ cancellations: 0, returned: [], ...noMovements },
    problems: [
      'the table orders has no row for order 3',
      'order 2: the total is 250, its lines make 750',
      'order 4: the total is 9, its lines make 250',
      'order 5: the total is 250, its lines make 0',
      'the table orders has order 7, the last one is 5',
    ],
  });
});

t.test('cancellations are added up, and rows that were changed by hand are named', async (t) => {
  const database = await testStore(t);
  const log = logOf(t, database);
  // Orders 1 … 3 are cancelled, and order 1 a second time without its stock.
  const changes = cancellationsOf([1, 2, 3], 5);
  t.same(await log.write(append(await log.takeLead('catalog-1'), 5, changes)), { kind: 'written' });
  const orders = { orders: 5, units: [[1, 10]] };
  t.same(await auditOrders(database, ends(5, 4)), {
    ...orders,
    ...{ cancellations: 4, returned: [[1, 3]], ...noMovements, problems: [] },
  });
  t.match(await auditOrders(database, ends(5, 2)), { cancellations: 2, returned: [[1, 2]] });
  await t.rejects(auditOrders(database, ends(5, 5)), {
    code: 'unavailable',
    message: /end at cancellation 4, before 5/,
  });
  await database.query('UPDATE cancellations SET total_cents = 9 WHERE number = 2');
  await database.query("UPDATE cancellations SET cancelled = '{1,9}' WHERE number = 3");
  await database.query('UPDATE cancellations SET previous = 2 WHERE number = 4');
  await database.query('UPDATE cancellation_lines SET quantity = 9 WHERE cancellation_number = 1');
  t.same(await auditOrders(database, ends(5, 4)), {
    ...orders,
    ...{ cancellations: 4, returned: [[1, 11]], ...noMovements },
    problems: [
      'cancellation 1: the total is 250, its lines make 2250',
      'cancellation 2: the total is 9, its lines make 250',
      'cancellation 1 does not follow the one before of order 1',
      'cancellation 3 does not follow the one before of order 3',
      'cancellation 4 does not follow the one before of order 1',
      'product 1: 12 cancelled, but 10 ordered',
    ],
  });
  await database.query('DELETE FROM cancellation_lines WHERE cancellation_number = 3');
  await database.query('DELETE FROM cancellations WHERE number = 3');
  t.match((await auditOrders(database, ends(5, 4))).problems, {
    0: 'the table cancellations has no row for cancellation 3',
  });
});

t.test('movements are followed through the given one, over the ranges of an audit', async (t) => {
  const database = await testStore(t);
  const log = logOf(t, database);
  const count = databaseLimits.auditOrdersMax + 3;
  const changes = movementsOf(count, 5);
  t.same(await log.write(append(await log.takeLead('catalog-1'), 5, changes)), { kind: 'written' });
  const audit = async (through: number) => {
    const { movements, balances, problems } = await auditOrders(database, ends(5, 0, through));
    return [movements, [...balances].sort(([one], [other]) => one - other), problems];
  };
  const left = (sold: number): number => movedFrom - sold;
  const half = Math.ceil(count / 2);
  t.same(await audit(count), [
    count,
    [
      [1, left(half), 0],
      [2, left(count - half), 0],
    ],
    [],
  ]);
  t.same(await audit(3), [
    3,
    [
      [1, left(2), 0],
      [2, left(1), 0],
    ],
    [],
  ]);
  t.same(await audit(0), [0, [], []]);
  await t.rejects(audit(count + 1), {
    code: 'unavailable',
    message: /end at movement \d+, before \d+/,
  });
  const next = databaseLimits.auditOrdersMax + 1;
  await database.query('UPDATE stock_movements SET delta = -2 WHERE number = 3');
  await database.query('UPDATE stock_movements SET reserved = 1 WHERE number = 6');
  await database.query('UPDATE stock_movements SET available = 5 WHERE number = $1', [next - 2]);
  await database.query('DELETE FROM stock_movements WHERE number = $1', [next + 1]);
  await database.query(`INSERT INTO stock_movements
    SELECT number + 100, 1, 1, 1, 1, 1, 1, 1, true, 'sale' FROM stock_movements WHERE number = ${count}`);
  const [movements, , problems] = await audit(count);
  t.equal(movements, count - 1);
  const follows = (number: number): string => {
    const id = number % 2 === 1 ? 1 : 2;
    return `movement ${number} does not follow the one before of product ${id}`;
  };
  t.same(problems, [
    follows(3),
    follows(6),
    follows(8),
    follows(next - 2),
    `the table stock_movements has no row for movement ${next + 1}`,
    follows(next),
    `the table stock_movements has movement ${count + 100}, the last one is ${count}`,
  ]);
});
