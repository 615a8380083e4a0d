// What docs/STOCK.md says about one operation after another, and that each outcome is replayed equal.
import t from 'tap';
import { holdLimits, requestLimits } from '../../../src/base/limits.js';
import { CatalogMachine } from '../../../src/catalog/machine/catalog-machine.js';
import { decode } from '../../../src/wire/codec.js';
import type { NewProduct, PurchaseLine, Sale } from '../../../src/wire/internal.js';
import type { Terms, TradeOperation, TradeOutcome } from '../../../src/wire/trade.js';
import { byClient, CatalogLog, digest, hour, product } from '../log-builder.js';

const at = 1_700_000_000_000;
const none: Terms = [null, null];
const ada: Terms = [digest('ada'), null];
const cart = digest('cart');

/** Tux (id 1, 100 at 19.90) and Whale (id 2, 5 at 7.00), under rules 3. */
function shop(...more: NewProduct[]): CatalogLog {
  const log = new CatalogLog();
  log.append(['rules', 3, { restockTo: 0, bundled: [] }]);
  const whale = product('Whale', { quantity: 5, priceCents: 700 });
  log.append(['stock', [product('Tux'), whale, ...more]]);
  return log;
}

type WithoutKey<Operation> = Operation extends readonly [infer Name, unknown, ...infer Fields]
  ? readonly [Name, ...Fields]
  : never;
type Wanted = WithoutKey<TradeOperation>;

/** Trades under a client's key; the request is the operation's own. */
function trade(log: CatalogLog, key: string, wanted: Wanted): TradeOutcome {
  const hash = digest(JSON.stringify(wanted)).slice(0, 8);
  const [name, ...fields] = wanted;
  const operation = [name, [digest(key), 1, hash, log.time], ...fields] as unknown;
  const result = log.append(['trade', 1, at + log.time, [operation as TradeOperation]]);
  if (result.kind !== 'trade') throw new Error('a trade had another result');
  const [outcome] = result.outcomes;
  if (!outcome) throw new Error('no outcome');
  return outcome;
}

function hold(lines: readonly PurchaseLine[], ttl = 60, terms = none, id = cart): Wanted {
  return ['hold', id, lines, ttl, terms, null];
}

function bookOf(log: CatalogLog, id: number) {
  const book = log.machine.books().find((one) => one.id === id);
  return [book?.stock, book?.reserved, book?.sold, book?.received];
}

t.test('each outcome is replayed under its key, after a restore too', async (t) => {
  const log = shop(product('Seal', { limit: [2, null] }), product('Bear', { limit: [2, 600] }));
  log.append(['remove', log.machine.byName('Whale')?.[0] ?? 0, null]);
  const outcomes: [string, Wanted, TradeOutcome][] = [];
  const tried = (key: string, wanted: Wanted, name: TradeOutcome[0]): void => {
    const outcome = trade(log, key, wanted);
    t.equal(outcome[0], name, key);
    t.equal(outcome.at(-1), false, 'the first time');
    outcomes.push([key, wanted, outcome]);
  };
  tried(
    'held',
    hold(
      [
        ['tux', 3],
        [1, 1],
      ],
      86_400,
    ),
    'held',
  );
  tried('extended', ['extend', cart, 86_400], 'extended');
  tried('not held', ['confirm', cart, [[1, 5]]], 'not_held');
  tried('sold', ['confirm', cart, [['Tux', 3]]], 'sold');
  tried('resolved', ['release', cart], 'resolved');
  tried('unknown', ['extend', digest('no cart'), 1], 'no_hold');
  const second = digest('second');
  tried('held again', hold([[1, 1]], 1, none, second), 'held');
  tried('released', ['release', second], 'released');
  tried('price', ['buy', [[1, 1]], [null, 2 ** 45]], 'price_changed');
  tried('gone', ['buy', [[2, 1]], none], 'not_found');
  tried('stock', hold([[1, 10_000]], 1, none, digest('third')), 'out_of_stock');
  tried('customer', ['buy', [['Seal', 1]], none], 'customer_required');
  tried('limit', ['buy', [['Seal', 3]], ada], 'limit_exceeded');
  tried('bought', ['buy', [['Bear', 2]], ada], 'sold');
  tried('limit with a window', ['buy', [['Bear', 1]], ada], 'limit_exceeded');
  const restored = new CatalogMachine();
  restored.restore(log.machine.snapshot());
  const copy = new CatalogLog(restored);
  copy.time = log.time;
  for (const one of [log, copy]) {
    one.pass(20_000);
    const last = one.machine.lastSale;
    for (const [key, wanted, outcome] of outcomes) {
      t.same(trade(one, key, wanted), [...outcome.slice(0, -1), true], key);
    }
    t.equal(one.machine.lastSale, last, 'nothing was sold again');
    one.machine.invariants();
  }
  t.equal(restored.hash(), log.machine.hash());
});

