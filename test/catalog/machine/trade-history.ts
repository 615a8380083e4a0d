/**
 * Random histories under rules 3 and 4: holds, purchases with terms, cancellations, limits and corrections of the stock,
 * among the commands of catalog-history.ts and under the same keys. Helper of the tests in this folder.
 */
import fc from 'fast-check';
import type { LimitFields, NewProduct, PurchaseLine } from '../../../src/wire/internal.js';
import type { OperationKey, Terms, TradeOperation } from '../../../src/wire/trade.js';
import { digest, product } from '../log-builder.js';
import { id, others, type Present, type Step, sell } from './catalog-history.js';

export const holdIds = Array.from({ length: 6 }, (_, number) => digest(`hold ${number}`));

/** Two customers of limited products: the limits are small, so that they are reached. */
const customers = [null, digest('ada'), digest('ada'), digest('bob')];
const limit = fc.constantFrom<LimitFields | null>(
  ...[null, [3, null], [5, null], [3, 10], [6, 40], [6, 1]].map((one) => one as LimitFields | null),
);

const terms: fc.Arbitrary<Terms> = fc.tuple(
  fc.constantFrom(...customers),
  fc.constantFrom(...Array.from({ length: 9 }, () => null), 0, 1_990, 3_980),
);

interface DrawnKey {
  readonly key: number;
  readonly kind: 0 | 1;
  readonly request: number;
  readonly age: number;
}

const drawnKey: fc.Arbitrary<DrawnKey> = fc.record({
  key: fc.nat({ max: 80 }),
  kind: fc.constantFrom(0, 1),
  request: fc.constantFrom(0, 0, 0, 1),
  age: fc.constantFrom(...Array.from({ length: 12 }, () => 0), 60_000, 60_001),
});

function toKey({ key, kind, request, age }: DrawnKey, time: number): OperationKey {
  const hash = kind === 1 ? digest(`request ${request}`).slice(0, 8) : new Uint8Array(0);
  return [digest(`key ${key}`), kind, hash, time - age];
}

/** Undefined: there is no order to cancel. */
type Draw = (key: OperationKey, present: Present) => TradeOperation | undefined;

/** Mostly of products that exist, and not too many units of them. */
const line = fc.tuple(
  fc.constantFrom<number | string>(1, 2, 3, 1, 2, 3, 'tux', 'Whale', ' Seal', 'Bear', 7),
  fc.constantFrom(1, 1, 2, 2, 3, 9),
);
const lines = fc.array(line, { minLength: 1, maxLength: 3 });

/** A line of the order by its place, a name, or a product that may be of another order. */
const cancelled = fc.tuple(
  fc.constantFrom<number | string>(0, 0, 0, 1, 2, 'tux', ' Seal', 'Bear', -7),
  fc.constantFrom(1, 1, 1, 1, 2, 3),
);

/** Mostly of the newest orders, so that an order is cancelled several times. */
const cancel = fc
  .tuple(
    fc.constantFrom(1, 1, 1, 2, 2, 3, 5, 9),
    fc.option(fc.array(cancelled, { minLength: 1, maxLength: 3 }), { freq: 3 }),
    fc.boolean(),
    fc.constantFrom(null, 'broken'),
  )
  .map(([back, wanted, restock, reason]): Draw => {
    return (key, { orders = [] }) => {
      const order = orders[Math.max(0, orders.length - back)];
      if (!order) return undefined;
      const { number, lines: bought, customer } = order;
      const some = wanted?.map(([item, quantity]): PurchaseLine => {
        return [
          typeof item === 'string' ? item : (bought[item % bought.length]?.[0] ?? 7),
          quantity,
        ];
      });
      return ['cancel', key, number, bought, customer, some ?? null, restock, reason];
    };
  });

const holdId = fc.constantFrom(...holdIds);
const ttl = fc.constantFrom(1, 2, 12, 12, 60, 86_400);
const reference = fc.constantFrom(null, null, 'cart 7', 'é');

