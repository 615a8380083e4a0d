/**
 * The administrator of the run: adds to the stock of scarce products, so that purchases are refused and
 * accepted in turn, and adjusts the stock of traded ones. It does not repeat a change with an unknown
 * outcome, but records how many units may have been added; it repeats an adjustment under its key.
 */
import { randomUUID } from 'node:crypto';
import type { Change } from '../src/checker/types.js';
import type { Adjusted, Product } from '../test/e2e/raw-client.js';
import { expectOnly, insist, pause, pick, type Visitor } from './insist.js';
import { seen } from './recorder.js';
import { isTraded, outcomeOf } from './trade-ledger.js';

const everyMs = 150;
const unitsMax = 12;
/** Products with a smaller stock run out. */
const scarceMax = 1_000;

export async function work(clerk: Visitor): Promise<void> {
  const { recorder, random, leaving, connection } = clerk;
  const scarce = recorder.first.filter((one) => !isTraded(one) && one.quantity < scarceMax);
  const traded = recorder.first.filter(isTraded);
  while (!leaving()) {
    const chosen = random() < 0.6 ? pick(scarce, random) : undefined;
    const corrected = pick(traded, random);
    if (chosen) await add(clerk, chosen);
    else if (corrected) await adjust(clerk, corrected);
    await pause(random() * 2 * everyMs);
  }
  connection.leave();
}

async function add({ recorder, connection, random }: Visitor, { id }: Product): Promise<void> {
  const units = 1 + Math.floor(random() * unitsMax);
  const invokedMs = recorder.nowMs();
  const answer = await connection.ask<Product>('update_product', { id, add: units });
  const asked = { kind: 'change', process: 'clerk', invokedMs, id, add: units } as const;
  const returnedMs = recorder.nowMs();
  if (answer && !answer.error) {
    recorder.adds(id, units, true);
    recorder.add({ ...asked, returnedMs, ending: 'ok', result: seen(answer.result) });
    return;
  }
  expectOnly(recorder, answer?.error, 'a change', []);
  const change: Change = { ...asked, returnedMs, ending: 'unknown' };
  recorder.adds(id, units, false);
  recorder.add(change);
}

/** By some units, or of a scarce product at times to a count of those on hand. */
async function adjust(clerk: Visitor, { id, quantity }: Product): Promise<void> {
  const { recorder, random, name } = clerk;
  const isScarce = quantity < scarceMax;
  const isCount = isScarce && random() < 0.3;
  const count = Math.floor(random() * 40);
  const given = isCount
    ? { count }
    : { delta: Math.floor(random() * unitsMax) - (isScarce ? 3 : 6) };
  const key = randomUUID();
  const params = { id, ...given, reason: isCount ? 'count' : 'correction', key };
  const invokedMs = recorder.nowMs();
  const answer = await insist<Adjusted>(clerk, 'adjust_stock', params, ['conflict']);
  const times = { process: name, invokedMs, returnedMs: recorder.nowMs() };
  const asked = { kind: 'adjust', ...times, key, id, ...given } as const;
  if (!answer) {
    recorder.trades.unknown.push('adjust_stock');
    recorder.add({ ...asked, ending: 'unknown' });
    return;
  }
  const outcome = outcomeOf('adjust_stock', answer);
  recorder.trades.repeatable.push({ method: 'adjust_stock', params, outcome, isForAdmin: true });
  if (answer.error) {
    recorder.trades.count('adjustments refused');
    recorder.add({ ...asked, ending: 'ok', result: 'conflict' });
    return;
  }
  const { delta, version, available, reserved } = answer.result;
  recorder.trades.adjusts(id, delta);
  const result = { delta, version, quantity: available, reserved };
  recorder.add({ ...asked, ending: 'ok', result });
}
