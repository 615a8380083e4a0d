/** The timer that fills products up, over a catalog of one replica. */
import t from 'tap';
import { silentLogger } from '../../../src/base/logging.js';
import { startRestocking } from '../../../src/catalog/service/restock.js';
import { type OneCatalog, openStore, settled } from '../one-catalog.js';

const target = 100;

function restocking({ store, clock }: OneCatalog, everySeconds: number) {
  return startRestocking({ store, clock, logger: silentLogger, everySeconds, target });
}

/** The product of the shop has so many pieces. */
async function setQuantity({ store }: OneCatalog, quantity: number): Promise<void> {
  await store.propose(['update', 1, { quantity }]);
}

const quantityOf = ({ machine }: OneCatalog) => machine.byId(1)?.[4];

t.test('a product below the target is filled up at each interval', async (t) => {
  const shop = await openStore();
  const timer = restocking(shop, 10);
  for (const k of [1, 2]) {
    await setQuantity(shop, 3);
    shop.clock.advance(9_900);
    await settled();
    t.equal(quantityOf(shop), 3, 'not before');
    shop.clock.advance(100);
    await settled();
    t.equal(quantityOf(shop), target);
    t.equal(shop.machine.lastRestock, k);
  }
  shop.clock.advance(10_000);
  await settled();
  t.equal(shop.machine.lastRestock, 2, 'nothing is below the target');
  timer.cancel();
  await setQuantity(shop, 3);
  shop.clock.advance(20_000);
  await settled();
  t.equal(quantityOf(shop), 3);
});

t.test('an interval of 0 seconds disables restocking', async (t) => {
  const shop = await openStore();
  restocking(shop, 0);
  await setQuantity(shop, 3);
  shop.clock.advance(60_000);
  await settled();
  t.equal(quantityOf(shop), 3);
});

t.test('a restock that the full ledger refuses is tried again soon', async (t) => {
  const shop = await openStore([], undefined, { movementsMax: 2 });
  await shop.store.propose(['rules', 4, { restockTo: target, bundled: [[1, 'Tux']] }]);
  const timer = restocking(shop, 3_600);
  await setQuantity(shop, 3);
  shop.clock.advance(3_600_000);
  await settled();
  t.equal(quantityOf(shop), 3, 'the opening and the change fill the ledger');
  await shop.store.propose(['cursor', 0, 0, 2]);
  shop.clock.advance(1_000);
  await settled();
  t.equal(quantityOf(shop), target);
  timer.cancel();
});

t.test('a restock that another entry has made is not tried again', async (t) => {
  const shop = await openStore();
  const timer = restocking(shop, 10);
  await setQuantity(shop, 3);
  const other = shop.store.propose(['restock', 1, target]);
  shop.clock.advance(10_000);
  await other;
  await settled();
  t.equal(shop.machine.lastRestock, 1);
  await setQuantity(shop, 3);
  shop.clock.advance(1_000);
  await settled();
  t.equal(quantityOf(shop), 3, 'not before the next interval');
  shop.clock.advance(9_000);
  await settled();
  t.equal(quantityOf(shop), target);
  timer.cancel();
});
