/**
 * An administrator who cancels acknowledged orders, whole or in part, also more than is left, and together
 * with others. It repeats each cancellation under its key until it is decided. Units go back into stock
 * only for products that are traded.
 */
import { randomUUID } from 'node:crypto';
import type { Cancelled, Order } from '../test/e2e/raw-client.js';
import { insist, pause, pick, type Visitor } from './insist.js';
import { cents, type Decided, lineRead, orderRead } from './recorder.js';
import { isTraded, outcomeOf } from './trade-ledger.js';

const everyMs = 120;
/** Most cancellations are of so many newest orders, so that an order is cancelled several times. */
const newest = 8;

export async function cancelOrders(canceller: Visitor): Promise<void> {
  const { recorder, random, leaving, connection } = canceller;
  while (!leaving()) {
    const all = [...recorder.sold.keys()];
    const order = pick(random() < 0.8 ? all.slice(-newest) : all, random);
    const sold = order === undefined ? undefined : recorder.sold.get(order);
    if (order !== undefined && sold) {
      await cancel(canceller, order, sold);
      if (random() < 0.5) await read(canceller, order);
    }
    await pause(random() * 2 * everyMs);
  }
  connection.leave();
}

async function cancel(canceller: Visitor, number: number, { purchase }: Decided): Promise<void> {
  const { recorder, random, name } = canceller;
  const traded = new Set(recorder.first.filter(isTraded).map(({ id }) => id));
  const mayRestock = purchase.lines.every(({ id }) => traded.has(id));
  const restock = mayRestock && random() < 0.7;
  const [first] = purchase.lines;
  const isPart = random() < 0.6 && first !== undefined;
  const lines = isPart ? { lines: [{ id: first.id, quantity: 1 }] } : {};
  const key = randomUUID();
  const params = { number, restock, key, ...lines };
  const invokedMs = recorder.nowMs();
  recorder.trades.mayGiveBack(`order ${number}`, (id, quantity) => {
    if (!isPart) return 0;
    return id === first.id ? quantity - 1 : quantity;
  });
  const answer = await insist<Cancelled>(canceller, 'cancel_order', params, ['conflict']);
  const times = { process: name, invokedMs, returnedMs: recorder.nowMs() };
  const asked = { kind: 'cancel', ...times, key, number, restock, ...lines } as const;
  if (!answer) {
    recorder.trades.unknown.push('cancel_order');
    recorder.add({ ...asked, ending: 'unknown' });
    return;
  }
  const outcome = outcomeOf('cancel_order', answer);
  recorder.trades.repeatable.push({ method: 'cancel_order', params, outcome, isForAdmin: true });
  if (answer.error) {
    recorder.trades.count('cancellations refused');
    recorder.add({ ...asked, ending: 'ok', result: 'conflict' });
    return;
  }
  const { cancellation_number: cancelled, lines: told, total } = answer.result;
  recorder.trades.cancelled(answer.result);
  const result = { cancelled, lines: told.map(lineRead), totalCents: cents(total) };
  recorder.add({ ...asked, ending: 'ok', result });
}

async function read({ recorder, connection, name }: Visitor, number: number): Promise<void> {
  const invokedMs = recorder.nowMs();
  const answer = await connection.ask<Order>('order', { number });
  if (!answer || answer.error) return;
  const times = { process: name, invokedMs, returnedMs: recorder.nowMs() };
  recorder.add({ kind: 'order', number, ...times, ending: 'ok', result: orderRead(answer.result) });
}
