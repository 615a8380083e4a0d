/** Cancellations over HTTP: what reaches the operations, the answers, and who may ask. */
import t from 'tap';
import { BazarError } from '../../src/base/errors.js';
import { adminToken, setStage } from './stage.js';

const url = '/orders/1/cancellations';
const admin = { authorization: `Bearer ${adminToken}` };

t.test('a cancellation is passed on with its order and its key', async (t) => {
  const seen: unknown[] = [];
  const made = {
    cancellation_number: 3,
    order_number: 1,
    lines: [{ id: 8, name: 'Tux', quantity: 1, price: 19.9 }],
    ...{ total: 19.9, restock: false, reason: 'broken' },
    at: '2026-01-01T00:00:00.000Z',
    status: 'partly_cancelled' as const,
  };
  const { ask } = await setStage({
    async cancelOrder(params) {
      seen.push(params);
      return { ...made, replayed: true };
    },
  });
  const headers = { ...admin, 'idempotency-key': 'k' };
  const body = { lines: [{ id: 8, quantity: 1 }], restock: false, reason: 'broken' };
  const reply = await ask('POST', url, { body, headers });
  t.equal(reply.status, 201);
  const lines = made.lines.map((line) => ({ ...line, price_exact: '19.90' }));
  t.same(reply.json, { data: { ...made, lines, total_exact: '19.90', currency: 'EUR' } });
  t.equal(reply.headers.get('location'), url);
  t.equal(reply.headers.get('idempotency-replayed'), 'true');
  t.same(seen, [{ number: 1, key: 'k', ...body }]);
});

t.test('what is not a cancellation is 400', async (t) => {
  const { ask } = await setStage();
  const bodies: unknown[] = [
    ...[{}, { restock: 'yes' }, { restock: true, lines: [] }, { restock: true, number: 2 }],
    { restock: true, lines: [{ id: 8, quantity: 0 }] },
    { restock: true, reason: 'ä'.repeat(101) },
    { restock: true, key: 'k' },
  ];
  for (const body of bodies) {
    t.equal((await ask('POST', url, { body, headers: admin })).status, 400, JSON.stringify(body));
  }
});

t.test('an unknown order is 404, and too many units are 409 with what is left', async (t) => {
  const details = { id: 8, left: 2 };
  const { ask } = await setStage({
    async cancelOrder({ number }) {
      if (number === 2) throw new BazarError('not_found', 'order not found');
      throw new BazarError('conflict', 'the order has fewer units of the product left', {
        details,
      });
    },
  });
  const body = { restock: true };
  t.equal((await ask('POST', '/orders/2/cancellations', { body, headers: admin })).status, 404);
  const refused = await ask('POST', url, { body, headers: admin });
  t.match(refused.json, { error: { code: 409, type: 'conflict', ...details } });
  t.equal((await ask('GET', '/orders/7/cancellations', { headers: admin })).status, 404);
});

t.test('the cancellations of an order are listed', async (t) => {
  const { ask } = await setStage();
  const reply = await ask('GET', `${url}?limit=5`, { headers: admin });
  t.equal(reply.status, 200);
  const exact = { lines: [{ price_exact: '19.90' }], total_exact: '19.90', currency: 'EUR' };
  t.match(reply.json, { data: [{ cancellation_number: 3, status: 'partly_cancelled', ...exact }] });
});

t.test('only an administrator may cancel and list', async (t) => {
  const { ask } = await setStage();
  t.equal((await ask('POST', url, { body: { restock: true } })).status, 401);
  t.equal((await ask('GET', url)).status, 401);
});
