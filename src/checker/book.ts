/**
 * The order book that a history implies: answers and orders read become sales by number
 * (docs/PROTOCOL.md, I7 and I8). Reports contradictions: two purchases with one number, an order without
 * a purchase or with other content, a gap. Attempts of a purchase must be joined before.
 */
import { describe } from './describe.js';
import type { History, LineWanted, OrderLine, OrderRead, Purchase } from './types.js';

export interface Sale {
  readonly number: number;
  readonly lines: readonly (LineWanted & { readonly priceCents: number | undefined })[];
  /** Not sold before this time; -Infinity if the buyer is unknown. */
  readonly invokedMs: number;
  /** Sold by this time. */
  readonly returnedMs: number;
  /** The hold of which it sells units. */
  readonly hold: string | undefined;
  /** An operation that saw the sale; the buyer's if known. */
  readonly operation: Purchase | OrderRead;
}

export interface Book {
  /** Ascending by number. */
  readonly sales: readonly Sale[];
  /** Decided purchases that sold nothing. */
  readonly refused: readonly Purchase[];
  /** Purchases with an unknown outcome. */
  readonly open: readonly Purchase[];
  readonly problems: readonly string[];
}

type Read = OrderRead & { readonly result: { readonly lines: readonly OrderLine[] } };

/** What the history shows about one number. */
interface Known {
  bought: Purchase | undefined;
  totalCents: number;
  read: Read | undefined;
  /** An operation had read it by this time. */
  readMs: number;
}

export function readBook(history: History): Book {
  const problems: string[] = [];
  const purchases = history.operations.filter((one) => one.kind === 'purchase');
  const known = new Map<number, Known>();
  for (const purchase of purchases) noteBought(known, purchase, problems);
  for (const operation of history.operations) {
    if (operation.kind === 'order' && isFound(operation)) noteRead(known, operation, problems);
  }
  let open = purchases.filter(({ ending }) => ending === 'unknown');
  const isClosed = history.bookFrom === null;
  const sales: Sale[] = [];
  for (const [number, one] of [...known].sort(([a], [b]) => a - b)) {
    const buyers = one.bought ? [one.bought] : isClosed ? buyersOf(open, one) : [];
    // The first buyer may be the right one. If another one is, the first can take its role (and is
    // kept).
    const [buyer] = buyers;
    if (buyers.some(({ hold }) => hold !== buyer?.hold)) {
      // A purchase takes from the stock, and a confirmation does not.
      problems.push(`undecided: order ${number} may be of several operations without an answer`);
    }
    if (!one.bought && buyer) open = open.filter((purchase) => purchase !== buyers.at(-1));
    if (buyer) checkLines(number, buyer, one, problems);
    else if (isClosed && one.read) {
      problems.push(`order ${number} has no purchase: ${describe(one.read)}`);
    }
    const sale = saleOf(number, one, buyer);
    const isOlder = !one.bought && number < (history.bookFrom ?? 1);
    if (sale && !isOlder) sales.push(sale);
  }
  findGaps(history, sales, open.length, problems);
  return {
    sales,
    refused: purchases.filter(({ ending, result }) => {
      return ending === 'ok' && result !== undefined && !('sold' in result);
    }),
    // If the whole book was read, an order that is not in it was not sold.
    open: isClosed ? open : [],
    problems,
  };
}

function noteBought(known: Map<number, Known>, purchase: Purchase, problems: string[]): void {
  const { result, ending } = purchase;
  if (ending !== 'ok' || result === undefined || !('sold' in result)) return;
  const other = known.get(result.sold)?.bought;
  if (other) {
    problems.push(
      `order ${result.sold} was given twice: ${describe(other)}, and ${describe(purchase)}`,
    );
    return;
  }
  const { totalCents } = result;
  const none = { read: undefined, readMs: Number.POSITIVE_INFINITY };
  known.set(result.sold, { bought: purchase, totalCents, ...none });
}

