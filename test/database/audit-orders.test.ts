/** The sums of the orders in the tables, and what they find. */
import t from 'tap';
import { auditOrders } from '../../src/database/audit-orders.js';
import { type TestDatabase, testStore } from '../support/postgres-server.js';
import { logOf } from './faults.js';
import { append, sales } from './rows.js';

async function filled(test: { teardown(end: () => Promise<void>): void }): Promise<TestDatabase> {
  const database = await testStore(test);
  const log = logOf(test, database);
  await log.write(append(await log.takeLead('catalog-1'), 5, sales(5)));
  return database;
}

t.test('orders and units are added up through the given order', async (t) => {
  const database = await filled(t);
  t.same(await auditOrders(database, 5), { orders: 5, units: [[1, 5]], problems: [] });
  t.same(await auditOrders(database, 3), { orders: 3, units: [[1, 3]], problems: [] });
  t.same(await auditOrders(database, 0), { orders: 0, units: [], problems: [] });
  await t.rejects(auditOrders(database, 6), { code: 'unavailable' });
});

t.test('rows that were changed by hand are named', async (t) => {
  const database = await filled(t);
  await database.query('UPDATE order_lines SET quantity = 3 WHERE order_number = 2');
  await database.query('UPDATE orders SET total_cents = 9 WHERE number = 4');
  await database.query('DELETE FROM order_lines WHERE order_number IN (3, 5)');
  await database.query('DELETE FROM orders WHERE number = 3');
  await database.query('INSERT INTO orders SELECT 7, key, 0, 0, 9 FROM orders WHERE number = 1');
  t.same(await auditOrders(database, 5), {
    orders: 4,
    units: [[1, 5]],
    problems: [
      'the table orders has no row for order 3',
      'order 2: the total is 250, its lines make 750',
      'order 4: the total is 9, its lines make 250',
      'order 5: the total is 250, its lines make 0',
      'the table orders has order 7, the last one is 5',
    ],
  });
});
