/** All clients of a run: customers at all frontends, and the clerk. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Product } from '../test/e2e/raw-client.js';
import { seeded } from '../test/e2e/seeded.js';
import { work } from './clerk.js';
import { Customer } from './customer.js';
import { CustomerConnection } from './customer-connection.js';
import type { Fleet } from './fleet.js';
import type { Recorder } from './recorder.js';

const plenty = 1_000_000_000;
const productsCount = 8;
const scarceCount = 2;
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
  return Array.from({ length: productsCount }, (_, i) => ({
    ...{ id: i + 1, name: `Product ${i + 1}`, topic: 'chaos', price: 19.9 + i, version: 1 },
    quantity: i < scarceCount ? 20 : plenty,
  }));
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
  const connection = new CustomerConnection(ports, 0, patienceMs[0], token);
  const scarce = recorder.first.filter((one) => one.quantity < plenty).map(({ id }) => id);
  const clerk = work({ connection, recorder, scarce, random: random(count), leaving });
  const all = Promise.all([...customers, clerk]);
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
