import t from 'tap';
import { requestLimits } from '../../../src/base/limits.js';
import type { LogRecord } from '../../../src/consensus/types.js';
import { decode } from '../../../src/wire/codec.js';
import { totalTooLarge } from '../../../src/wire/internal.js';
import { movementCauses } from '../../../src/wire/movement.js';
import { byClient, product } from '../log-builder.js';
import { openCatalog, openStore, settled } from '../one-catalog.js';

const tooMuch = requestLimits.purchaseQuantityMax;

/** The sells in a log, as it holds them. */
function sells(disk: readonly LogRecord[]): unknown[][] {
  return disk.flatMap((record) => {
    if (record.kind !== 'entry' || record.entry.command.length === 0) return [];
    const command = decode(record.entry.command) as unknown[];
    return command[0] === 'sell' ? [command] : [];
  });
}

async function palaces(boundsTotals: () => boolean) {
  const disk: LogRecord[] = [];
  const { store, machine } = await openStore(disk, boundsTotals);
  const priceCents = requestLimits.priceCentsMax;
  await store.propose(['update', 1, { priceCents, quantity: 2 * tooMuch }]);
  return { disk, store, machine };
}

t.test('the leader logs the bound of totals once every replica supports it', async (t) => {
  let isKnown = false;
  const { disk, store } = await palaces(() => isKnown);
  await store.proposePurchases(1, [byClient('a', [[1, 1]])]);
  isKnown = true;
  await store.proposePurchases(1, [byClient('b', [[1, 1]])]);
  t.same(
    sells(disk).map(([, , , , bounds]) => bounds),
    [undefined, true],
  );
});

t.test(
  'a price rise before a purchase in the log does not lift its total over the bound',
  async (t) => {
    const { disk, store, machine } = await palaces(() => false);
    await store.propose(['update', 1, { priceCents: 1 }]);
    const raised = store.propose(['update', 1, { priceCents: requestLimits.priceCentsMax }]);
    const many = byClient('many', [[1, tooMuch]]);
    t.same(
      await store.proposePurchases(1, [many]),
      [['stale']],
      'at the highest price it is too much',
    );
    await raised;
    t.equal(machine.lastSale, 0);
    const most = Math.floor(requestLimits.totalCentsMax / requestLimits.priceCentsMax);
    const [sold] = await store.proposePurchases(1, [byClient('most', [[1, most]])]);
    t.match(sold, ['sold', 1, requestLimits.totalCentsMax]);
    t.equal(sells(disk).length, 1);
  },
);

t.test('the log tells a later leader that every replica applies the bound', async (t) => {
  const { disk, store } = await palaces(() => true);
  await store.proposePurchases(1, [byClient('a', [[1, 1]])]);
  const next = await openCatalog(disk, () => false);
  await settled();
  t.same(await next.store.proposePurchases(1, [byClient('dear', [[1, tooMuch]])]), [
    ['not_found', totalTooLarge, false],
  ]);
});

t.test(
  'before that, the leader refuses purchases above the bound and stores nothing',
  async (t) => {
    const { disk, store, machine } = await palaces(() => false);
    const dear = byClient('dear', [[1, tooMuch]]);
    const cheap = byClient('cheap', [[1, 1]]);
    const refused = ['stale'];
    t.same(await store.proposePurchases(1, [dear, cheap]), [refused, ['sold', 1, 1e11, false]]);
    t.same(await store.proposePurchases(1, [dear]), [refused]);
    t.equal(sells(disk).length, 1);
    t.equal(machine.lastSale, 1);
  },
);

t.test('a change behind undecided rules 4 has a time in the ledger', async (t) => {
  const { clock, store, machine } = await openCatalog();
  const settings = { restockTo: 0, bundled: [] };
  await Promise.all([
    store.propose(['rules', 4, settings]),
    store.stock(1, () => [product('Tux', { id: 1, quantity: 7 })]),
  ]);
  const bytes = machine.movements.from(1, 10)?.[2];
  const movements = bytes === undefined ? undefined : decode(bytes);
  t.same(movements, [[1, 1, movementCauses.added, 0, 7, 0, 7, 0, clock.wallMs()]]);
});
