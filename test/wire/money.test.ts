import fc from 'fast-check';
import t from 'tap';
import { requestLimits } from '../../src/base/limits.js';
import { centsToPrice, priceToCents, totalOf } from '../../src/wire/money.js';

t.test('a price of at most two decimals becomes whole cents, exactly', async (t) => {
  const pairs: [number, number][] = [
    [0, 0],
    [-0, 0],
    [0.01, 1],
    [19.9, 1990],
    [1.1, 110],
    [0.29, 29],
    [1.15, 115],
    [1_000_000_000, 100_000_000_000],
    [999_999_999.99, 99_999_999_999],
  ];
  for (const [price, cents] of pairs) t.ok(Object.is(priceToCents(price), cents), `${price}`);
});

t.test('any cents are restored from their price', async () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100_000_000_000 }), (cents) => {
      return priceToCents(centsToPrice(cents)) === cents;
    }),
  );
});

t.test('a price that is not a whole number of cents, or out of bounds, is refused', async (t) => {
  for (const price of [0.001, 19.999, 1 / 3, 0.1 + 0.2, 1e-9, -0.01, 1e9 + 0.01, Number.NaN]) {
    t.throws(() => priceToCents(price), { code: 'invalid_argument' }, `${price}`);
  }
  t.throws(() => priceToCents(Number.POSITIVE_INFINITY), { code: 'invalid_argument' });
});

t.test('a total is an exact decimal, up to the limit of an order', async (t) => {
  const { totalCentsMax } = requestLimits;
  for (let cents = totalCentsMax; cents > totalCentsMax - 20_000; cents--) {
    if (Math.round(Number(String(centsToPrice(cents))) * 100) !== cents) t.fail(`${cents}`);
  }
  const most = totalCentsMax / 2;
  t.equal(totalOf([{ quantity: 2, priceCents: most }]), totalCentsMax);
  t.equal(
    totalOf([
      { quantity: 2, priceCents: most },
      { quantity: 1, priceCents: 1 },
    ]),
    undefined,
  );
  t.equal(totalOf([{ quantity: 1e6, priceCents: 1e11 }]), undefined);
});
