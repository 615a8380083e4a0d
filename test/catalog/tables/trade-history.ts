/**
 * Random trades, cancellations, expirations and adjustments under rules 3 or 4, for the histories of the tables'
 * properties.
 */
import fc from 'fast-check';
import type { TableEnds } from '../../../src/database/rows.js';
import type { AdjustReason, LimitFields, PurchaseLine, Sale } from '../../../src/wire/internal.js';
import type { TradeOperation } from '../../../src/wire/trade.js';
import type { Present, Step } from '../machine/catalog-history.js';
import { tradesAt } from './trades.js';

/** What a command may depend on while it is played, beside what the machine's histories need. */
export interface TablePresent extends Present {
  /** All that was sold. */
  readonly sales?: readonly Sale[];
  /** The last cancellation and movement that the leader knows to be in the tables. */
  readonly written?: Pick<TableEnds, 'lastCancellation' | 'lastMovement'>;
}

/** `day`: log time goes on for so long that resolved holds are forgotten. */
export interface TableStep extends Step {
  readonly day?: true;
}

/** Undefined: there is no order to cancel. */
type Make = (
  trades: ReturnType<typeof tradesAt>,
  present: TablePresent,
) => TradeOperation | undefined;

const name = fc.integer({ min: 1, max: 6 }).map((n) => `hold ${n}`);
const lines = fc.array(fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 4 })), {
  minLength: 1,
  maxLength: 3,
});
const fields = {
  ttlSeconds: fc.constantFrom(1, 10, 40),
  customer: fc.constantFrom('Ann', 'Bob'),
  reference: fc.constantFrom('A "cart" \\ {7}', 'a\0b', ''),
};
const parts = fc.oneof(
  { weight: 4, arbitrary: fc.record(fields, { requiredKeys: ['customer'] }) },
  { weight: 1, arbitrary: fc.record(fields, { requiredKeys: [] }) },
);
/** Mostly of the newest orders, so that an order is cancelled several times. */
const cancel = fc
  .tuple(
    fc.constantFrom(1, 1, 1, 2, 3, 7),
    fc.option(fc.integer({ min: 1, max: 2 }), { freq: 4 }),
    fc.boolean(),
    fc.constantFrom(null, 'late', 'a\0"b" \\0 {c}'),
    fc.nat({ max: 30 }),
  )
  .map(([back, quantity, restock, reason, nth]): Make => {
    return ({ cancel }, { sales = [] }) => {
      const sale = sales[Math.max(0, sales.length - back)];
      if (!sale) return undefined;
      const [, , bought] = sale;
      const of = bought[nth % bought.length]?.[0] ?? 1;
      const lines: readonly PurchaseLine[] | null = quantity === null ? null : [[of, quantity]];
      return cancel(`${nth}`, sale, { lines, restock, reason });
    };
  });
const operation: fc.Arbitrary<Make> = fc.oneof(
  { weight: 2, arbitrary: cancel },
  fc.tuple(name, lines, parts).map(
    (args): Make =>
      ({ hold }) =>
        hold(...args),
  ),
  fc.tuple(name, lines, parts).map(
    (args): Make =>
      ({ hold }) =>
        hold(...args),
  ),
  fc.tuple(name, fc.option(lines, { nil: null })).map(
    ([of, some]): Make =>
      ({ confirm }) =>
        confirm(of, some),
  ),
  name.map(
    (of): Make =>
      ({ release }) =>
        release(of),
  ),
  fc.tuple(name, fc.constantFrom(1, 60)).map(
    (args): Make =>
      ({ extend }) =>
        extend(...args),
  ),
  fc.tuple(lines, parts, fc.nat({ max: 9 })).map(
    ([some, { customer }, nth]): Make =>
      ({ buy }) =>
        buy(`${nth} ${JSON.stringify(some)}`, some, customer),
  ),
);
const limit = fc.constantFrom<LimitFields | null>(
  ...([null, [3, null], [9, null], [4, 10], [6, 40], [9, 3_600]] as const),
);
const product = fc.integer({ min: 1, max: 2 });
const restrict = fc.tuple(product, limit).map(([of, given]): Step['command'] => () => [
  'update',
  of,
  { limit: given, add: 5 },
]);
const remove = product.map((of): Step['command'] => () => ['remove', of, null]);
const trade = fc
  .array(operation, { minLength: 1, maxLength: 4 })
  .map((all) => (present: TablePresent) => {
    if (present.rules < 3) return undefined;
    const made: TradeOperation[] = [];
    for (const make of all) {
      const one = make(tradesAt(present.time), present);
      if (one) made.push(one);
    }
    return ['trade', 3, 1_000, made] as const;
  });
