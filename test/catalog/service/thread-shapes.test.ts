/** A change that no replica could apply is refused before it reaches the log. */
import t from 'tap';
import { shapes } from '../../../src/catalog/service/thread.js';

const accepts = (fields: unknown): boolean =>
  shapes['change_with_limit']?.([['update', [1, fields]]]) === true;

t.test('a purchase limit has the shape of the log', async (t) => {
  for (const limit of [null, [2, 60], [2, null]]) t.ok(accepts({ limit }));
  t.ok(accepts({ priceCents: 5 }));
  for (const limit of [5, '2', {}, [2], [2, 60, 1], ['2', null], [2, '60']]) {
    t.notOk(accepts({ limit }), JSON.stringify(limit));
  }
  t.notOk(accepts(5));
});
