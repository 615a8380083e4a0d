/** Listings of orders: which form travels, and what is no time. */
import t from 'tap';
import { BazarError } from '../../../src/base/errors.js';
import { clientKeyDigest } from '../../../src/frontend/requests/keys.js';
import { explainOlder, listingOf } from '../../../src/frontend/requests/order-listing.js';

t.test('a plain page uses the method that earlier builds support', async (t) => {
  t.same(listingOf({}), ['orders', [0, 20]]);
  t.same(listingOf({ after: 7, limit: 5, order: 'asc' }), ['orders', [7, 5]]);
});

t.test('all other pages use the newer method', async (t) => {
  const empty = [null, null, null, null];
  t.same(listingOf({ order: 'desc' }), ['find_orders', [1, 0, null, 20, ...empty]]);
  t.same(listingOf({ before: 9, after: 3 }), ['find_orders', [0, 3, 9, 20, ...empty]]);
  t.same(listingOf({ product: '8', key: 'k' }), [
    'find_orders',
    [0, 0, null, 20, null, null, 8, clientKeyDigest('k')],
  ]);
  t.same(listingOf({ product: 8 }), listingOf({ product: '8' }));
  t.equal(listingOf({ product: 'Tux' })[1][6], 'Tux');
});

t.test('times are RFC 3339, or dates', async (t) => {
  const since = (text: string) => listingOf({ since: text })[1][4];
  t.equal(since('2026-01-31'), Date.UTC(2026, 0, 31));
  t.equal(since('2026-01-31T12:00Z'), Date.UTC(2026, 0, 31, 12));
  t.equal(since('2026-01-31T12:00:00.250+02:00'), Date.UTC(2026, 0, 31, 10, 0, 0, 250));
  for (const bad of ['', 'yesterday', '2026', '2026-13-01', '2026-01-31 12:00', '1700000000000']) {
    t.throws(() => since(bad), { code: 'invalid_argument' }, bad);
    t.throws(() => listingOf({ until: bad }), /until/, bad);
  }
});

t.test('an order service of an earlier build makes the listing unavailable', async (t) => {
  t.throws(() => explainOlder(new BazarError('unknown_method', 'find_orders')), {
    code: 'unavailable',
  });
  t.throws(() => explainOlder(new BazarError('overloaded', 'much')), { code: 'overloaded' });
});