t.test('one key serves one request, whatever kind it is', async (t) => {
  const log = shop();
  trade(log, 'k', hold([[1, 1]]));
  t.same(trade(log, 'k', hold([[1, 2]])), ['key_reused']);
  t.same(trade(log, 'k', ['release', cart]), ['key_reused']);
  t.same(log.sell(byClient('k', [[1, 1]])), [['key_reused']]);
  log.sell(byClient('bought', [[1, 1]]));
  t.same(trade(log, 'bought', hold([[1, 1]])), ['key_reused']);
  const hash = digest('request').slice(0, 8);
  const change = ['update', 1, { add: 1 }] as const;
  t.match(log.append(['keyed', digest('k'), hash, 0, change]), { code: 'key_reused' });
  log.append(['keyed', digest('admin'), hash, 0, change]);
  t.same(trade(log, 'admin', ['buy', [[1, 1]], none]), ['key_reused']);
});

t.test('a hold moves units, and is resolved once', async (t) => {
  const log = shop();
  trade(
    log,
    'a',
    hold([
      [1, 10],
      [2, 5],
    ]),
  );
  t.same(bookOf(log, 1), [90, 10, 0, 100]);
  t.match(trade(log, 'b', ['buy', [[2, 1]], none]), ['out_of_stock', 2, 0]);
  t.match(trade(log, 'c', ['confirm', cart, [[1, 4]]]), ['sold', 1, 4 * 1_990]);
  t.same(bookOf(log, 1), [96, 0, 4, 100], 'the rest is free');
  t.same(bookOf(log, 2), [5, 0, 0, 5]);
  t.same(trade(log, 'd', ['confirm', cart, null]), ['resolved', 'confirmed', false]);
  t.same(trade(log, 'e', ['release', cart]), ['resolved', 'confirmed', false]);
  t.same(trade(log, 'f', ['extend', cart, 5]), ['resolved', 'confirmed', false]);
  log.append(['expire', [1]]);
  t.same(bookOf(log, 1), [96, 0, 4, 100]);
  t.match(log.machine.hold(cart), [cart, 'confirmed']);
  log.machine.invariants();
});

t.test('a hold ends by log time, and its stock is freed by an entry alone', async (t) => {
  const log = shop();
  trade(log, 'a', hold([[1, 10]], 12));
  log.append(['expire', [1]]);
  t.match(log.machine.hold(cart), [cart, 'open'], 'it is not due');
  log.pass(11_999);
  t.match(log.machine.hold(cart), [cart, 'open']);
  log.pass(1);
  t.match(log.machine.hold(cart), [cart, 'expired']);
  t.same(trade(log, 'b', ['confirm', cart, null]), ['resolved', 'expired', false]);
  t.same(trade(log, 'c', ['release', cart]), ['resolved', 'expired', false]);
  t.same(trade(log, 'd', ['extend', cart, 9]), ['resolved', 'expired', false]);
  t.same(bookOf(log, 1), [90, 10, 0, 100]);
  t.match(log.append(['expire', [7, 1, 1]]), { kind: 'expired', touched: [1] });
  t.same(bookOf(log, 1), [100, 0, 0, 100]);
  t.match(log.append(['expire', [1]]), { touched: [] });
  log.machine.invariants();
});

t.test('an extension counts from now, never shortens, and ends after seven days', async (t) => {
  const log = shop();
  trade(log, 'a', hold([[1, 1]], 60));
  log.pass(10_000);
  t.same(trade(log, 'b', ['extend', cart, 55]), ['extended', at + 65_000, false]);
  t.same(trade(log, 'c', ['extend', cart, 5]), ['extended', at + 65_000, false]);
  for (let day = 1; day < 7; day++) {
    trade(log, `day ${day}`, ['extend', cart, 86_400]);
    log.pass(24 * hour - 10_000);
  }
  trade(log, 'once more', ['extend', cart, 86_400]);
  log.pass(hour);
  const [, last] = trade(log, 'last', ['extend', cart, 86_400]);
  t.equal(last, at + holdLimits.lifeMs);
  log.machine.invariants();
});

t.test(
  'a removed product is sold from its hold, and what is left of it leaves the books',
  async (t) => {
    const log = shop();
    trade(log, 'a', hold([[1, 10]]));
    log.append(['remove', 1, null]);
    t.same(bookOf(log, 1), [0, 10, 0, 10]);
    t.match(trade(log, 'b', ['confirm', cart, [['Lamp', 1]]]), ['not_found', 0]);
    t.match(trade(log, 'c', ['confirm', cart, [[' tux', 4]]]), ['sold', 1, 4 * 1_990]);
    t.same(bookOf(log, 1), [0, 0, 4, 4]);
    log.machine.invariants();
  },
);

t.test('the order of a hold from before a limit gives the limit nothing back', async (t) => {
  const log = shop();
  trade(log, 'a', hold([[1, 2]], 60, ada));
  log.time += 1;
  log.append(['update', 1, { limit: [2, null] }]);
  const buy = (key: string) => trade(log, key, ['buy', [[1, 2]], ada]);
  t.match(buy('b'), ['sold', 1]);
  t.match(trade(log, 'c', ['confirm', cart, null]), ['sold', 2]);
  const bought = [[1, 'Tux', 2, 1_990]] as const;
  const cancel = ['cancel', 2, bought, ada[0], null, true, null] as const;
  t.match(trade(log, 'd', cancel), ['cancelled']);
  t.match(buy('e'), ['limit_exceeded', 1, 0, null], 'order 2 was not counted');
  log.machine.invariants();
});

