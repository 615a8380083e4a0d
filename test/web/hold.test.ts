/** A reservation of the shop: what its answer gives, and how much of its time is left. */
import t from 'tap';
import { holdSeconds, openedBy, shareLeft } from '../../src/web/model/hold.js';

const sent = { quantity: 2, sentMs: 1_000 };

t.test('the time of a reservation counts from before its request', async (t) => {
  const data = { hold_id: 'ab', total: 39.8, total_exact: '39.80', currency: 'EUR' };
  t.same(openedBy({ status: 201, body: { data } }, sent), {
    kind: 'held',
    goods: {
      id: 'ab',
      quantity: 2,
      total: '39.80',
      currency: 'EUR',
      endMs: 1_000 + holdSeconds * 1_000,
    },
  });
});

t.test('a refused reservation says why, and one without an answer may exist', async (t) => {
  const soldOut = { error: { type: 'out_of_stock', available: 1 } };
  t.same(openedBy({ status: 409, body: soldOut }, sent), { kind: 'out_of_stock', available: 1 });
  t.same(openedBy(undefined, sent), { kind: 'unknown' });
  t.same(openedBy({ status: 500, body: {} }, sent), { kind: 'unknown' });
});

t.test('the bar is full at the beginning and empty at the end', async (t) => {
  const whole = holdSeconds * 1_000;
  t.same([whole + 5, whole / 2, 0, -1].map(shareLeft), [1, 0.5, 0, 0]);
});
