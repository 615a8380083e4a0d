import t from 'tap';
import { seededRandom } from '../../../src/base/random.js';
import { PurchaseKeys } from '../../../src/frontend/requests/keys.js';
import type { ChangeRequest } from '../../../src/wire/thread-requests.js';

t.test('a purchase under a quoted key carries the older digest as well', async (t) => {
  const keys = new PurchaseKeys(seededRandom(1));
  const buy = { id: 1, quantity: 2 };
  const plain = keys.purchase({ ...buy, key: 'k' }, 7);
  const older = keys.purchase({ ...buy, key: '"k"' }, 7);
  const quoted = keys.purchase({ ...buy, key: 'k' }, 7, '"k"');
  t.same(quoted, [...plain, older[0]]);
  const untimed = keys.purchase({ ...buy, key: 'k' }, undefined, '"k"');
  t.same(untimed, plain.slice(0, 4), 'without a log time there is no place for it');
});

t.test('a change with its fields in another order is the same request', async (t) => {
  const keys = new PurchaseKeys(seededRandom(1));
  const one: ChangeRequest = ['update', [1, { add: 1, topic: 'toys' }]];
  const same: ChangeRequest = ['update', [1, { topic: 'toys', add: 1 }]];
  const other: ChangeRequest = ['update', [1, { topic: 'toys', add: 2 }]];
  t.same(keys.change('k', one, 5), keys.change('k', same, 5));
  t.notSame(keys.change('k', one, 5)[1], keys.change('k', other, 5)[1]);
  t.equal(keys.change('k', one, undefined)[2], null);
});
