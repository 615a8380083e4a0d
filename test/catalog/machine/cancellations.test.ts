import t from 'tap';
import { cancelLimits } from '../../../src/base/limits.js';
import {
  CatalogMachine,
  type CatalogResult,
} from '../../../src/catalog/machine/catalog-machine.js';
import { decode } from '../../../src/wire/codec.js';
import type { PurchaseLine, Sale } from '../../../src/wire/internal.js';
import type {
  Cancellation,
  OperationKey,
  TradeOperation,
  TradeOutcome,
} from '../../../src/wire/trade.js';
import { busyLog, CatalogLog, digest, product, toyLog } from '../log-builder.js';

function keyOf(key: string, request = ''): OperationKey {
  return [digest(key), 1, digest(request).slice(0, 8), 0];
}

function ruledLog(): CatalogLog {
  const log = toyLog();
  log.append(['rules', 3, { restockTo: 0, bundled: [] }]);
  return log;
}

function trade(log: CatalogLog, ...operations: TradeOperation[]) {
  const result: CatalogResult = log.append(['trade', 1, 5_000, operations]);
  if (result.kind !== 'trade') throw new Error('a trade had another result');
  return result;
}

function buy(
  log: CatalogLog,
  key: string,
  lines: readonly PurchaseLine[],
  customer?: string,
): Sale {
  const terms = [customer === undefined ? null : digest(customer), null] as const;
  const [outcome] = trade(log, ['buy', keyOf(key), lines, terms]).outcomes;
  if (outcome?.[0] !== 'sold') throw new Error(`not sold: ${outcome?.[0]}`);
  const [first, , bytes] = log.sales(outcome[1]);
  const sale = (decode(bytes) as readonly Sale[])[outcome[1] - first];
  if (!sale) throw new Error('no sale');
  return sale;
}

interface Wish {
  readonly lines?: readonly PurchaseLine[];
  readonly restock?: boolean;
}

function cancelOf(key: string, sale: Sale, { lines, restock = true }: Wish = {}): TradeOperation {
  const [number, , bought, , , customer = null] = sale;
  const operationKey = keyOf(key, JSON.stringify([number, lines, restock]));
  return ['cancel', operationKey, number, bought, customer, lines ?? null, restock, 'unwanted'];
}

function cancel(log: CatalogLog, key: string, sale: Sale, wish?: Wish): TradeOutcome | undefined {
  return trade(log, cancelOf(key, sale, wish)).outcomes[0];
}

function bookOf(log: CatalogLog, id: number) {
  const book = log.machine.books().find((one) => one.id === id);
  if (!book) throw new Error('no book');
  const { received, sold, returned, stock } = book;
  return { received, sold, returned, stock };
}

function records(log: CatalogLog): readonly Cancellation[] {
  const run = log.machine.cancellations.from(1, 1_000);
  return run ? (decode(run[2]) as readonly Cancellation[]) : [];
}

t.test('a whole order is cancelled at its prices, and its units go back into stock', async (t) => {
  const log = ruledLog();
  const lines: PurchaseLine[] = [
    [1, 3],
    [2, 2],
  ];
  const sale = buy(log, 'a', lines);
  log.append(['update', 1, { priceCents: 1 }]);
  const result = trade(log, cancelOf('c', sale));
  t.same(result.outcomes, [['cancelled', 1, 1, false]]);
  t.same([...result.touched].sort(), [1, 2]);
  t.same(records(log)[0]?.slice(2), [
    ...[1, sale[2], sale[3], true, 'unwanted', 5_000, 0],
    [1, 3, 2, 2],
    true,
  ]);
  t.same(bookOf(log, 1), { received: 100, sold: 3, returned: 3, stock: 100 });
  t.same(bookOf(log, 2), { received: 5, sold: 2, returned: 2, stock: 5 });
  log.machine.invariants();
});

