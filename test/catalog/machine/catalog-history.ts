/**
 * Random histories of catalog commands: few products, keys and names, so that they meet. What
 * depends on the state (the next restock, the watermark) is filled in when the history is played.
 * Helper of the tests in this folder.
 */
import fc from 'fast-check';
import type { CatalogCommand, NewProduct, Purchase, SaleLine } from '../../../src/wire/internal.js';
import { digest } from '../log-builder.js';

/** What a command may depend on while it is played. */
export interface Present {
  readonly time: number;
  readonly lastSale: number;
  readonly lastCancellation?: number;
  readonly lastMovement?: number;
  readonly lastRestock: number;
  readonly rules: number;
  /** Serial numbers of holds that are due. */
  readonly due?: readonly number[];
  /** Orders that may be cancelled. */
  readonly orders?: readonly KnownOrder[];
}

export interface KnownOrder {
  readonly number: number;
  readonly lines: readonly SaleLine[];
  readonly customer: Uint8Array | null;
}

export interface Step {
  /** Log time since the last entry, which may be more than an entry can move it. */
  readonly passed: number;
  readonly command: (present: Present) => CatalogCommand | undefined;
}

const names = ['Tux', 'tux', 'Whale', 'Bear', ' bear', 'Barbie', '007', ' 007'] as const;
const name = fc.constantFrom(...names);
export const id = fc.integer({ min: 1, max: 7 });
const stock = fc.integer({ min: 0, max: 30 });
const topic = fc.constantFrom('toys', 'Toys', 'systems');
const priceCents = fc.integer({ min: 0, max: 5_000 });
const item = fc.oneof(id, name);

const line = fc.tuple(item, fc.integer({ min: 1, max: 12 }));
export const lines = fc.array(line, { minLength: 1, maxLength: 3 });

interface Drawn {
  readonly key: number;
  readonly kind: 0 | 1;
  readonly request: number;
  readonly lines: readonly (readonly [number | string, number])[];
  readonly age: number;
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  key: fc.nat({ max: 12 }),
  kind: fc.constantFrom(0, 1),
  request: fc.nat({ max: 1 }),
  lines,
  age: fc.constantFrom(0, 0, 0, 60_000, 60_001, 3_600_000, 3_600_001),
});

function toPurchase({ key, kind, request, lines, age }: Drawn, time: number): Purchase {
  const hash = kind === 1 ? digest(`request ${request}`).slice(0, 8) : new Uint8Array(0);
  return [digest(`key ${key}`), kind, hash, lines, time - age];
}

const restockTo = fc.constantFrom(undefined, undefined, null, 12, 30);

function toNew(fields: {
  id: number | undefined;
  restockTo: number | null | undefined;
  name: string;
  topic: string;
  priceCents: number;
  quantity: number;
}): NewProduct {
  const { id, restockTo: target, ...others } = fields;
  const product = target === undefined ? others : { ...others, restockTo: target };
  return id === undefined ? product : { id, ...product };
}

const wanted = fc
  .record({
    id: fc.option(id, { nil: undefined }),
    ...{ name, topic, priceCents, quantity: stock, restockTo },
  })
  .map(toNew);

export const sell = fc
  .tuple(fc.constantFrom(1, 2, 2, 2, 3), fc.array(drawn, { minLength: 1, maxLength: 4 }))
  .map(([epoch, purchases]): Step['command'] => ({ time }) => {
    return ['sell', epoch, 1_000, purchases.map((purchase) => toPurchase(purchase, time))];
  });

const change = fc.record(
  {
    ...{ priceCents, quantity: stock, add: stock, topic },
    restockTo: fc.constantFrom(null, 12, 30),
    ifVersion: fc.integer({ min: 1, max: 4 }),
  },
  { requiredKeys: [] },
);

const bundled = fc.uniqueArray(fc.tuple(id, name), { maxLength: 3, selector: ([of]) => of });
const rules = fc
  .tuple(fc.constantFrom(0, 1, 1, 2, 2), fc.constantFrom(0, 12, 30), bundled)
  .map(([version, to, pairs]): Step['command'] => () => {
    return ['rules', version, { restockTo: to, bundled: pairs }];
  });

const capacity = fc.constantFrom(0, 1, 4, 9, 14).map((keys): Step['command'] => ({ rules: of }) => {
  return of < 2 ? undefined : ['capacity', keys];
});

const ahead = fc.integer({ min: -3, max: 2 });

export const others: fc.Arbitrary<Step['command']> = fc.oneof(
  fc.constant(() => undefined),
  rules,
  capacity,
  fc.array(wanted, { maxLength: 3 }).map((products) => () => ['stock', products] as const),
  wanted.map((product) => () => ['add', product] as const),
  fc.tuple(id, change).map((command) => () => ['update', ...command] as const),
  fc
    .tuple(id, fc.option(fc.integer({ min: 1, max: 3 }), { nil: null }))
    .map((command) => () => ['remove', ...command] as const),
  fc
    .tuple(fc.constantFrom(0, 1, 1, 2), stock)
    .map(([ahead, target]) => ({ lastRestock }: Present) => {
      return ['restock', lastRestock + ahead, target] as const;
    }),
  fc.tuple(ahead, ahead, ahead).map(([sales, cancellations, movements]) => (present: Present) => {
    const { lastSale, lastCancellation = 0, lastMovement = 0 } = present;
    const sold = Math.max(0, lastSale + sales);
    const cancelled = Math.max(0, lastCancellation + cancellations);
    const moved = Math.max(0, lastMovement + movements);
    if (lastMovement > 0) return ['cursor', sold, cancelled, moved] as const;
    return lastCancellation === 0
      ? (['cursor', sold] as const)
      : (['cursor', sold, cancelled] as const);
  }),
);

const passed = fc.constantFrom(0, 0, 1_000, 15_000, 15_000, 86_400_000);

export const history: fc.Arbitrary<Step[]> = fc.array(
  fc.record({ passed, command: fc.oneof(sell, sell, others) }),
  { maxLength: 50, size: 'max' },
);
