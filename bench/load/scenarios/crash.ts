/**
 * All processes are killed at once while customers buy, and the store is started again on the same data:
 * the time until a purchase succeeds, and whether any acknowledged order is lost.
 */
import type { Fact, Scenario } from '../bench.js';
import { Customers } from '../customers.js';
import { median } from '../measure.js';
import { audit } from '../members.js';

const customers = 20;
const products = 10;
const item = 1;
const roundsInAll = 5;
const purchasesBefore = 2_000;
const limitMs = 300_000;

export const crash: Scenario = {
  name: 'crash',
  about: 'all processes killed at once under load: time from the restart to the next purchase',
  limitMs,
  async run(bench) {
    const rounds = bench.settings.quick ? 1 : roundsInAll;
    const tookMs: number[] = [];
    const problems: string[] = [];
    let store = await bench.store({ products });
    for (let round = 1; round <= rounds; round++) {
      const shoppers = new Customers(store.target, item);
      const begun = shoppers.acknowledged + purchasesBefore;
      shoppers.start(customers);
      while (shoppers.acknowledged < begun) await shoppers.next(0);
      await store.crash();
      const restartMs = performance.now();
      const first = shoppers.next(restartMs);
      // The customers keep retrying; the first success ends the outage.
      const [next, { doneMs }] = await Promise.all([bench.again(store), first]);
      store = next;
      tookMs.push(doneMs - restartMs);
      bench.progress(`selling again ${(doneMs - restartMs).toFixed(0)} ms after the restart`);
      problems.push(...(await shoppers.close()), ...(await audit(store)));
    }
    const facts: Fact[] = [
      { what: `selling again, median of ${rounds}`, value: median(tookMs), unit: 'ms' },
      { what: 'selling again, worst', value: Math.max(...tookMs), unit: 'ms' },
    ];
    return { rows: [], facts, problems };
  },
};
