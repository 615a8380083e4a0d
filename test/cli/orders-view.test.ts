/** The tables of orders in the terminal. */
import t from 'tap';
import { orderTable } from '../../src/cli/output/orders-view.js';
import type { Order } from '../../src/wire/schemas.js';

const lines: Order['lines'] = [
  { id: 8, name: 'Tux', quantity: 2, price: 19.9 },
  { id: 9, name: 'Bear', quantity: 1, price: 5 },
];
const at = '2030-01-01T00:00:00.000Z';
const order: Order = {
  ...{ number: 3, name: 'Tux', quantity: 2, lines, total: 44.8, at, status: 'placed' },
};

t.test('cancelled units have a column only if there are any', async (t) => {
  const plain = orderTable([order]);
  t.notOk(plain.head.includes('CANCELLED'));
  t.equal(plain.rows[0]?.length, plain.head.length);
  const some = lines.map((line) => (line.id === 8 ? { ...line, cancelled: 1 } : line));
  const { head, rows } = orderTable([order, { ...order, number: 4, lines: some }]);
  t.equal(head.at(-1), 'CANCELLED');
  t.same(
    rows.map((row) => row.at(-1)),
    [0, 0, 1, 0],
  );
  t.same(
    rows.map(([number]) => number),
    [3, '', 4, ''],
  );
});
