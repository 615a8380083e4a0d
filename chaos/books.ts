/**
 * The check after a run: compares the answers that customers got with the order book, the stock, the
 * keys and the replicas. Uses only the store's public interfaces. Each contradiction is one sentence.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Purchase } from '../src/checker/types.js';
import { type Order, type Placed, type Product, RawClient } from '../test/e2e/raw-client.js';
import { runBazar } from '../test/e2e/run-command.js';
import { until } from '../test/e2e/until.js';
import { type Fleet, healsWithinMs } from './fleet.js';
import { cents, type Recorder } from './recorder.js';
import {
  compareCancellations,
  compareHolds,
  compareLimits,
  returnedOf,
  tryTradeKeys,
} from './trade-books.js';

const pageOrders = 1_000;
const keysTried = 300;
const problemsTold = 10;

export interface Reckoning {
  readonly orders: number;
  /** Acknowledged, but missing from the book or different there. */
  readonly lost: number;
  /** In the book without a purchase, or with two. */
  readonly doubled: number;
  readonly problems: readonly string[];
}

export async function reckon(fleet: Fleet, recorder: Recorder): Promise<Reckoning> {
  const problems: string[] = [];
  const tell = (problem: string): void => void problems.push(problem);
  await atRest(fleet).catch((error: Error) => tell(error.message));
  const client = await RawClient.open(fleet.rawPort(fleet.frontends[0] ?? ''));
  try {
    const token = readFileSync(join(fleet.dataDir, 'admin.token'), 'utf8').trim();
    await client.get('hello', { protocol: 1, token });
    const { trades } = recorder;
    const book = await compareHolds(client, recorder, () => readBook(client, recorder, tell), tell);
    const lost = compareAcknowledged(recorder, book, tell);
    const doubled = compareBook(recorder, book, tell);
    const stock = await compareStock(client, recorder, book, tell);
    await compareCancellations(client, trades, book, tell);
    compareLimits(recorder, book, tell);
    await tryKeys(client, recorder, tell);
    await tryTradeKeys(client, trades, tell);
    await compareReplicas(fleet, book.size, trades.cancellations.size, tell);
    problems.push(...(await fleet.compareGround({ orders: book, stock })));
    return { orders: book.size, lost, doubled, problems };
  } finally {
    client.destroy();
  }
}

/** Waits until all services are up, all members vote and have all of their group's log. */
export async function atRest(fleet: Fleet): Promise<void> {
  for (const name of fleet.frontends) {
    await until(`${name} is ready`, () => fleet.isReady(name), healsWithinMs);
  }
  let last = '';
  const isAtRest = async (): Promise<boolean> => {
    const members = await fleet.status();
    last = members.map(({ name, role, commit }) => `${name} ${role} ${commit}`).join(', ');
    return members.every(({ group, role, log_end, commit }) => {
      const end = Math.max(...members.filter((m) => m.group === group).map((m) => m.log_end));
      return (role === 'leader' || role === 'follower') && log_end === end && commit === end;
    });
  };
  await until('all members are back and equal', isAtRest, healsWithinMs).catch(() => {
    throw new Error(`the store does not come to rest: ${last}`);
  });
}

async function readBook(
  client: RawClient,
  recorder: Recorder,
  tell: (problem: string) => void,
): Promise<ReadonlyMap<number, Order>> {
  const book = new Map<number, Order>();
  let [after, limit] = [0, pageOrders];
  for (;;) {
    const invokedMs = recorder.nowMs();
    const { error, result } = await client.ask<{ items: Order[] }>('orders', { after, limit });
    if (error && limit > 1) {
      // Too many for one answer, or for its time limit.
      limit = Math.ceil(limit / 2);
      continue;
    }
    if (error) throw new Error(`the orders after ${after} cannot be read: ${error.code}`);
    const { items } = result;
    recorder.readPage(items, invokedMs);
    for (const order of items) {
      if (order.number !== book.size + 1) tell(`order ${order.number} follows ${book.size}`);
      book.set(order.number, order);
    }
    const last = items.at(-1);
    if (!last) {
      recorder.hasWholeBook = true;
      return book;
    }
    after = last.number;
  }
}

function compareAcknowledged(
  recorder: Recorder,
  book: ReadonlyMap<number, Order>,
  tell: (problem: string) => void,
): number {
  const prices = new Map(recorder.first.map(({ id, price }) => [id, cents(price)]));
  let lost = 0;
  for (const [number, { purchase }] of recorder.sold) {
    const order = book.get(number);
    const total = purchase.lines.reduce(
      (sum, { id, quantity }) => sum + quantity * (prices.get(id) ?? 0),
      0,
    );
    const told = purchase.result && 'sold' in purchase.result ? purchase.result.totalCents : 0;
    if (told !== total)
      tell(`the answer for order ${number} had the total ${told} instead of ${total}`);
    if (order && isOf(order, purchase) && cents(order.total) === total) continue;
    lost += 1;
    if (lost <= problemsTold) {
      tell(`order ${number} of ${purchase.key} is lost: ${JSON.stringify(order ?? null)}`);
    }
  }
  return lost;
}

