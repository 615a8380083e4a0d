import t from 'tap';
import { checkPurchases } from '../../src/wire/purchase-check.js';

const key = new Uint8Array(16);
const hash = new Uint8Array(8);
const none = new Uint8Array(0);
const line = [1, 1];

t.test('purchases with both kinds of key pass unchanged', async (t) => {
  const purchases = [
    [
      key,
      1,
      hash,
      [
        [1, 1],
        ['Tux', 1_000_000],
      ],
      0,
    ],
    [key, 0, none, [line], 12.5],
  ];
  t.equal(checkPurchases(purchases), purchases);
  t.same(checkPurchases([]), []);
});

t.test('a purchase that the catalog could not decide is refused', async (t) => {
  const bad = [
    undefined,
    {},
    [[]],
    [[key, 1, hash, [line], 0, 0]],
    [[key.subarray(1), 1, hash, [line], 0]],
    [['0123456789abcdef', 1, hash, [line], 0]],
    [[key, 2, hash, [line], 0]],
    [[key, 1, none, [line], 0]],
    [[key, 0, hash, [line], 0]],
    [[key, 0, null, [line], 0]],
    [[key, 1, hash, [], 0]],
    [[key, 1, hash, Array(101).fill(line), 0]],
    [[key, 1, hash, 'Tux', 0]],
    [[key, 1, hash, [[1]], 0]],
    [[key, 1, hash, [[1, 0]], 0]],
    [[key, 1, hash, [[1, -1]], 0]],
    [[key, 1, hash, [[1, 0.5]], 0]],
    [[key, 1, hash, [[1, 1_000_001]], 0]],
    [[key, 1, hash, [[0, 1]], 0]],
    [[key, 1, hash, [[null, 1]], 0]],
    [[key, 1, hash, [line], Number.NaN]],
    [[key, 1, hash, [line], '0']],
  ];
  for (const value of bad) {
    t.throws(() => checkPurchases(value), { code: 'invalid_argument' }, JSON.stringify(value));
  }
});
