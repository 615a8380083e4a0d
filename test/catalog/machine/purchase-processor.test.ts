import t from 'tap';
import { requestLimits } from '../../../src/base/limits.js';
import { CatalogMachine } from '../../../src/catalog/machine/catalog-machine.js';
import { decode } from '../../../src/wire/codec.js';
import { type Purchase, totalTooLarge } from '../../../src/wire/internal.js';
import { byClient, byFrontend, CatalogLog, digest, hour, product, toyLog } from '../log-builder.js';

const roomy = { clientKeysMax: 1_000, unprojectedMax: 1_000 };

t.test('a sale takes stock and gets the next number and the current price', async (t) => {
  const log = toyLog();
  const result = log.sellAs(1, byClient('a', [[1, 2]]), byFrontend('b', [['Whale', 1]]));
  t.strictSame(result.outcomes, [
    ['sold', 1, 3980, false],
    ['sold', 2, 700, false],
  ]);
  t.strictSame(result.touched, [1, 2]);
  const [first, count, bytes] = result.sales ?? [0, 0, new Uint8Array(0)];
  t.strictSame([first, count], [1, 2]);
  const [sale] = decode(bytes) as unknown[];
  t.same(sale, [1, Buffer.from(digest('a')), [[1, 'Tux', 2, 1990]], 3980, 1_000]);
  t.same(log.machine.byId(1), [1, 'Tux', 'toys', 1990, 98, 2]);

  log.append(['update', 1, { priceCents: 2500 }]);
  t.same(log.sell(byClient('c', [[1, 1]])), [['sold', 3, 2500, false]]);
});

t.test('lines of the same product are added up, by id or by name', async (t) => {
  const log = toyLog();
  const twice = byClient('a', [
    ['Whale', 3],
    [1, 1],
    [2, 3],
  ]);
  t.same(log.sell(twice), [['out_of_stock', 2, 5, false]]);
  t.same(log.machine.byId(1)?.[4], 100, 'all lines or none');
  const fits = byClient('b', [
    ['Whale', 3],
    [1, 1],
    [2, 2],
  ]);
  t.same(log.sell(fits), [['sold', 1, 5 * 700 + 1990, false]]);
  const [, , bytes] = log.sales(1);
  const [sale] = decode(bytes) as [readonly [number, unknown, unknown]];
  t.same(sale[2], [
    [2, 'Whale', 5, 700],
    [1, 'Tux', 1, 1990],
  ]);
});

t.test('a product sold several times in one entry is reported as touched once', async (t) => {
  const log = toyLog();
  const result = log.sellAs(1, byClient('a', [[1, 1]]), byClient('b', [[1, 1]]));
  t.same(result.touched, [1]);
  t.same(log.sellAs(1, byClient('c', [[1, 1]])).touched, [1], 'and again in the next');
});

t.test(
  'an unknown product refuses the whole purchase, and the outcome names the line',
  async (t) => {
    const log = toyLog();
    t.same(
      log.sell(
        byClient('a', [
          [1, 1],
          ['Kraken', 1],
        ]),
      ),
      [['not_found', 1, false]],
    );
    t.same(log.sell(byClient('b', [[9, 1]])), [['not_found', 0, false]]);
    t.same(log.machine.byId(1)?.[4], 100);
    t.equal(log.machine.lastSale, 0);
  },
);

t.test('the same key always returns the same outcome, also within one batch', async (t) => {
  const log = toyLog();
  const buy = byClient('a', [['Whale', 2]]);
  t.same(log.sell(buy, buy), [
    ['sold', 1, 1400, false],
    ['sold', 1, 1400, true],
  ]);
  log.append(['remove', 2, null]);
  t.same(log.sell(buy), [['sold', 1, 1400, true]], 'the key is asked before the name');
  t.equal(log.machine.lastSale, 1);
});