t.test('a product with more stock than may be set can still be changed', async (t) => {
  const log = shop();
  trade(log, 'a', hold([[1, 2]], 60));
  log.append(['update', 1, { quantity: requestLimits.quantityMax }]);
  trade(log, 'b', ['release', cart]);
  t.match(log.append(['update', 1, { priceCents: 5 }]), { kind: 'stored' });
  t.match(log.append(['update', 1, { add: 1 }]), { kind: 'refused' });
});

t.test('an order from a hold has the prices of the hold, and names its customer', async (t) => {
  const log = shop();
  trade(log, 'a', hold([[1, 2]], 60, ada));
  log.append(['update', 1, { priceCents: 1 }]);
  t.match(trade(log, 'b', ['confirm', cart, null]), ['sold', 1, 3_980]);
  const [sale] = decode(log.sales(1)[2]) as Sale[];
  t.same(sale?.slice(2, 4), [[[1, 'Tux', 2, 1_990]], 3_980]);
  t.same(Buffer.from(sale?.[5] ?? []), Buffer.from(digest('ada')));
});

t.test('a limit counts at the opening, and gives back what is not bought', async (t) => {
  const log = shop(product('Seal', { limit: [5, null] }));
  const buy = (key: string, units: number) => trade(log, key, ['buy', [['Seal', units]], ada]);
  trade(log, 'a', hold([['Seal', 4]], 12, ada));
  t.match(buy('b', 2), ['limit_exceeded', 3, 1, null]);
  t.match(trade(log, 'c', ['confirm', cart, [['Seal', 1]]]), ['sold']);
  t.match(buy('d', 5), ['limit_exceeded', 3, 4, null]);
  trade(log, 'e', hold([['Seal', 4]], 12, ada, digest('second')));
  log.pass(12_000);
  t.match(buy('f', 1), ['limit_exceeded', 3, 0, null], 'until its stock is freed');
  log.append(['expire', [2]]);
  t.match(buy('g', 5), ['limit_exceeded', 3, 4, null]);
  t.match(buy('h', 4), ['sold', 2]);
  log.machine.invariants();
});

t.test('a hold from before the limit gives nothing back', async (t) => {
  const log = shop();
  trade(log, 'a', hold([[1, 3]], 60, ada));
  log.pass(1_000);
  log.append(['update', 1, { limit: [3, null] }]);
  t.match(trade(log, 'b', ['buy', [[1, 3]], ada]), ['sold']);
  t.match(trade(log, 'c', ['release', cart]), ['released']);
  t.match(trade(log, 'd', ['buy', [[1, 1]], ada]), ['limit_exceeded', 1, 0, null]);
});

t.test('an id that is taken is refused without a trace', async (t) => {
  const log = shop();
  trade(log, 'a', hold([[1, 1]]));
  t.same(trade(log, 'b', hold([[2, 1]])), ['stale']);
  t.match(trade(log, 'b', hold([[2, 1]], 60, none, digest('another'))), ['held']);
});

t.test('sales that wait do not keep holds from being opened or released', async (t) => {
  const log = new CatalogLog(new CatalogMachine({ clientKeysMax: 99, unprojectedMax: 1 }));
  log.append(['rules', 3, { restockTo: 0, bundled: [] }]);
  log.append(['stock', [product('Tux')]]);
  trade(log, 'sold', ['buy', [[1, 1]], none]);
  t.same(trade(log, 'a', ['buy', [[1, 1]], none]), ['full', 'sales']);
  t.match(trade(log, 'b', hold([[1, 1]])), ['held']);
  t.same(trade(log, 'c', ['confirm', cart, null]), ['full', 'sales']);
  t.match(trade(log, 'd', ['extend', cart, 70]), ['extended']);
  t.match(trade(log, 'e', ['release', cart]), ['released']);
});

t.test('units that came back above the bound can be corrected down, from rules 4 on', async (t) => {
  const most = requestLimits.quantityMax;
  for (const rules of [3, 4]) {
    const log = shop();
    if (rules > 3) log.append(['rules', rules, { restockTo: 0, bundled: [] }]);
    trade(log, 'open', hold([[1, 5]]));
    log.append(['update', 1, { quantity: most }]);
    trade(log, 'release', ['release', cart]);
    t.same(bookOf(log, 1).slice(0, 2), [most + 5, 0]);
    const adjusted = (delta: number) => log.append(['adjust', 1, { delta, reason: 'correction' }]);
    t.match(adjusted(1), { kind: 'refused', code: 'invalid_argument' });
    t.equal(adjusted(-2).kind, rules > 3 ? 'adjusted' : 'refused');
    t.equal(bookOf(log, 1)[0], most + (rules > 3 ? 3 : 5));
    log.machine.invariants();
  }
});
