/**
 * The cancellations that a history implies (docs/STOCK.md, C1 to C6): their numbers have no gap and follow
 * time, an order is cancelled at most as it was bought, and reads of an order show what was answered
 * before. Attempts must be joined before. Pure.
 */
import { addUp, type Book, type Sale } from './book.js';
import { describe } from './describe.js';
import type { Cancellation, History, LineWanted, OrderRead } from './types.js';

type Done = Cancellation & { readonly result: Exclude<Cancellation['result'], string | undefined> };

export function checkCancellations({ operations, bookFrom }: History, { sales }: Book): string[] {
  const all = operations.filter((one) => one.kind === 'cancel');
  const done = all.filter(isDone);
  const open = all.filter(({ ending }) => ending === 'unknown');
  const problems = open
    .filter(({ lines }) => lines === undefined)
    .map((one) => `undecided, because the stock at that time is unknown: ${describe(one)}`);
  // Cancellations without an answer, or of other clients, may have the missing numbers.
  const missingMax = bookFrom === null ? open.length : Number.POSITIVE_INFINITY;
  checkNumbers(done, missingMax, problems);
  const saleOf = new Map(sales.map((sale) => [sale.number, sale]));
  const byOrder = new Map<number, Cancellation[]>();
  for (const one of all) byOrder.set(one.number, [...(byOrder.get(one.number) ?? []), one]);
  for (const [number, own] of byOrder) {
    const sale = saleOf.get(number);
    if (sale) checkBound(sale, own.filter(isDone), problems);
  }
  for (const one of done) checkContent(one, saleOf.get(one.number), problems);
  for (const read of operations) {
    if (read.kind !== 'order' || read.ending !== 'ok' || typeof read.result !== 'object') continue;
    checkRead(read, byOrder.get(read.number) ?? [], bookFrom === null, problems);
  }
  return problems;
}

function checkNumbers(done: readonly Done[], missingMax: number, problems: string[]): void {
  const inOrder = [...done].sort((a, b) => a.result.cancelled - b.result.cancelled);
  let missing = 0;
  /** The cancellation that was asked last of those with smaller numbers. */
  let latest: Done | undefined;
  for (const [place, one] of inOrder.entries()) {
    const before = inOrder[place - 1];
    if (before) missing += Math.max(0, one.result.cancelled - before.result.cancelled - 1);
    if (before?.result.cancelled === one.result.cancelled) {
      problems.push(`C1: one number, two cancellations: ${describe(before)}; ${describe(one)}`);
    }
    if (latest && one.returnedMs < latest.invokedMs) {
      problems.push(
        `C1: the later one has the smaller number: ${describe(one)}; ${describe(latest)}`,
      );
    }
    if (!latest || one.invokedMs > latest.invokedMs) latest = one;
  }
  if (missing > missingMax) problems.push(`C1: ${missing} numbers of cancellations are missing`);
}

function checkBound({ number, lines }: Sale, own: readonly Done[], problems: string[]): void {
  const [first] = own;
  for (const { id, quantity } of addUp(own.flatMap(({ result }) => result.lines))) {
    const bought = lines.find((line) => line.id === id)?.quantity ?? 0;
    if (quantity <= bought || !first) continue;
    const what = `${quantity} of ${bought} units of product ${id} in order ${number}`;
    problems.push(`C2: ${what} are cancelled, the first by ${describe(first)}`);
  }
}

function checkContent(one: Done, sale: Sale | undefined, problems: string[]): void {
  const { lines: wanted, result } = one;
  const isAsked = wanted === undefined || textOf(addUp(wanted)) === textOf(result.lines);
  const total = result.lines.reduce((sum, line) => sum + line.quantity * line.priceCents, 0);
  const isPriced = result.lines.every(({ id, priceCents }) => {
    const sold = sale?.lines.find((line) => line.id === id)?.priceCents;
    return sold === undefined || sold === priceCents;
  });
  if (isAsked && isPriced && total === result.totalCents) return;
  problems.push(`C1: it is not what was asked, at the prices of the order: ${describe(one)}`);
}

/** C6: a read shows all that was answered before it, and nothing that was asked after it. */
function checkRead(
  read: OrderRead,
  own: readonly Cancellation[],
  isClosed: boolean,
  problems: string[],
): void {
  const lines = typeof read.result === 'object' ? read.result.lines : [];
  const before = own.filter(isDone).filter((one) => one.returnedMs < read.invokedMs);
  const least = addUp(before.flatMap(({ result }) => result.lines));
  const asked = own.filter((one) => one.invokedMs <= read.returnedMs && one.result !== 'conflict');
  // Others may cancel, too.
  const isBounded = isClosed && asked.every((one) => isDone(one) || one.lines !== undefined);
  const most = addUp(asked.flatMap((one) => (isDone(one) ? one.result.lines : (one.lines ?? []))));
  for (const { id, cancelled = 0 } of lines) {
    const [low, high] = [unitsOf(least, id), isBounded ? unitsOf(most, id) : cancelled];
    if (cancelled >= low && cancelled <= high) continue;
    const what = `order ${read.number} shows ${cancelled} cancelled units of product ${id}`;
    problems.push(`C6: ${what} instead of ${low} to ${high}: ${describe(read)}`);
  }
}

function unitsOf(lines: readonly LineWanted[], id: number): number {
  return lines.find((line) => line.id === id)?.quantity ?? 0;
}

/** Lines in any order. */
function textOf(lines: readonly LineWanted[]): string {
  return lines
    .map(({ id, quantity }) => `${id}×${quantity}`)
    .sort()
    .join();
}

function isDone(one: Cancellation): one is Done {
  return one.ending === 'ok' && typeof one.result === 'object';
}