function noteRead(known: Map<number, Known>, read: Read, problems: string[]): void {
  const { number, result, returnedMs } = read;
  const total = sum(result.lines.map(({ quantity, priceCents }) => quantity * priceCents));
  const { totalCents } = result as { totalCents: number };
  if (total !== totalCents) problems.push(`its lines do not make the total: ${describe(read)}`);
  const one = known.get(number);
  if (one === undefined) {
    known.set(number, { bought: undefined, totalCents, read, readMs: returnedMs });
    return;
  }
  if (
    one.totalCents !== totalCents ||
    (one.read && textOf(one.read.result.lines) !== textOf(result.lines))
  ) {
    problems.push(
      `order ${number} has two contents: ${describe(one.read ?? one.bought ?? read)}, and ${describe(read)}`,
    );
  }
  one.read ??= read;
  one.readMs = Math.min(one.readMs, returnedMs);
}

function isFound(read: OrderRead): read is Read {
  return read.ending === 'ok' && typeof read.result === 'object';
}

/** Purchases without an answer that may have bought this order before it was read. */
function buyersOf(open: readonly Purchase[], { read, readMs }: Known): Purchase[] {
  if (read === undefined) return [];
  const wanted = textOf(read.result.lines);
  return open
    .filter(({ lines, invokedMs }) => invokedMs <= readMs && textOf(addUp(lines)) === wanted)
    .sort((a, b) => a.invokedMs - b.invokedMs);
}

function checkLines(number: number, buyer: Purchase, { read }: Known, problems: string[]): void {
  if (read === undefined || textOf(addUp(buyer.lines)) === textOf(read.result.lines)) return;
  problems.push(
    `order ${number} is not what was bought: ${describe(buyer)}, but ${describe(read)}`,
  );
}

function saleOf(number: number, one: Known, buyer: Purchase | undefined): Sale | undefined {
  const operation = buyer ?? one.read;
  if (operation === undefined) return undefined;
  const answeredMs = one.bought?.returnedMs ?? Number.POSITIVE_INFINITY;
  return {
    number,
    lines: one.read ? one.read.result.lines : pricedLines(buyer, one.totalCents),
    invokedMs: buyer?.invokedMs ?? Number.NEGATIVE_INFINITY,
    returnedMs: Math.min(answeredMs, one.readMs),
    hold: buyer?.hold,
    operation,
  };
}

/** With a single line the total gives the price. */
function pricedLines(buyer: Purchase | undefined, totalCents: number): Sale['lines'] {
  const lines = addUp(buyer?.lines ?? []);
  const [only] = lines;
  return lines.map(({ id, quantity }) => {
    const priceCents = only && lines.length === 1 ? totalCents / only.quantity : undefined;
    return { id, quantity, priceCents };
  });
}

/** Joins lines of the same product, at the position of the first. */
export function addUp(lines: readonly LineWanted[]): LineWanted[] {
  const quantities = new Map<number, number>();
  for (const { id, quantity } of lines) quantities.set(id, (quantities.get(id) ?? 0) + quantity);
  return [...quantities].map(([id, quantity]) => ({ id, quantity }));
}

function findGaps(
  history: History,
  sales: readonly Sale[],
  open: number,
  problems: string[],
): void {
  const first = history.bookFrom ?? sales[0]?.number ?? 1;
  const last = sales.at(-1)?.number ?? first - 1;
  const told = new Set(sales.map(({ number }) => number));
  const missing: number[] = [];
  for (let number = first; number <= last; number++) if (!told.has(number)) missing.push(number);
  // A purchase without an answer may have one of them.
  if (missing.length === 0 || (history.bookFrom === null && missing.length <= open)) return;
  problems.push(
    `no purchase is order ${missing.slice(0, 10).join(', ')}: ${missing.length} are missing`,
  );
}

function textOf(lines: readonly LineWanted[]): string {
  return lines.map(({ id, quantity }) => `${id}×${quantity}`).join();
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