t.test('all cancellations together cancel at most what was bought', async (t) => {
  const log = ruledLog();
  const sale = buy(log, 'a', [[1, 5]]);
  t.same(cancel(log, 'c', sale, { lines: [[1, 2]] }), ['cancelled', 1, 1, false]);
  t.same(cancel(log, 'd', sale, { lines: [[1, 4]] }), ['not_cancellable', 1, 3, false]);
  const twice: PurchaseLine[] = [
    [1, 2],
    ['tux', 2],
  ];
  t.same(cancel(log, 'e', sale, { lines: twice }), ['not_cancellable', 1, 3, false]);
  t.same(cancel(log, 'f', sale, { lines: [[2, 1]] }), ['not_cancellable', 2, 0, false]);
  t.same(cancel(log, 'g', sale, { lines: [['Whale', 1]] }), ['not_found', 0, false]);
  t.same(cancel(log, 'h', sale, { restock: false }), ['cancelled', 2, 1, false]);
  t.same(cancel(log, 'i', sale), ['not_cancellable', 0, 0, false]);
  const [first, second] = records(log);
  t.same([first?.[8], first?.[9], first?.[10]], [0, [1, 2], false]);
  t.same(
    [second?.[3], second?.[8], second?.[9], second?.[10]],
    [[[1, 'Tux', 3, 1990]], 1, [1, 5], true],
  );
  t.same(bookOf(log, 1), { received: 100, sold: 5, returned: 2, stock: 97 });
  log.machine.invariants();
});

t.test('under the same key nothing is cancelled twice', async (t) => {
  const log = ruledLog();
  const sale = buy(log, 'a', [[1, 5]]);
  const some = cancelOf('c', sale, { lines: [[1, 2]] });
  t.same(trade(log, some, some).outcomes, [
    ['cancelled', 1, 1, false],
    ['cancelled', 1, 1, true],
  ]);
  t.same(trade(log, some).outcomes, [['cancelled', 1, 1, true]]);
  t.same(trade(log, cancelOf('c', sale)).outcomes, [['key_reused']]);
  const refused = cancelOf('d', sale, { lines: [[1, 4]] });
  t.same(trade(log, refused).outcomes, [['not_cancellable', 1, 3, false]]);
  cancel(log, 'e', sale, { lines: [[1, 1]] });
  t.same(trade(log, refused).outcomes, [['not_cancellable', 1, 3, true]]);
  t.equal(log.machine.cancellations.last, 2);
  t.equal(bookOf(log, 1).stock, 98);
});

t.test('cancellations are numbered without gaps, apart from the sales', async (t) => {
  const log = ruledLog();
  const [a, b] = [buy(log, 'a', [[1, 1]]), buy(log, 'b', [[1, 1]])];
  const { outcomes } = trade(log, cancelOf('c', b), cancelOf('d', b), cancelOf('e', a));
  t.same(
    outcomes.map(([kind, number]) => [kind, number]),
    [
      ['cancelled', 1],
      ['not_cancellable', 0],
      ['cancelled', 2],
    ],
  );
  t.equal(buy(log, 'f', [[1, 1]])[0], 3);
  t.same(
    records(log).map(([number, , order]) => [number, order]),
    [
      [1, 2],
      [2, 1],
    ],
  );
  log.append(['cursor', 3, 2]);
  t.equal(log.machine.cancellations.watermark, 2);
  log.machine.invariants();
});

t.test('units of a removed product leave the books', async (t) => {
  const log = ruledLog();
  const sale = buy(log, 'a', [[2, 3]]);
  log.append(['remove', 2, null]);
  const result = trade(log, cancelOf('c', sale));
  t.same(result.outcomes, [['cancelled', 1, 1, false]]);
  t.same(bookOf(log, 2), { received: 0, sold: 3, returned: 3, stock: 0 });
  t.equal(log.machine.byId(2), undefined);
  log.machine.invariants();
});

t.test('a cancellation gives the units back to the customer, restocked or not', async (t) => {
  const log = ruledLog();
  for (const [id, limit] of [
    [1, [2, null]],
    [2, [2, 3_600]],
  ] as const) {
    log.append(['update', id, { limit }]);
    const sale = buy(log, `a${id}`, [[id, 2]], 'ann');
    const again = ['buy', keyOf(`b${id}`), [[id, 1]], [digest('ann'), null]] as const;
    t.equal(trade(log, again).outcomes[0]?.[0], 'limit_exceeded');
    cancel(log, `c${id}`, sale, { lines: [[id, 1]], restock: id === 1 });
    t.ok(buy(log, `d${id}`, [[id, 1]], 'ann'));
    const more = ['buy', keyOf(`e${id}`), [[id, 1]], [digest('ann'), null]] as const;
    t.equal(trade(log, more).outcomes[0]?.[0], 'limit_exceeded');
  }
  log.machine.invariants();
});

t.test('an order that a limit did not count gives nothing back to it', async (t) => {
  const log = ruledLog();
  const before = buy(log, 'a', [[1, 2]], 'ann');
  log.append(['update', 1, { limit: [2, null] }]);
  const counted = buy(log, 'b', [[1, 2]], 'ann');
  const more = (key: string) => {
    return trade(log, ['buy', keyOf(key), [[1, 1]], [digest('ann'), null]]).outcomes[0]?.[0];
  };
  cancel(log, 'c', before);
  t.equal(more('d'), 'limit_exceeded');
  cancel(log, 'e', counted);
  t.equal(more('f'), 'sold');
  log.machine.invariants();
});

