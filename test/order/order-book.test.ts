import t from 'tap';
import { readOrder } from '../../src/order/order-book.js';

const places = { lastOrder: 1, locate: () => ({ seq: 5, offset: 0 }) };

t.test('a replica that cannot read its book refuses, so that another one answers', async (t) => {
  const unreadable = () => Promise.reject(new Error('EIO'));
  await t.rejects(readOrder(places, 1, unreadable), { code: 'unavailable', retryable: true });
});
