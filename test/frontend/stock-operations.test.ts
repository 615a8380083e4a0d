/** A product's stock and its ledger, from the public params to the answer. */
import t from 'tap';
import { BazarError } from '../../src/base/errors.js';
import { type Movement, movementCauses } from '../../src/wire/movement.js';
import { stageOperations } from './staged-operations.js';

const wall = Date.UTC(2026, 0, 1);
const at = '2026-01-01T00:00:00.000Z';
const sale: Movement = [7, 8, movementCauses.sale, 4, -1, 0, 3, 2, wall];
const shownSale = {
  ...{ number: 7, at, cause: 'sale', order_number: 4 },
  ...{ delta: -1, balance: 3, reserved_delta: 0, reserved: 2, on_hand: 5 },
};

t.test('the stock is that of the catalog, with the units on hand', async (t) => {
  const { operations, asked, soon } = stageOperations(() => [3, 2, 9, 4, 0]);
  t.same(await operations.readStock({ id: 8 }, soon()), {
    ...{ id: 8, available: 3, reserved: 2, on_hand: 5 },
    ...{ received: 9, sold: 4, returned: 0 },
  });
  t.match(asked, [{ method: 'stock', params: [8] }]);
  const absent = stageOperations(() => null);
  await t.rejects(absent.operations.readStock({ id: 8 }, absent.soon()), { code: 'not_found' });
});

t.test('a movement names its cause, and what caused it', async (t) => {
  const sources = {
    ...{ added: {}, change: {}, removed: {}, adjustment: {} },
    sale: { order_number: 4 },
    ...{ hold: { hold_serial: 4 }, release: { hold_serial: 4 }, expiry: { hold_serial: 4 } },
    restock: { restock_number: 4 },
    cancellation: { cancellation_number: 4 },
  };
  for (const [name, source] of Object.entries(sources)) {
    const cause = movementCauses[name as keyof typeof sources];
    const movement = sale.with(2, cause);
    const { operations, soon } = stageOperations(() => [[movement], null]);
    const { order_number: _, ...rest } = shownSale;
    const { items } = await operations.ledger({ id: 8 }, soon());
    t.same(items, [{ ...rest, cause: name, ...source }], name);
  }
});

t.test('an adjustment has its reason, and its reference if there is one', async (t) => {
  const adjustment = (reference: string | null): Movement =>
    [
      ...[7, 8, movementCauses.adjustment, 0, -1, 0, 3, 2, wall],
      ['damaged', reference],
    ] as unknown as Movement;
  const { operations, soon } = stageOperations(() => [
    [adjustment('box 3'), adjustment(null)],
    null,
  ]);
  const { items } = await operations.ledger({ id: 8 }, soon());
  t.match(items[0], { reason: 'damaged', reference: 'box 3' });
  t.match(items[1], { reason: 'damaged' });
  t.notOk(Object.hasOwn(items[1] ?? {}, 'reference'));
});

t.test('an order replica gets the bounds, and a page continues where it says', async (t) => {
  const { operations, asked, soon } = stageOperations(() => [[sale], 7]);
  t.same(await operations.ledger({ id: 8 }, soon()), { items: [shownSale], next: 7 });
  await operations.ledger({ id: 8, after: 5, limit: 1 }, soon());
  t.match(asked, [
    { method: 'ledger', params: [8, 0, 20] },
    { method: 'ledger', params: [8, 5, 1] },
  ]);
  t.match(asked[0]?.to, /^order-/);
});

t.test('an empty ledger is answered if the product exists', async (t) => {
  let levels: readonly number[] | null = [3, 2, 9, 4, 0];
  const { operations, soon } = stageOperations(({ method }) =>
    method === 'stock' ? levels : [[], null],
  );
  t.same(await operations.ledger({ id: 8 }, soon()), { items: [] });
  levels = null;
  await t.rejects(operations.ledger({ id: 8 }, soon()), { code: 'not_found' });
  t.same(await operations.ledger({ id: 8, after: 7 }, soon()), { items: [] }, 'the last page');
});

t.test('a store that does not run this build everywhere is unavailable for it', async (t) => {
  const { operations, soon } = stageOperations(() => {
    throw new BazarError('unknown_method', 'this build has no ledger');
  });
  await t.rejects(operations.ledger({ id: 8 }, soon()), { code: 'unavailable' });
  await t.rejects(operations.readStock({ id: 8 }, soon()), { code: 'unavailable' });
});
