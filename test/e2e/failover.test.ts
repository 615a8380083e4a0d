/**
 * The default store: leaders are killed under load. It goes on selling, nothing answered is lost or
 * doubled, and the books of all replicas agree.
 */
import t from 'tap';
import { sendCustomers } from './customers.js';
import { Ledger } from './ledger.js';
import { chosenSeed, seeded } from './seeded.js';
import { settle } from './settle.js';
import { Store } from './store.js';
import { upWithStock } from './test-stock.js';
import { until, within } from './until.js';

const size = { catalogs: 2, orders: 3, recovery: 1 };
const answersBetween = 60;

t.test('leaders of both groups are killed under load, and others sell on', async (t) => {
  const seed = chosenSeed();
  t.comment(`seed ${seed}`);
  const store = new Store(t, 3040, size);
  const { products } = await upWithStock(store);
  const ledger = new Ledger(products);
  const customers = sendCustomers(store, ledger, { raw: 8, http: 2 }, seeded(seed));
  for (const group of ['order', 'catalog', 'order'] as const) {
    await within('purchases before the kill', ledger.answersMore(answersBetween));
    const leader = await store.leader(group);
    await store.kill(leader);
    await within(`purchases without ${leader}`, ledger.answersMore(answersBetween));
  }
  await customers.leave();
  await until('everybody is back', () => store.running().length === store.services().length + 1);
  await settle(t, store, ledger);
  t.equal(await store.down(), 0);
});
