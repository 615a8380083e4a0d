/**
 * Compares what customers were told with what the store says when all is quiet: every order is
 * there as it was answered, numbers have no gap, stock adds up, keys remember, the audit agrees.
 */
import type { Test } from 'tap';
import type { Ledger, Sold } from './ledger.js';
import type { Answer, Order, Placed, Product, RawClient } from './raw-client.js';
import type { Store } from './store.js';
import { until } from './until.js';

const askedAtOnce = 200;
const keysTried = 100;

export async function settle(t: Test, store: Store, ledger: Ledger): Promise<void> {
  const { sold, refused, wrong, first } = ledger;
  t.same(wrong, [], 'nothing that customers saw contradicts what they bought');
  const last = sold.size;
  t.comment(`${last} orders, ${refused.length} refusals`);
  t.ok(last > 0 && Math.max(...sold.keys()) === last, 'order numbers have no gap');

  const client = await store.raw();
  const orders = [...sold.values()];
  const found = await askAll<Order>(
    client,
    'order',
    orders.map(({ placed }) => ({ number: placed.order_number })),
  );
  const lost = orders.filter((order, i) => !isOrder(found[i], order, first.get(order.id)));
  t.same(lost, [], 'every order that was answered is there as it was answered');
  t.match(await client.ask('order', { number: last + 1 }), { error: { code: 'not_found' } });

  for (const { id, quantity } of first.values()) {
    const left = (await client.get<Product>('lookup', { id })).quantity;
    t.equal(left, quantity - ledger.taken(id), `the stock of ${id} adds up`);
    t.ok(left >= 0);
  }

  const tried = orders.slice(0, keysTried / 2).concat(orders.slice(-keysTried / 2));
  const again = await askAll<Placed>(
    client,
    'buy',
    tried.map(({ key, id, quantity }) => ({ key, id, quantity })),
  );
  t.same(
    again.map(({ result }) => result),
    // Some were bought over HTTP, which also shows the total as text.
    tried.map(({ placed: { order_number, total } }) => ({ order_number, total, replayed: true })),
    'a key gives its order again',
  );
  const refusedAgain = await askAll(client, 'buy', refused.slice(0, keysTried));
  t.ok(
    refusedAgain.every(({ error }) => error?.code === 'out_of_stock'),
    'a refusal stays one',
  );

  const { code, out } = await store.bazar(['audit', '--json']);
  t.equal(code, 0, out);
  t.match(JSON.parse(out), { ok: true, sales: last, orders: last });
}

async function askAll<R>(client: RawClient, method: string, all: readonly unknown[]) {
  const answers: Answer<R>[] = [];
  for (let start = 0; start < all.length; start += askedAtOnce) {
    const some = all.slice(start, start + askedAtOnce);
    answers.push(...(await Promise.all(some.map((params) => answerTo<R>(client, method, params)))));
  }
  return answers;
}

/** The last answer; a store that is too busy to answer is asked again. */
function answerTo<R>(client: RawClient, method: string, params: unknown): Promise<Answer<R>> {
  return until(`${method} is answered`, async () => {
    const answer = await client.ask<R>(method, params);
    const isOpen = answer.error?.retryable || answer.error?.code === 'deadline_exceeded';
    return !isOpen && answer;
  });
}

function isOrder(answer: Answer<Order> | undefined, sold: Sold, product?: Product): boolean {
  if (!answer || answer.error || !product) return false;
  const { number, name, quantity, lines, total } = answer.result;
  const [line] = lines;
  return (
    number === sold.placed.order_number &&
    name === product.name &&
    quantity === sold.quantity &&
    lines.length === 1 &&
    line?.id === sold.id &&
    line.quantity === sold.quantity &&
    line.price === product.price &&
    total === sold.placed.total
  );
}
