/**
 * The load client: several concurrent customers look products up and buy some of them. Then it
 * reads every order back. It measures the latency for each customer. It repeats a purchase until
 * its time limit, so a run survives a failover.
 */
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import type { Clock } from '../../base/clock.js';
import { type BazarError, toBazarError } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import type { BazarClient } from '../../client/bazar-client.js';
import type { Order, Product } from '../../wire/schemas.js';
import { type HoldCounts, type Holder, holdAndDecide } from './load-hold.js';
import type { Acknowledged, OrderLedger } from './order-ledger.js';

/** The operations of a customer. */
export type Shopper = Pick<BazarClient, 'search' | 'lookup' | 'buy' | 'order'> & Holder;

export interface LoadOptions {
  /** One for each customer. */
  readonly clients: readonly Shopper[];
  /** Look-ups and purchases of all customers together. */
  readonly requests: number;
  readonly buyProbability: number;
  readonly maxQuantity: number;
  /** Percentage of the purchases that begin with a hold. */
  readonly holds: number;
  /**
   * Random choices of a customer. Each customer has its own, so a seed gives the same run at any
   * speed.
   */
  draws(customer: number): Random;
  /** Makes keys, which must differ from those of every other run. */
  readonly keys: Random;
  readonly clock: Clock;
  readonly ledger: OrderLedger;
  /** Called after each step of the run. */
  progress(phase: 'requests' | 'reading back', done: number, total: number): void;
}

export interface Latencies {
  readonly count: number;
  readonly p50_ms: number;
  readonly p90_ms: number;
  readonly p99_ms: number;
  readonly max_ms: number;
}

export interface LoadReport {
  readonly ok: boolean;
  readonly seconds: number;
  readonly requests_per_second: number;
  readonly lookups: Latencies;
  readonly purchases: Latencies;
  readonly sold: number;
  readonly out_of_stock: number;
  /** Absent without holds. */
  readonly holds?: Readonly<HoldCounts>;
  /** Failed calls by code. `out_of_stock` is an answer, not a failure. */
  readonly errors: Readonly<Record<string, number>>;
  readonly verified: number;
  /** Orders that could not be read back; they may be right or wrong. */
  readonly unverified: number;
  readonly mismatches: readonly string[];
}

interface Tally {
  readonly lookups: RecordableHistogram;
  readonly purchases: RecordableHistogram;
  readonly holds: HoldCounts;
  readonly errors: Record<string, number>;
  outOfStock: number;
  done: number;
}

export async function runLoad(options: LoadOptions): Promise<LoadReport> {
  const { clients, requests, clock, ledger } = options;
  const products = await allProducts(clients[0]);
  const tally: Tally = {
    lookups: createHistogram(),
    purchases: createHistogram(),
    holds: { opened: 0, confirmed: 0, released: 0 },
    errors: {},
    outOfStock: 0,
    done: 0,
  };
  const startMs = clock.nowMs();
  const shop = async (client: Shopper, customer: number): Promise<void> => {
    const draws = options.draws(customer);
    for (let i = customer; i < requests; i += clients.length) {
      await step(client, draws, products, options, tally);
      options.progress('requests', ++tally.done, requests);
    }
  };
  await Promise.all(clients.map(shop));
  const seconds = (clock.nowMs() - startMs) / 1000;
  const { verified, unverified } = await readBack(ledger.orders, options);
  const { mismatches } = ledger;
  return {
    ok: mismatches.length === 0 && unverified === 0,
    seconds,
    requests_per_second: Math.round(requests / Math.max(seconds, 1e-3)),
    lookups: latencies(tally.lookups),
    purchases: latencies(tally.purchases),
    sold: ledger.size,
    out_of_stock: tally.outOfStock,
    ...(options.holds > 0 && { holds: tally.holds }),
    errors: tally.errors,
    verified,
    unverified,
    mismatches,
  };
}

/** Reads every order again and compares it; returns how many could be read. */
export async function readBack(
  orders: readonly Acknowledged[],
  options: Pick<LoadOptions, 'clients' | 'ledger' | 'progress'>,
): Promise<{ verified: number; unverified: number }> {
  const { clients, ledger, progress } = options;
  let next = 0;
  let verified = 0;
  const read = async (client: Shopper): Promise<void> => {
    for (let order = orders[next++]; order; order = orders[next++]) {
      const found = await find(client, order.number);
      if (found !== 'unknown') {
        ledger.compare(order, found);
        verified++;
      }
      progress('reading back', Math.min(next, orders.length), orders.length);
    }
  };
  await Promise.all(clients.map(read));
  return { verified, unverified: orders.length - verified };
}

async function find(client: Shopper, number: number): Promise<Order | undefined | 'unknown'> {
  try {
    return await client.order(number);
  } catch (thrown) {
    return toBazarError(thrown).code === 'not_found' ? undefined : 'unknown';
  }
}

async function allProducts(client: Shopper | undefined): Promise<Product[]> {
  const products: Product[] = [];
  let after: number | undefined = 0;
  while (client && after !== undefined) {
    const page: Awaited<ReturnType<Shopper['search']>> = await client.search({
      text: '',
      limit: 1_000,
      after,
    });
    products.push(...page.items);
    after = page.next;
  }
  return products;
}

async function step(
  client: Shopper,
  draws: Random,
  products: readonly Product[],
  options: LoadOptions,
  tally: Tally,
): Promise<void> {
  const { keys, clock, ledger, buyProbability, maxQuantity } = options;
  const product = products[draws.integer(products.length)];
  if (!product) return;
  const { id, name } = product;
  // A product can be named by id or by name.
  const item = draws.integer(2) === 0 ? { id } : { name };
  const startMs = clock.nowMs();
  const buys = draws.fraction() < buyProbability;
  const quantity = 1 + draws.integer(maxQuantity);
  const holds = buys && options.holds > 0 && draws.integer(100) < options.holds;
  try {
    if (holds) {
      const place = { client, draws, keys, counts: tally.holds };
      const sold = await holdAndDecide(place, { ...item, quantity });
      if (sold) ledger.acknowledge({ ...sold, id, name });
    } else if (buys) {
      const key = keys.uuid();
      const { order_number: number, total } = await client.buy({ ...item, quantity, key });
      ledger.acknowledge({ number, id, name, quantity, total, key });
    } else await client.lookup(item);
  } catch (thrown) {
    count(toBazarError(thrown), tally);
  }
  const nanos = Math.max(1, Math.round((clock.nowMs() - startMs) * 1e6));
  (buys ? tally.purchases : tally.lookups).record(nanos);
}

function count(error: BazarError, tally: Tally): void {
  if (error.code === 'out_of_stock') tally.outOfStock++;
  else tally.errors[error.code] = (tally.errors[error.code] ?? 0) + 1;
}

function latencies(histogram: RecordableHistogram): Latencies {
  const at = (percentile: number): number =>
    histogram.count === 0 ? 0 : round(histogram.percentile(percentile));
  return {
    count: histogram.count,
    p50_ms: at(50),
    p90_ms: at(90),
    p99_ms: at(99),
    max_ms: histogram.count === 0 ? 0 : round(histogram.max),
  };
}

/** Converts nanoseconds to milliseconds with three decimal places. */
function round(nanos: number): number {
  return Math.round(nanos / 1e3) / 1e3;
}
