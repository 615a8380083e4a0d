/**
 * Customers that look products up, buy them, or hold them and then confirm or release the hold, each on its
 * own raw or HTTP connection. A customer sends a request without an answer again, with the same key, until
 * it is decided. The ledger records all answers.
 */
import { randomUUID } from 'node:crypto';
import type { Ledger, Purchase, Reserved } from './ledger.js';
import type { Held, Placed, Product, RawClient, WireError } from './raw-client.js';
import type { Store } from './store.js';
import { until } from './until.js';

/** Pauses between two requests, so that the run's length does not depend on the machine's speed. */
const thinkMaxMs = 8;
const lookProbability = 0.4;
const holdProbability = 0.15;
const confirmProbability = 0.6;
const quantityMax = 4;
/** No hold expires during a test. */
const ttlSeconds = 3_600;

interface Outcome<R> {
  readonly error: WireError | null;
  readonly result: R | undefined;
}

/** A raw or HTTP connection to the store; rejects if the store does not answer. */
interface Channel {
  buy(purchase: Purchase): Promise<Outcome<Placed>>;
  hold(purchase: Purchase): Promise<Outcome<Held>>;
  confirm(hold: string, key: string): Promise<Outcome<Placed>>;
  release(hold: string, key: string): Promise<Outcome<unknown>>;
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
    const dice = random();
    if (dice < lookProbability) await look(channel, ledger, id);
    else {
      const purchase = { key: randomUUID(), id, quantity: 1 + anyOf(quantityMax) };
      if (dice < lookProbability + holdProbability) {
        const hold = await reserve(channel, ledger, purchase);
        // What customers see between the two is checked as well.
        await look(channel, ledger, id);
        if (hold) await end(channel, ledger, hold, random() < confirmProbability);
      } else await buy(channel, ledger, purchase);
    }
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
  const { error, result } = await decided(`purchase ${purchase.key}`, () => channel.buy(purchase));
  if (result) ledger.isSold(purchase, result);
  else if (error?.code === 'out_of_stock') ledger.isRefused(purchase);
  else throw new Error(`purchase ${purchase.key}: ${error?.code} ${error?.message}`);
}

async function reserve(
  channel: Channel,
  ledger: Ledger,
  purchase: Purchase,
): Promise<Reserved | undefined> {
  ledger.begins(purchase);
  const { error, result } = await decided(`hold ${purchase.key}`, () => channel.hold(purchase));
  if (result) return ledger.isHeld(purchase, result);
  if (error?.code !== 'out_of_stock') {
    throw new Error(`hold ${purchase.key}: ${error?.code} ${error?.message}`);
  }
  ledger.isNotHeld(purchase);
  return undefined;
}

async function end(
  channel: Channel,
  ledger: Ledger,
  reserved: Reserved,
  isConfirmed: boolean,
): Promise<void> {
  const key = randomUUID();
  const { hold } = reserved;
  if (isConfirmed) {
    const { error, result } = await decided(`confirmation ${key}`, () =>
      channel.confirm(hold, key),
    );
    if (!result)
      throw new Error(`confirmation ${key} of ${hold}: ${error?.code} ${error?.message}`);
    ledger.isConfirmed(reserved, key, result);
    return;
  }
  ledger.releaseBegins(reserved);
  const { error } = await decided(`release ${key}`, () => channel.release(hold, key));
  if (error) throw new Error(`release ${key} of ${hold}: ${error.code} ${error.message}`);
  ledger.isReleased(reserved);
}

/** Sends it again until the store has decided. */
function decided<R>(what: string, ask: () => Promise<Outcome<R>>): Promise<Outcome<R>> {
  return until(`${what} is decided`, async () => {
    const outcome = await ask();
    const { error } = outcome;
    if (error?.retryable || error?.code === 'deadline_exceeded') throw new Error(error.code);
    return outcome;
  });
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
  const outcome = async <R>(method: string, params: unknown): Promise<Outcome<R>> => {
    const { error, result } = await ask<R>(method, params);
    return { error, result: error ? undefined : result };
  };
  return {
    buy: (purchase) => outcome<Placed>('buy', purchase),
    hold: ({ key, id, quantity }) =>
      outcome<Held>('hold', { key, lines: [{ id, quantity }], ttl_seconds: ttlSeconds }),
    confirm: (id, key) => outcome<Placed>('confirm_hold', { id, key }),
    release: (id, key) => outcome('release_hold', { id, key }),
    async lookup(id) {
      const { error, result } = await ask<Product>('lookup', { id });
      if (error) throw new Error(error.code);
      return result;
    },
  };
}

function httpChannel(store: Store): Channel {
  const post = async <R>(path: string, key: string, params: unknown): Promise<Outcome<R>> => {
    const body = params === undefined ? undefined : JSON.stringify(params);
    const headers = { 'idempotency-key': key };
    const response = await store.http(path, { method: 'POST', headers, ...(body && { body }) });
    const answer = (await response.json()) as { data?: R; error?: { type: string } };
    if (answer.data) return { error: null, result: answer.data };
    const code = answer.error?.type ?? 'none';
    const retryable = [429, 503, 504].includes(response.status);
    return { error: { code, message: '', retryable }, result: undefined };
  };
  return {
    buy: ({ key, ...purchase }) => post<Placed>('/orders', key, purchase),
    hold: ({ key, id, quantity }) =>
      post<Held>('/holds', key, { lines: [{ id, quantity }], ttl_seconds: ttlSeconds }),
    confirm: (id, key) => post<Placed>(`/holds/${id}/confirm`, key, undefined),
    release: (id, key) => post(`/holds/${id}/release`, key, undefined),
    async lookup(id) {
      const response = await store.http(`/products/${id}`);
      if (!response.ok) throw new Error(`${response.status}`);
      return ((await response.json()) as { data: Product }).data;
    },
  };
}
