/**
 * Customers that look products up and buy them, each on its own raw or HTTP connection. A customer sends
 * a purchase without an answer again, with the same key, until it is decided. The ledger records all
 * answers.
 */
import { randomUUID } from 'node:crypto';
import type { Ledger, Purchase } from './ledger.js';
import type { Placed, Product, RawClient, WireError } from './raw-client.js';
import type { Store } from './store.js';
import { until } from './until.js';

/** Pauses between two requests, so that the run's length does not depend on the machine's speed. */
const thinkMaxMs = 8;
const lookProbability = 0.4;
const quantityMax = 4;

interface Outcome {
  readonly error: WireError | null;
  readonly placed: Placed | undefined;
}

/** A raw or HTTP connection to the store; rejects if the store does not answer. */
interface Channel {
  buy(purchase: Purchase): Promise<Outcome>;
  lookup(id: number): Promise<Product>;
}

export interface Customers {
  /** Each customer finishes its purchase. Rejects if one got an unexpected answer. */
  leave(): Promise<void>;
}

export function sendCustomers(
  store: Store,
  ledger: Ledger,
  counts: { readonly raw: number; readonly http: number },
  random: () => number,
): Customers {
  let leaving = false;
  const channels = [
    ...Array.from({ length: counts.raw }, () => rawChannel(store)),
    ...Array.from({ length: counts.http }, () => httpChannel(store)),
  ];
  const all = Promise.all(channels.map((channel) => visit(channel, ledger, random, () => leaving)));
  // `leave` reports the error.
  all.catch(() => {});
  return {
    async leave() {
      leaving = true;
      await all;
    },
  };
}

async function visit(
  channel: Channel,
  ledger: Ledger,
  random: () => number,
  leaving: () => boolean,
): Promise<void> {
  const ids = [...ledger.first.keys()];
  const anyOf = (count: number): number => Math.floor(random() * count);
  while (!leaving()) {
    const id = ids[anyOf(ids.length)] ?? 0;
    if (random() < lookProbability) await look(channel, ledger, id);
    else await buy(channel, ledger, { key: randomUUID(), id, quantity: 1 + anyOf(quantityMax) });
    await new Promise((resolve) => setTimeout(resolve, anyOf(thinkMaxMs)));
  }
}

async function look(channel: Channel, ledger: Ledger, id: number): Promise<void> {
  await until(`product ${id} is found`, async () => {
    const check = ledger.watch(id);
    check(await channel.lookup(id));
    return true;
  });
}

async function buy(channel: Channel, ledger: Ledger, purchase: Purchase): Promise<void> {
  ledger.begins(purchase);
  const { error, placed } = await until(`purchase ${purchase.key} is decided`, async () => {
    const outcome = await channel.buy(purchase);
    const { error } = outcome;
    if (error?.retryable || error?.code === 'deadline_exceeded') throw new Error(error.code);
    return outcome;
  });
  if (placed) ledger.isSold(purchase, placed);
  else if (error?.code === 'out_of_stock') ledger.isRefused(purchase);
  else throw new Error(`purchase ${purchase.key}: ${error?.code} ${error?.message}`);
}

function rawChannel(store: Store): Channel {
  let connected: Promise<RawClient> | undefined;
  const ask = async <R>(method: string, params: unknown) => {
    connected ??= store.raw();
    try {
      return await (await connected).ask<R>(method, params);
    } catch (error) {
      connected = undefined;
      throw error;
    }
  };
  return {
    async buy(purchase) {
      const { error, result } = await ask<Placed>('buy', purchase);
      return { error, placed: error ? undefined : result };
    },
    async lookup(id) {
      const { error, result } = await ask<Product>('lookup', { id });
      if (error) throw new Error(error.code);
      return result;
    },
  };
}

function httpChannel(store: Store): Channel {
  return {
    async buy({ key, ...purchase }) {
      const body = JSON.stringify(purchase);
      const headers = { 'idempotency-key': key };
      const response = await store.http('/orders', { method: 'POST', body, headers });
      const answer = (await response.json()) as { data?: Placed; error?: { type: string } };
      if (answer.data) return { error: null, placed: answer.data };
      const code = answer.error?.type ?? 'none';
      const retryable = [429, 503, 504].includes(response.status);
      return { error: { code, message: '', retryable }, placed: undefined };
    },
    async lookup(id) {
      const response = await store.http(`/products/${id}`);
      if (!response.ok) throw new Error(`${response.status}`);
      return ((await response.json()) as { data: Product }).data;
    },
  };
}
