/** What the page makes of the movements of a product's stock. */
import t from 'tap';
import { causeWords, changeWords, withPage } from '../../src/web/model/ledger.js';
import type { Movement } from '../../src/web/model/shapes.js';
import { movementCauses } from '../../src/wire/movement.js';

const sale: Movement = {
  ...{ number: 7, at: '2026-01-31T12:00:00.000Z', cause: 'sale' },
  ...{ delta: -1, balance: 3, reserved_delta: 0, reserved: 2, on_hand: 5 },
};

t.test('every cause has words of its own', async (t) => {
  const causes = Object.keys(movementCauses) as Movement['cause'][];
  const words = causes.map((cause) => causeWords({ ...sale, cause }));
  t.equal(new Set(words).size, causes.length);
  t.ok(words.every((word) => /^[A-Z]/.test(word)));
});

t.test('a movement says what caused it', async (t) => {
  const of = (cause: Movement['cause'], source: Partial<Movement>): string =>
    causeWords({ ...sale, cause, ...source });
  t.equal(of('sale', { order_number: 12 }), 'Sale, order 12');
  t.equal(of('hold', { hold_serial: 3 }), 'Hold 3');
  t.equal(of('release', { hold_serial: 3 }), 'Release, hold 3');
  t.equal(of('expiry', { hold_serial: 3 }), 'Expiry, hold 3');
  t.equal(of('cancellation', { cancellation_number: 4 }), 'Cancellation 4');
  t.equal(of('restock', { restock_number: 5 }), 'Restock 5');
  t.equal(of('adjustment', { reason: 'count' }), 'Adjustment, count');
  const noted = { reason: 'damaged', reference: 'box 3' };
  t.equal(of('adjustment', noted), 'Adjustment, damaged: box 3');
  t.equal(of('removed', {}), 'Removed');
});

t.test(
  'a change has its sign, and that of a confirmed hold is of the reserved units',
  async (t) => {
    t.equal(changeWords({ ...sale, delta: -1200 }), '−1,200');
    t.equal(changeWords({ ...sale, delta: 4, reserved_delta: -4 }), '+4');
    t.equal(changeWords({ ...sale, delta: 0, reserved_delta: -2 }), '−2 reserved');
    t.equal(changeWords({ ...sale, delta: 0 }), '0');
  },
);

t.test('a movement that two pages have is shown once', async (t) => {
  const numbered = (...numbers: number[]) => numbers.map((number) => ({ ...sale, number }));
  const both = withPage(numbered(1, 4), numbered(4, 9));
  t.same(
    both.map(({ number }) => number),
    [1, 4, 9],
  );
  t.same(withPage([], numbered(2)), numbered(2));
});
