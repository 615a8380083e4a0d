/**
 * The check of holds, cancellations and purchase limits after a run (docs/STOCK.md): what was answered is
 * there exactly once, nothing is reserved any more, no customer has more than the limit, and every key
 * gives its outcome again. Uses only the store's public interfaces.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Cancelled, Hold, Order, RawClient } from '../test/e2e/raw-client.js';
import { until } from '../test/e2e/until.js';
import { tryAgain } from './insist.js';
import type { Recorder } from './recorder.js';
import { outcomeOf, type TradeHold, type TradeLedger } from './trade-ledger.js';

/** Longer than any hold of a customer, also on a busy machine. */
const endsWithinMs = 60_000;
const askedAtOnce = 100;
const keysTried = 400;
const problemsTold = 10;

type Book = ReadonlyMap<number, Order>;
type Tell = (problem: string) => void;

/** Waits until every hold has ended, and compares how with the answers. */
export async function compareHolds(
  client: RawClient,
  recorder: Recorder,
  book: () => Promise<Book>,
  tell: Tell,
): Promise<Book> {
  const { trades } = recorder;
  const ends = new Map<string, Hold>();
  const open = (): TradeHold[] => [...trades.holds.values()].filter(({ id }) => !ends.has(id));
  const haveEnded = async (): Promise<boolean> => {
    for (const some of slices(open())) {
      const answers = await Promise.all(
        some.map(({ id }) => client.ask<Hold>('read_hold', { id })),
      );
      for (const { error, result } of answers) {
        if (error && !tryAgain(error)) throw new Error(`a hold is ${error.code}`);
        if (!error && result.status !== 'open') ends.set(result.hold_id, result);
      }
    }
    return open().length === 0;
  };
  await until('all holds have ended', haveEnded, endsWithinMs).catch((error: Error) => {
    tell(`${open().length} holds have not ended: ${error.message}`);
  });
  const orders = await book();
  const problems = [...trades.holds.values()].flatMap((hold) => {
    return problemsOf(hold, ends.get(hold.id), orders, recorder.nowMs());
  });
  for (const problem of problems.slice(0, problemsTold)) tell(problem);
  return orders;
}

function problemsOf(hold: TradeHold, read: Hold | undefined, book: Book, nowMs: number): string[] {
  const { id, end, order } = hold;
  if (!read) return [];
  const shown = `hold ${id} reads ${JSON.stringify(read)}`;
  if (end !== undefined && read.status !== end) return [`${shown}, and was ${end}`];
  if (order !== undefined && read.order_number !== order)
    return [`${shown}, and was order ${order}`];
  if (read.status === 'expired' && nowMs < hold.endsMs) return [`${shown} too early`];
  if (read.status !== 'confirmed') return [];
  const lines = book.get(read.order_number ?? 0)?.lines ?? [];
  const isHeld = lines.every((line) => {
    return hold.lines.some((one) => one.id === line.id && one.quantity >= line.quantity);
  });
  return lines.length > 0 && isHeld ? [] : [`${shown}, and its order is ${JSON.stringify(lines)}`];
}

/** Each acknowledged cancellation is there once, and nothing else is cancelled. */
export async function compareCancellations(
  client: RawClient,
  trades: TradeLedger,
  book: Book,
  tell: Tell,
): Promise<void> {
  const { cancellations, unknown } = trades;
  const known = new Map<number, Cancelled[]>();
  for (const one of cancellations.values()) {
    known.set(one.order_number, [...(known.get(one.order_number) ?? []), one]);
  }
  const isComplete = !unknown.includes('cancel_order');
  const last = Math.max(0, ...cancellations.keys());
  if (isComplete && last !== cancellations.size) {
    tell(`the last cancellation is ${last}, and ${cancellations.size} were answered`);
  }
  for (const order of book.values())
    compareUnits(order, known.get(order.number) ?? [], isComplete, tell);
  for (const some of slices([...known])) {
    const answers = await Promise.all(
      some.map(([number]) => client.ask<{ items: Cancelled[] }>('cancellations', { number })),
    );
    for (const [place, [number, own]] of some.entries()) {
      const items = answers[place]?.result?.items ?? [];
      const listed = items.map(textOf).reverse();
      const answered = own
        .sort((a, b) => a.cancellation_number - b.cancellation_number)
        .map(textOf);
      const isSame = isComplete
        ? isDeepStrictEqual(listed, answered)
        : answered.every((text) => listed.includes(text));
      if (!isSame)
        tell(`order ${number} has the cancellations ${listed}, and answered were ${answered}`);
    }
  }
}

function compareUnits(
  order: Order,
  own: readonly Cancelled[],
  isComplete: boolean,
  tell: Tell,
): void {
  for (const { id, quantity, cancelled = 0 } of order.lines) {
    const answered = own
      .flatMap(({ lines }) => lines)
      .reduce((sum, line) => sum + (line.id === id ? line.quantity : 0), 0);
    const isSame = isComplete ? cancelled === answered : cancelled >= answered;
    if (isSame && cancelled <= quantity) continue;
    const what = `${cancelled} of ${quantity} units of product ${id} in order ${order.number}`;
    tell(`${what} are cancelled, and ${answered} were answered`);
  }
}

/** Without a window, what a customer has of a product never exceeds its limit. */
export function compareLimits({ first, trades }: Recorder, book: Book, tell: Tell): void {
  for (const { id, purchase_limit: limit } of first) {
    if (limit?.window_seconds !== null) continue;
    const units = new Map<string, number>();
    for (const [number, customer] of trades.customers) {
      const line = book.get(number)?.lines.find((one) => one.id === id);
      const kept = (line?.quantity ?? 0) - (line?.cancelled ?? 0);
      units.set(customer, (units.get(customer) ?? 0) + kept);
    }
    for (const [customer, count] of units) {
      if (count > limit.quantity) {
        tell(`${customer} has ${count} units of product ${id}, and the limit is ${limit.quantity}`);
      }
    }
  }
}

/** Units that cancellations put back into stock, as they were answered. */
export function returnedOf({ cancellations }: TradeLedger): ReadonlyMap<number, number> {
  const units = new Map<number, number>();
  for (const { restock, lines } of cancellations.values()) {
    if (!restock) continue;
    for (const { id, quantity } of lines) units.set(id, (units.get(id) ?? 0) + quantity);
  }
  return units;
}

/** Repeats the first and the last requests under their keys: each must give its first outcome. */
export async function tryTradeKeys(client: RawClient, { repeatable }: TradeLedger, tell: Tell) {
  const tried =
    repeatable.length > keysTried
      ? [...repeatable.slice(0, keysTried / 2), ...repeatable.slice(-keysTried / 2)]
      : repeatable;
  for (const { method, params, outcome } of tried) {
    const answer = await client.ask(method, params);
    if (tryAgain(answer.error)) continue;
    const now = outcomeOf(method, answer);
    if (now !== outcome) tell(`${method} ${JSON.stringify(params)}: ${outcome}, and now ${now}`);
  }
}

function textOf({ cancellation_number: number, lines, restock }: Cancelled): string {
  return `${number} ${restock} ${lines.map(({ id, quantity }) => `${id}×${quantity}`).join()}`;
}

function slices<T>(all: readonly T[]): T[][] {
  const count = Math.ceil(all.length / askedAtOnce);
  return Array.from({ length: count }, (_, i) => all.slice(i * askedAtOnce, (i + 1) * askedAtOnce));
}