/** Each order in the book belongs to one purchase that was acknowledged or has an unknown outcome. */
function compareBook(
  recorder: Recorder,
  book: ReadonlyMap<number, Order>,
  tell: (problem: string) => void,
): number {
  const unknown = [...recorder.unknown];
  let doubled = 0;
  for (const [number, order] of book) {
    if (recorder.sold.has(number)) continue;
    const claimed = unknown.findIndex((purchase) => isOf(order, purchase));
    if (claimed >= 0) {
      unknown.splice(claimed, 1);
      continue;
    }
    doubled += 1;
    if (doubled <= problemsTold) tell(`order ${number} has no purchase: ${JSON.stringify(order)}`);
  }
  return doubled;
}

async function compareStock(
  client: RawClient,
  recorder: Recorder,
  book: ReadonlyMap<number, Order>,
  tell: (problem: string) => void,
): Promise<ReadonlyMap<number, number>> {
  const left = new Map<number, number>();
  const sold = new Map<number, number>();
  for (const { lines } of book.values()) {
    for (const { id, quantity } of lines) sold.set(id, (sold.get(id) ?? 0) + quantity);
  }
  const returned = returnedOf(recorder.trades);
  for (const { id, quantity } of recorder.first) {
    const stock = (await client.get<Product>('lookup', { id })).quantity;
    left.set(id, stock);
    const { known, unknown } = recorder.added.get(id) ?? { known: 0, unknown: 0 };
    const adjusted = (recorder.trades.adjusted.get(id) ?? 0) + (returned.get(id) ?? 0);
    const least = quantity + known + adjusted - (sold.get(id) ?? 0);
    if (stock >= Math.max(0, least) && stock <= least + unknown) continue;
    tell(`${stock} of product ${id} are left instead of ${least}, or up to ${unknown} more`);
  }
  return left;
}

/** Repeats the first and the last keys: each must give its first outcome. */
async function tryKeys(
  client: RawClient,
  recorder: Recorder,
  tell: (problem: string) => void,
): Promise<void> {
  const withKey = [...recorder.sold.values()].filter(({ purchase }) => purchase.key !== undefined);
  const tried = withKey.slice(0, keysTried / 2).concat(withKey.slice(-keysTried / 2));
  for (const { purchase, params, method = 'buy' } of tried) {
    const { result } = await client.ask<Placed | null>(method, params);
    const number = purchase.result && 'sold' in purchase.result ? purchase.result.sold : 0;
    if (result?.order_number === number && result.replayed) continue;
    tell(`${purchase.key} gave order ${number} first, and now ${JSON.stringify(result)}`);
  }
  for (const { purchase, params } of recorder.refused.slice(-keysTried)) {
    if (purchase.key === undefined) continue;
    const { error } = await client.ask('buy', params);
    if (error?.code !== 'out_of_stock') tell(`${purchase.key} was refused, and now ${error?.code}`);
  }
}

async function compareReplicas(
  fleet: Fleet,
  orders: number,
  cancellations: number,
  tell: (problem: string) => void,
): Promise<void> {
  const address = `127.0.0.1:${fleet.rawPort(fleet.frontends[0] ?? '')}`;
  const place = ['--address', address, '--data-dir', fleet.dataDir, '--timeout', '100'];
  const { code, out, err } = await runBazar(['audit', '--json', ...place], '', healsWithinMs);
  if (code !== 0) {
    tell(`bazar audit ends with ${code}: ${err || out}`);
    return;
  }
  const report = JSON.parse(out) as {
    readonly orders: number;
    readonly sales: number;
    /** Absent without any. */
    readonly cancellations?: number;
    readonly products: readonly { readonly id: number; readonly reserved?: number }[];
    readonly replicas: readonly { readonly group: string; readonly seq: number; hash: string }[];
  };
  if (report.orders !== orders || report.sales !== orders) {
    tell(`the audit counts ${report.sales} sales and ${report.orders} orders, not ${orders}`);
  }
  const { cancellations: audited = 0, products } = report;
  if (audited !== cancellations) {
    tell(`the audit counts ${audited} cancellations, not ${cancellations}`);
  }
  for (const { id, reserved = 0 } of products) {
    if (reserved > 0) tell(`no hold is open, and ${reserved} units of product ${id} are reserved`);
  }
  const replicas = fleet.members.filter((name) => fleet.ground.hasState(name));
  if (report.replicas.length !== replicas.length) {
    tell(`the audit lists ${report.replicas.length} replicas instead of ${replicas.length}`);
  }
  for (const group of ['catalog', 'order']) {
    const states = report.replicas.filter((one) => one.group === group);
    const [first] = states;
    if (states.every((one) => isDeepStrictEqual([one.seq, one.hash], [first?.seq, first?.hash]))) {
      continue;
    }
    tell(`the states of the ${group} group differ: ${JSON.stringify(states)}`);
  }
}

function isOf(order: Order, purchase: Purchase): boolean {
  const lines = order.lines.map(({ id, quantity }) => ({ id, quantity }));
  return isDeepStrictEqual(
    lines,
    purchase.lines.map(({ id, quantity }) => ({ id, quantity })),
  );
}