t.test('a refusal is an outcome like any other and survives a restock (A24)', async (t) => {
  const log = toyLog();
  const tooMany = byClient('a', [['Whale', 6]]);
  const unknown = byClient('b', [['Kraken', 1]]);
  t.same(log.sell(tooMany, unknown), [
    ['out_of_stock', 2, 5, false],
    ['not_found', 0, false],
  ]);
  log.append(['restock', 1, 100]);
  log.append(['add', product('Kraken')]);
  t.same(log.sell(tooMany, unknown), [
    ['out_of_stock', 2, 5, true],
    ['not_found', 0, true],
  ]);
});

t.test('another request under a client key is refused and changes nothing', async (t) => {
  const log = toyLog();
  log.sell(byClient('a', [[1, 1]]));
  t.same(log.sell(byClient('a', [[1, 2]])), [['key_reused']]);
  t.same(log.sell(byClient('a', [[1, 1]])), [['sold', 1, 1990, true]]);
  t.same(log.machine.byId(1)?.[4], 99);
});

t.test('a client key and a frontend key of the same bytes are two keys', async (t) => {
  const log = toyLog();
  t.same(log.sell(byClient('a', [[1, 1]]), byFrontend('a', [[1, 1]])), [
    ['sold', 1, 1990, false],
    ['sold', 2, 1990, false],
  ]);
});

t.test('a deposed order leader sells nothing new, and nothing is stored', async (t) => {
  const log = toyLog();
  log.sellAs(2, byClient('a', [[1, 1]]));
  const old = log.sellAs(1, byClient('b', [[1, 1]]), byClient('a', [[1, 1]]));
  t.same(old.outcomes, [['stale'], ['sold', 1, 1990, true]], 'a known key comes first');
  t.equal(log.machine.newestOrderEpoch, 2);
  t.same(log.sellAs(2, byClient('b', [[1, 1]])).outcomes, [['sold', 2, 1990, false]]);
});

t.test('a purchase too old by log time is stale and stores nothing', async (t) => {
  const log = toyLog();
  log.pass(60_000);
  t.same(log.sell(byFrontend('f', [[1, 1]])), [['sold', 1, 1990, false]]);
  log.pass(1);
  t.same(log.sell(byFrontend('g', [[1, 1]]), byClient('c', [[1, 1]])), [
    ['stale', 0],
    ['sold', 2, 1990, false],
  ]);
  const { time } = log;
  t.same(log.sell(byFrontend('g', [[1, 1]], { seenTime: time })), [['sold', 3, 1990, false]]);
  log.pass(hour - 60_000);
  t.same(log.sell(byClient('d', [[1, 1]])), [['stale', 0]], 'and names the time it counts from');
});

t.test('a full key table refuses new client keys and drops no key early', async (t) => {
  const log = toyLog(new CatalogMachine({ ...roomy, clientKeysMax: 2 }));
  const [a, b, c] = ['a', 'b', 'c'].map((key) => byClient(key, [[1, 1]]));
  t.ok(a && b && c);
  if (!a || !b || !c) return;
  t.same(log.sell(a, b, c), [
    ['sold', 1, 1990, false],
    ['sold', 2, 1990, false],
    ['full', 'keys'],
  ]);
  t.same(log.sell(a), [['sold', 1, 1990, true]]);
  t.same(
    log.sell(byFrontend('c', [[1, 1]])),
    [['sold', 3, 1990, false]],
    'frontends have their own',
  );
  t.same(log.machine.byId(1)?.[4], 97);
});

t.test(
  'sales beyond the limit of unprojected ones are refused until the watermark moves',
  async (t) => {
    const log = toyLog(new CatalogMachine({ ...roomy, unprojectedMax: 2 }));
    const buys = [1, 2, 3].map((n) => byClient(`k${n}`, [[1, 1]]));
    t.same(log.sell(...buys).at(-1), ['full', 'sales']);
    log.append(['cursor', 1]);
    t.same(log.sell(...buys), [
      ['sold', 1, 1990, true],
      ['sold', 2, 1990, true],
      ['sold', 3, 1990, false],
    ]);
  },
);

