/** All clients of a run: customers at all frontends, and the clerk. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Product } from '../test/e2e/raw-client.js';
import { seeded } from '../test/e2e/seeded.js';
import { cancelOrders } from './canceller.js';
import { work } from './clerk.js';
import { Customer } from './customer.js';
import { CustomerConnection } from './customer-connection.js';
import type { Fleet } from './fleet.js';
import type { Recorder } from './recorder.js';

const plenty = 1_000_000_000;
const productsCount = 8;
const scarceCount = 2;
/** Below the greatest stock, because adjustments and cancellations add to it. */
const much = plenty / 2;
/** Two that never run out, one that does all the time, and two with a limit for each customer. */
const traded: readonly Pick<Product, 'quantity' | 'purchase_limit'>[] = [
  { quantity: much },
  { quantity: much },
  { quantity: 30 },
  { quantity: much, purchase_limit: { quantity: 40, window_seconds: null } },
  { quantity: much, purchase_limit: { quantity: 9, window_seconds: 3 } },
];
/** They cancel orders at the same time, some of them the same one. */
const cancellersCount = 2;
/** Some customers have a shorter timeout than the store's retries. */
const patienceMs = [2_000, 7_000] as const;

export interface Clients {
  /** Each client finishes its current operation. */
  leave(): Promise<void>;
  /** The store is gone: no client waits any longer. */
  abandon(): void;
}

/** Some products never run out, some do all the time. */
export function stock(): Product[] {
  const numbered = (i: number) => ({
    id: i + 1,
    name: `Product ${i + 1}`,
    price: 19.9 + i,
    version: 1,
  });
  const sold = Array.from({ length: productsCount }, (_, i) => ({
    ...{ ...numbered(i), topic: 'chaos', quantity: i < scarceCount ? 20 : plenty },
  }));
  const held = traded.map((one, i) => ({ ...numbered(productsCount + i), topic: 'trade', ...one }));
  return [...sold, ...held];
}

export function startClients(
  fleet: Fleet,
  recorder: Recorder,
  seed: number,
  count: number,
): Clients {
  const ports = fleet.frontends.map((name) => fleet.rawPort(name));
  let isLeaving = false;
  let isAbandoned = false;
  const leaving = (): boolean => isLeaving;
  const abandoned = (): boolean => isAbandoned;
  const random = (i: number) => seeded(seed + 100 + i);
  const customers = Array.from({ length: count }, (_, i) => {
    const connection = new CustomerConnection(ports, i, patienceMs[i % 2] ?? 0);
    const name = `customer-${i + 1}`;
    const options = { name, connection, recorder, random: random(i), leaving, abandoned };
    return new Customer(options).visit();
  });
  const token = readFileSync(join(fleet.dataDir, 'admin.token'), 'utf8').trim();
  const administrator = (i: number, name: string) => ({
    ...{ name, connection: new CustomerConnection(ports, i, patienceMs[0], token) },
    ...{ recorder, random: random(count + i), leaving, abandoned },
  });
  const clerk = work(administrator(0, 'clerk'));
  const cancellers = Array.from({ length: cancellersCount }, (_, i) => {
    return cancelOrders(administrator(i + 1, `canceller-${i + 1}`));
  });
  const all = Promise.all([...customers, clerk, ...cancellers]);
  // `leave` reports the error.
  all.catch(() => {});
  return {
    async leave() {
      isLeaving = true;
      await all;
    },
    abandon() {
      isLeaving = true;
      isAbandoned = true;
    },
  };
}
