/**
 * kill -9 of each service and of all of them, under load and at moments of chance: nothing that was
 * answered is lost or changed, nothing is sold twice, and who lost an answer gets it again by its
 * key. BAZAR_TEST_SEED repeats the choice of moments.
 */
import type { Test } from 'tap';
import { sendCustomers } from './customers.js';
import { Ledger } from './ledger.js';
import { chosenSeed, seeded } from './seeded.js';
import { settle } from './settle.js';
import { type ServiceName, Store } from './store.js';
import { upWithStock } from './test-stock.js';
import { within } from './until.js';

/** The services that die together. */
export type Round = readonly ServiceName[] | 'all';

const answersBetween = { min: 20, max: 200 };
const jitterMaxMs = 5;

export async function crashes(
  t: Test,
  portOffset: number,
  rounds: readonly Round[],
): Promise<void> {
  const seed = chosenSeed();
  t.comment(`seed ${seed}`);
  const random = seeded(seed);
  const store = new Store(t, portOffset);
  const { products, flags } = await upWithStock(store);
  const ledger = new Ledger(products);
  const customers = sendCustomers(store, ledger, { raw: 8, http: 2 }, random);
  const { min, max } = answersBetween;
  for (const victims of rounds) {
    const count = min + Math.floor(random() * (max - min));
    await within(`${count} more purchases before ${victims}`, ledger.answersMore(count));
    await new Promise((resolve) => setTimeout(resolve, random() * jitterMaxMs));
    if (victims === 'all') {
      await store.killAll();
      await store.up(...flags);
    } else {
      await Promise.all(victims.map((name) => store.kill(name)));
    }
    await within(`purchases go on after ${victims}`, ledger.answersMore(min));
  }
  await customers.leave();
  await settle(t, store, ledger);
  t.equal(await store.down(), 0);
}