t.test('a frontend key is dropped after two minutes of log time, once projected', async (t) => {
  const log = toyLog();
  log.sell(byFrontend('a', [[1, 1]]), byFrontend('no', [['Kraken', 1]]));
  log.pass(2 * 60_000);
  t.equal(log.machine.keyCount, 2, 'its sale is not an order yet');
  log.append(['cursor', 1]);
  log.append(undefined);
  t.equal(log.machine.keyCount, 0);
  const again = byFrontend('a', [[1, 1]], { seenTime: log.time });
  t.same(log.sell(again), [['sold', 2, 1990, false]]);
});

t.test(
  'a client key is kept for a day of log time, and no clock jump shortens that (A25)',
  async (t) => {
    const log = toyLog();
    const buy = byClient('a', [[1, 1]]);
    log.sell(buy);
    log.append(['cursor', 1]);
    log.time = 400 * 24 * hour;
    log.append(undefined);
    t.equal(log.machine.lastLogTime, 15_000);
    t.same(log.sell(buy), [['sold', 1, 1990, true]]);

    const steady = toyLog();
    steady.sell(buy);
    steady.append(['cursor', 1]);
    steady.pass(24 * hour - 1);
    t.same(steady.sell(buy), [['sold', 1, 1990, true]]);
    steady.pass(1);
    t.equal(steady.machine.keyCount, 0);
  },
);

t.test('a log time that goes back is a broken invariant', async (t) => {
  const log = toyLog();
  log.pass(10);
  log.time = 5;
  t.throws(() => log.append(undefined), /log time never goes back/);
});

/** So much that a few of them come to more than doubles hold to the cent. */
const palace = product('Palace', { priceCents: 99_999_999_999, quantity: 1_000_000_000 });
const { totalCentsMax } = requestLimits;

function palaceLog(): CatalogLog {
  const log = new CatalogLog();
  log.append(['stock', [palace, product('Tux')]]);
  return log;
}

t.test('a total above the limit is refused under its key, and no stock is taken', async (t) => {
  const log = palaceLog();
  const bound = (...purchases: Purchase[]) => {
    const result = log.append(['sell', 1, 1_000, purchases, true]);
    return result.kind === 'sell' ? result.outcomes : [];
  };
  const most = Math.floor(totalCentsMax / palace.priceCents);
  const dear = byClient('dear', [[1, most + 1]]);
  t.same(bound(dear), [['not_found', totalTooLarge, false]]);
  const split = byClient('split', [
    ['Tux', 1],
    [1, most],
    ['Palace', 1],
  ]);
  t.same(bound(split), [['not_found', totalTooLarge, false]], 'lines are added up');
  t.equal(log.machine.byId(1)?.[4], palace.quantity);
  t.equal(log.machine.lastSale, 0);
  log.append(['update', 1, { priceCents: 1 }]);
  t.same(bound(dear), [['not_found', totalTooLarge, true]], 'the first outcome stays (A24)');
  log.append(['update', 1, { priceCents: palace.priceCents }]);
  const [sold] = bound(byClient('most', [[1, most]]));
  t.same(sold, ['sold', 1, most * palace.priceCents, false]);
  t.equal(
    BigInt(most) * BigInt(palace.priceCents),
    BigInt(most * palace.priceCents),
    'to the cent',
  );
});

t.test('entries of earlier builds keep their rounded totals and their state', async (t) => {
  const log = palaceLog();
  const [first, second] = log.sell(
    byClient('a', [[1, 90_073]]),
    byFrontend('b', [
      [1, 999_999],
      [2, 3],
    ]),
  );
  t.same(first, ['sold', 1, 90_073 * palace.priceCents, false]);
  t.same(second, ['sold', 2, 999_999 * palace.priceCents + 3 * 1990, false]);
  t.equal(
    log.machine.hash(),
    '6ee1f2c89a67c4489f3804254be2975ddb395ae56dc1efd159aaae6a1daa1b43',
    'as the build that logged them had it',
  );
});
