/**
 * Compares what customers were told with what the store says when all is quiet: every order is
 * there as it was answered, numbers have no gap, every hold has its end, stock adds up, keys remember, the
 * audit agrees.
 */
import type { Test } from 'tap';
import type { Ledger, Reserved, Sold } from './ledger.js';
import type { Answer, Hold, Order, Placed, Product, RawClient } from './raw-client.js';
import type { Store } from './store.js';
import { until } from './until.js';

const askedAtOnce = 200;
const keysTried = 100;

export async function settle(t: Test, store: Store, ledger: Ledger): Promise<void> {
  const { sold, refused, wrong, first } = ledger;
  t.same(wrong, [], 'nothing that customers saw contradicts what they bought');
  const last = sold.size;
  t.comment(`${last} orders, ${refused.length} refusals, ${ledger.holds.size} holds`);
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

  const holds = [...ledger.holds.values()];
  const ends = await askAll<Hold>(
    client,
    'read_hold',
    holds.map(({ hold: id }) => ({ id })),
  );
  const others = holds.filter((hold, i) => !isEnd(ends[i], hold));
  t.same(others, [], 'every hold has the end that was answered');

  for (const { id, quantity } of first.values()) {
    const left = (await client.get<Product>('lookup', { id })).quantity;
    t.equal(left, quantity - ledger.taken(id), `the stock of ${id} adds up`);
    t.ok(left >= 0);
  }

  const tried = orders.slice(0, keysTried / 2).concat(orders.slice(-keysTried / 2));
  const [bought, confirmed] = [tried.filter(({ hold }) => !hold), tried.filter(({ hold }) => hold)];
  const again = [
    ...(await askAll<Placed>(
      client,
      'buy',
      bought.map(({ key, id, quantity }) => ({ key, id, quantity })),
    )),
    ...(await askAll<Placed>(
      client,
      'confirm_hold',
      confirmed.map(({ key, hold: id }) => ({ key, id })),
    )),
  ];
  t.same(
    again.map(({ result }) => result),
    // Some were bought over HTTP, which also shows the total as text.
    [...bought, ...confirmed].map(({ placed: { order_number, total } }) => {
      return { order_number, total, replayed: true };
    }),
    'a key gives its order again',
  );
  const refusedAgain = await askAll(client, 'buy', refused.slice(0, keysTried));
  t.ok(
    refusedAgain.every(({ error }) => error?.code === 'out_of_stock'),
    'a refusal stays one',
  );

  const { code, out } = await store.bazar(['audit', '--json']);
  t.equal(code, 0, out);
  const report = JSON.parse(out) as { products: readonly { readonly reserved?: number }[] };
  t.match(report, { ok: true, sales: last, orders: last });
  t.notOk(
    report.products.some(({ reserved = 0 }) => reserved > 0),
    'nothing is reserved any more',
  );
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

function isEnd(answer: Answer<Hold> | undefined, { end, order, hold }: Reserved): boolean {
  if (!answer || answer.error) return false;
  const { hold_id, status, order_number } = answer.result;
  return hold_id === hold && status === end && order_number === order;
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