t.test('cancellations that wait for the order book are bounded as the sales are', async (t) => {
  const log = new CatalogLog(new CatalogMachine({ clientKeysMax: 100, unprojectedMax: 1 }));
  log.append(['stock', [product('Tux')]]);
  log.append(['rules', 3, { restockTo: 0, bundled: [] }]);
  const sale = buy(log, 'a', [[1, 2]]);
  const some = { lines: [[1, 1]] } as const;
  t.same(cancel(log, 'b', sale, some), ['cancelled', 1, 1, false]);
  t.same(cancel(log, 'c', sale, some), ['full', 'cancellations']);
  log.append(['cursor', 1, 1]);
  t.same(cancel(log, 'c', sale, some), ['cancelled', 2, 1, false], 'a full table stores nothing');
});

t.test('a confirmed hold is cancelled like an order', async (t) => {
  const log = ruledLog();
  log.append(['update', 1, { limit: [2, 3_600] }]);
  const [id, ann] = [digest('hold'), digest('ann')];
  trade(log, ['hold', keyOf('h'), id, [[1, 2]], 60, [ann, null], null]);
  trade(log, ['confirm', keyOf('o'), id, null]);
  const [sale] = decode(log.sales(1)[2]) as readonly Sale[];
  if (!sale) throw new Error('no sale');
  t.same(cancel(log, 'c', sale), ['cancelled', 1, 1, false]);
  t.ok(buy(log, 'again', [[1, 2]], 'ann'));
  t.same(bookOf(log, 1), { received: 100, sold: 4, returned: 2, stock: 98 });
});

t.test('an order has at most a hundred cancellations', async (t) => {
  const log = ruledLog();
  log.append(['add', product('Ants', { quantity: 1_000 })]);
  const sale = buy(log, 'a', [['Ants', 200]]);
  for (let at = 0; at < cancelLimits.perOrderMax; at++) {
    t.equal(cancel(log, `c${at}`, sale, { lines: [['Ants', 1]] })?.[0], 'cancelled');
  }
  t.same(cancel(log, 'more', sale), ['full', 'cancellations']);
});

t.test('the write set of a cancellation is its products, if it restocks', async (t) => {
  const log = ruledLog();
  const sale = buy(log, 'a', [[2, 1]]);
  const setOf = (restock: boolean) =>
    log.machine.writeSet(['trade', 1, 0, [cancelOf('c', sale, { restock })]]).ids;
  t.same(setOf(true), [2]);
  t.same(setOf(false), []);
});

t.test('a snapshot has all cancellations, and the same state follows from it', async (t) => {
  const log = ruledLog();
  const [a, b] = [buy(log, 'a', [[1, 5]]), buy(log, 'b', [[2, 1]])];
  cancel(log, 'c', a, { lines: [[1, 2]] });
  cancel(log, 'd', b, { restock: false });
  log.append(['cursor', 2, 1]);
  const machine = new CatalogMachine();
  machine.restore(log.machine.snapshot());
  t.equal(machine.hash(), log.machine.hash());
  machine.invariants();
  t.same([machine.cancellations.last, machine.cancellations.watermark], [2, 1]);
  const entry = cancelOf('e', a, { lines: [[1, 4]] });
  t.same(cancel(log, 'e', a, { lines: [[1, 4]] }), ['not_cancellable', 1, 3, false]);
  machine.apply({
    ...(log.entries.at(-1) ?? { seq: 0, epoch: 1, time: 0, command: new Uint8Array() }),
  });
  t.equal(machine.hash(), log.machine.hash(), `after ${entry[0]}`);
});

t.test('the hash tells a cancelled unit apart', async (t) => {
  const hashOf = (units: number): string => {
    const log = ruledLog();
    const sale = buy(log, 'a', [[1, 5]]);
    cancel(log, 'c', sale, { lines: [[1, units]], restock: false });
    log.append(['cursor', 1, 1]);
    return log.machine.hash();
  };
  t.not(hashOf(1), hashOf(2));
});

t.test('a log of older rules gives the same state', async (t) => {
  const log = busyLog();
  const before = log.machine.hash();
  log.append(['cursor', 2]);
  t.equal(log.machine.cancellations.last, 0);
  const again = new CatalogMachine();
  for (const entry of log.entries.slice(0, -1)) again.apply(entry);
  t.equal(again.hash(), before);
});
