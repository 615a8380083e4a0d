/**
 * Load that makes a catalog's journal long: thousands of products are added, and their topics change all
 * the time. No customer buys them, and the outcome of a change does not matter.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CustomerConnection } from './customer-connection.js';
import type { Fleet } from './fleet.js';

const patienceMs = 5_000;
/** The greatest length: three bytes per character. */
const longest = 200;
const products = 2_000;
const firstId = 1_000;
/** Requests under way at a time. */
const together = 12;
const retryMs = 50;

export interface Goods {
  /** Finishes the requests under way. */
  leave(): Promise<void>;
  abandon(): void;
}

/** Resolves when all products are added; after that they change. */
export async function sendGoods(fleet: Fleet): Promise<Goods> {
  const token = readFileSync(join(fleet.dataDir, 'admin.token'), 'utf8').trim();
  const connection = new CustomerConnection(
    fleet.frontends.map((name) => fleet.rawPort(name)),
    0,
    patienceMs,
    token,
  );
  let isLeaving = false;
  const long = (text: string): string => `${text} `.padEnd(longest, '☃');
  let added = 0;
  const add = async (): Promise<void> => {
    while (added < products && !isLeaving) {
      const i = added++;
      const [id, topic] = [firstId + i, long(`goods ${i % 10}`)];
      const params = { id, name: long(`Goods ${i}`), topic, price: 1, quantity: 0 };
      const answer = await connection.ask('add_product', params);
      if (!answer || answer.error) throw new Error(`${id}: ${answer?.error?.code ?? 'no answer'}`);
    }
  };
  const each = (work: () => Promise<void>) => Promise.all(Array.from({ length: together }, work));
  await each(add);
  let changes = 0;
  const change = async (): Promise<void> => {
    while (!isLeaving) {
      const i = changes++;
      const params = { id: firstId + (i % products), topic: long(`goods ${i % 13}`) };
      const answer = await connection.ask('update_product', params);
      if (answer && !answer.error) continue;
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  };
  const working = each(change);
  return {
    async leave() {
      isLeaving = true;
      await working;
      connection.leave();
    },
    abandon() {
      isLeaving = true;
      connection.leave();
    },
  };
}