const operation: fc.Arbitrary<Draw> = fc.oneof(
  fc.tuple(lines, terms).map(
    ([wanted, of]): Draw =>
      (key) => ['buy', key, wanted, of],
  ),
  {
    weight: 3,
    arbitrary: fc
      .tuple(holdId, lines, ttl, terms, reference)
      .map(([hold, wanted, seconds, of, text]): Draw => {
        return (key) => ['hold', key, hold, wanted, seconds, of, text];
      }),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(holdId, fc.option(lines, { freq: 2 })).map(
      ([hold, wanted]): Draw =>
        (key) => ['confirm', key, hold, wanted],
    ),
  },
  { weight: 4, arbitrary: cancel },
  holdId.map(
    (hold): Draw =>
      (key) => ['release', key, hold],
  ),
  fc.tuple(holdId, ttl).map(
    ([hold, seconds]): Draw =>
      (key) => ['extend', key, hold, seconds],
  ),
);

const trade = fc
  .tuple(
    fc.constantFrom(2, 3, 3, 3, 3, 3),
    fc.array(fc.tuple(drawnKey, operation), { minLength: 1, maxLength: 4 }),
  )
  .map(([epoch, drawn]): Step['command'] => (present) => {
    const { time } = present;
    // Wall time is not log time, and may go back.
    const at = 1_700_000_000_000 + (time % 7_000);
    const operations = drawn
      .map(([key, draw]) => draw(toKey(key, time), present))
      .filter((one) => one !== undefined);
    return operations.length > 0 ? ['trade', epoch, at, operations] : undefined;
  });

const expire = fc
  .oneof(fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 4 }), fc.constant([]))
  .map((serials): Step['command'] => () => ['expire', serials]);

const expireDue: Step['command'] = ({ due = [] }: Present) => ['expire', due];

const adjustment = fc.oneof(
  fc.integer({ min: -12, max: 12 }).map((delta) => ({ reason: 'correction', delta }) as const),
  fc.integer({ min: 0, max: 30 }).map((count) => ({ reason: 'count', count }) as const),
);

const adjust = fc.tuple(id, adjustment).map((command): Step['command'] => () => [
  'adjust',
  ...command,
]);

const limitChange = fc.tuple(id, limit).map(([of, next]): Step['command'] => () => [
  'update',
  of,
  { limit: next },
]);

const added = fc
  .tuple(fc.constantFrom('Bear', 'Barbie', 'Fox'), limit)
  .map(([name, of]): Step['command'] => () => ['add', { ...product(name), limit: of }]);

const passed = fc.constantFrom(0, 0, 0, 1_000, 1_000, 5_000, 15_000);

const restart: NewProduct[] = [
  product('Tux', { quantity: 20 }),
  product('Whale', { quantity: 10, priceCents: 995 }),
  { ...product('Seal', { quantity: 30, restockTo: 12 }), limit: [4, null] },
];

/** Mostly with a ledger from the start, or never, or from some moment on. */
const begin = fc.constantFrom(4, 4, 3).map((rules): Step[] => [
  { passed: 0, command: () => ['rules', rules, { restockTo: 0, bundled: [] }] },
  { passed: 0, command: () => ['stock', restart] },
]);

const ledgerBegins: Step['command'] = () => ['rules', 4, { restockTo: 0, bundled: [] }];

/** A history that begins with its first stock, under rules 3 or 4. */
export const tradeHistory: fc.Arbitrary<Step[]> = fc
  .tuple(
    begin,
    fc.array(
      fc.record({
        passed,
        command: fc.oneof(
          { weight: 8, arbitrary: trade },
          { weight: 2, arbitrary: sell },
          { weight: 2, arbitrary: expire },
          { weight: 2, arbitrary: fc.constant(expireDue) },
          { weight: 2, arbitrary: limitChange },
          { weight: 1, arbitrary: adjust },
          { weight: 1, arbitrary: added },
          { weight: 1, arbitrary: fc.constant(ledgerBegins) },
          { weight: 3, arbitrary: others },
        ),
      }),
      { maxLength: 60, size: 'max' },
    ),
  )
  .map(([first, steps]) => [...first, ...steps]);