/** What a leader logs once the tables have cancellations or movements; also through a part of them. */
const cursor = fc.nat({ max: 2 }).map((behind) => (present: TablePresent) => {
  const { rules, lastSale, written = { lastCancellation: 0, lastMovement: 0 } } = present;
  const { lastCancellation, lastMovement } = written;
  const moved = Math.max(0, lastMovement - behind);
  if (moved > 0) return ['cursor', lastSale, lastCancellation, moved] as const;
  if (rules < 3 || lastCancellation === 0) return undefined;
  return ['cursor', lastSale, lastCancellation] as const;
});
const adjust = fc
  .tuple(
    fc.integer({ min: 1, max: 2 }),
    fc.constantFrom({ delta: 3 }, { delta: -2 }, { count: 7 }),
    fc.constantFrom<AdjustReason>('count', 'damaged'),
    fc.constantFrom(undefined, 'count 7', '\0\\'),
  )
  .map(([of, change, reason, reference]): Step['command'] => ({ rules }) => {
    if (rules < 3) return undefined;
    return ['adjust', of, { ...change, reason, ...(reference ? { reference } : {}) }];
  });
/** Movements are recorded from there on. */
const ledger = fc.constant(({ rules }: TablePresent) => {
  return rules < 3 ? undefined : (['rules', 4, { restockTo: 0, bundled: [] }] as const);
});
const expire = fc.uniqueArray(fc.integer({ min: 1, max: 20 }), { maxLength: 12 }).map(
  (serials): Step['command'] =>
    ({ rules }) =>
      rules < 3 ? undefined : ['expire', serials],
);

const command = fc.oneof(
  { weight: 12, arbitrary: trade },
  { weight: 4, arbitrary: expire },
  { weight: 3, arbitrary: cursor },
  { weight: 3, arbitrary: adjust },
  { weight: 1, arbitrary: ledger },
  { weight: 5, arbitrary: restrict },
  { weight: 1, arbitrary: remove },
);
const passed = fc.constantFrom(0, 1_000, 15_000);
const startRules = fc.constantFrom(3, 4).map((version): Step => {
  return { passed: 0, command: () => ['rules', version, { restockTo: 0, bundled: [] }] };
});

/** Both products are limited at first, and full; or none is. */
const started: fc.Arbitrary<readonly TableStep[]> = fc.oneof(
  fc.constant([]),
  fc.tuple(limit, limit).map((both) =>
    both.map((given, at): TableStep => {
      return { passed: 0, command: () => ['update', at + 1, { limit: given, add: 30 }] };
    }),
  ),
);

/** Starts the rules, and then comes a history with holds; often without any. */
export const tradeHistory: fc.Arbitrary<readonly TableStep[]> = fc.oneof(
  fc.constant([]),
  fc.array(fc.record({ passed, command }), { maxLength: 40, size: 'max' }).chain((all) =>
    fc
      .tuple(fc.nat({ max: 20 }), startRules, started)
      .map(([at, rules, limits]): readonly TableStep[] => {
        // A day takes thousands of entries.
        const day: TableStep = { passed: 0, command: () => undefined, day: true };
        const some = at < 3 ? [...all.slice(0, 6 + at), day, ...all.slice(6 + at)] : all;
        return [rules, ...limits, ...some];
      }),
  ),
);
