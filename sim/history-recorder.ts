/**
 * Records the requests and answers of simulated customers in simulated time, in the same form as
 * histories of real processes. At the end the checkers of src/checker judge it (docs/CHECKERS.md); they
 * share nothing with the simulator's own checkers. From the books it knows which purchases without an
 * answer were sold.
 */
import { toBazarError } from '../src/base/errors.js';
import { checkHistory, type Verdict } from '../src/checker/check.js';
import type {
  Addition,
  Bought,
  LineWanted,
  Operation,
  OrderRead,
  Purchase,
  Seen,
} from '../src/checker/types.js';
import type { SaleLine } from '../src/wire/internal.js';
import type { Order, Placed, Product, Products } from '../src/wire/schemas.js';
import type { BooksChecker } from './books-checker.js';

interface Wanted {
  readonly key?: string;
  readonly lines: readonly LineWanted[];
}

export class HistoryRecorder {
  readonly #nowMs: () => number;
  readonly #operations: Operation[] = [];

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  async lookUp(process: string, id: number, answer: Promise<Product>): Promise<Product> {
    const asked = this.#ask(process);
    try {
      const product = await answer;
      this.#add({ ...asked, kind: 'look-up', id, ...this.#ended('ok'), result: seen(product) });
      return product;
    } catch (thrown) {
      const isNone = toBazarError(thrown).code === 'not_found';
      const told = isNone ? ({ result: 'not_found' } as const) : {};
      this.#add({
        ...asked,
        kind: 'look-up',
        id,
        ...this.#ended(isNone ? 'ok' : 'failed'),
        ...told,
      });
      throw thrown;
    }
  }

  async search(process: string, answer: Promise<Products>): Promise<Products> {
    const asked = this.#ask(process);
    const page = await answer;
    this.#add({ ...asked, kind: 'search', ...this.#ended('ok'), result: page.items.map(seen) });
    return page;
  }

  async buy(process: string, { key, lines }: Wanted, answer: Promise<Placed>): Promise<Placed> {
    const keyed = key === undefined ? {} : { key };
    const base = { ...this.#ask(process), kind: 'purchase', lines, ...keyed } as const;
    try {
      const placed = await answer;
      const { order_number: sold, total } = placed;
      this.#add({ ...base, ...this.#ended('ok'), result: { sold, totalCents: cents(total) } });
      return placed;
    } catch (thrown) {
      const { code, details } = toBazarError(thrown);
      const result = refusalOf(code, details, lines);
      if (result) this.#add({ ...base, ...this.#ended('ok'), result });
      else this.#add({ ...base, ...this.#ended(code === 'key_reused' ? 'failed' : 'unknown') });
      throw thrown;
    }
  }

  async order(process: string, number: number, answer: Promise<Order>): Promise<Order> {
    const base = { ...this.#ask(process), kind: 'order', number } as const;
    try {
      const order = await answer;
      const lines = order.lines.map(({ id, quantity, price }) => {
        return { id, quantity, priceCents: cents(price) };
      });
      this.#add({
        ...base,
        ...this.#ended('ok'),
        result: { lines, totalCents: cents(order.total) },
      });
      return order;
    } catch (thrown) {
      const isNone = toBazarError(thrown).code === 'not_found';
      const told = isNone ? ({ result: 'not_found' } as const) : {};
      this.#add({ ...base, ...this.#ended(isNone ? 'ok' : 'failed'), ...told });
      throw thrown;
    }
  }

  async change(
    process: string,
    id: number,
    { add, price }: { readonly add: number; readonly price?: number },
    answer: Promise<Product>,
  ): Promise<Product> {
    const priced = price === undefined ? {} : { priceCents: cents(price) };
    const base = { ...this.#ask(process), kind: 'change', id, add, ...priced } as const;
    try {
      const product = await answer;
      this.#add({ ...base, ...this.#ended('ok'), result: seen(product) });
      return product;
    } catch (thrown) {
      const isNone = toBazarError(thrown).code === 'not_found';
      const told = isNone ? ({ result: 'not_found' } as const) : {};
      this.#add({ ...base, ...this.#ended(isNone ? 'ok' : 'unknown'), ...told });
      throw thrown;
    }
  }

  /** Called at rest, when no request can take effect any more. */
  check(books: BooksChecker, first: readonly Seen[], restockTo: number): Verdict {
    const sold = new Set(books.sales.map(({ sale: [, , lines] }) => textOf(saleLines(lines))));
    // An attempt that was answered later began with the first one.
    const answered = new Set(
      this.#operations.flatMap((one) => (isAnswered(one) ? (one.key ?? []) : [])),
    );
    const operations = this.#operations.map((one) => {
      if (one.kind !== 'purchase' || one.ending !== 'unknown') return one;
      const mayBe = answered.has(one.key ?? '') || sold.has(textOf(one.lines));
      return mayBe ? one : { ...one, ending: 'failed' as const };
    });
    return checkHistory({
      first: [],
      restockTo: books.model.lastRestock > 0 ? restockTo : null,
      bookFrom: null,
      operations: [...this.#stocked(first), ...operations, ...this.#wholeBook(books)],
    });
  }

  /** The first stock was added at an unknown time before it was first read. */
  #stocked(first: readonly Seen[]): Addition[] {
    return first.map((record) => {
      const seenMs = this.#operations
        .filter((one) => isAbout(one, record.id))
        .map(({ returnedMs }) => returnedMs);
      const { id, quantity, priceCents } = record;
      const times = { invokedMs: 0, returnedMs: Math.min(this.#nowMs(), ...seenMs) };
      const about = { id, quantity, priceCents, result: record };
      return { kind: 'add', process: 'the first stock', ...times, ending: 'ok', ...about };
    });
  }

  #wholeBook(books: BooksChecker): OrderRead[] {
    return books.sales.map(({ sale: [number, , lines, totalCents] }) => {
      const asked = { ...this.#ask('the books'), ...this.#ended('ok') };
      return { kind: 'order', number, ...asked, result: { lines: saleLines(lines), totalCents } };
    });
  }

  #ask(process: string): Pick<Operation, 'process' | 'invokedMs'> {
    return { process, invokedMs: this.#nowMs() };
  }

  #ended<E extends Operation['ending']>(ending: E): { returnedMs: number; ending: E } {
    return { returnedMs: this.#nowMs(), ending };
  }

  #add(operation: Operation): void {
    this.#operations.push(operation);
  }
}

function refusalOf(
  code: string,
  { id, available, line }: Readonly<Record<string, unknown>>,
  lines: Purchase['lines'],
): Bought | undefined {
  if (code === 'out_of_stock') return { refused: Number(id), available: Number(available) };
  if (code !== 'not_found') return undefined;
  return { missing: lines[Number(line)]?.id ?? 0 };
}

function isAnswered(operation: Operation): operation is Purchase {
  return operation.kind === 'purchase' && operation.ending === 'ok';
}

function isAbout(operation: Operation, id: number): boolean {
  const { kind, ending, result } = operation;
  if (ending !== 'ok' || result === undefined || result === 'not_found') return false;
  if (kind === 'look-up' || kind === 'change') return operation.id === id;
  return kind === 'purchase' && operation.lines.some((line) => line.id === id);
}

function saleLines(lines: readonly SaleLine[]) {
  return lines.map(([id, , quantity, priceCents]) => ({ id, quantity, priceCents }));
}

function textOf(lines: readonly LineWanted[]): string {
  return lines.map(({ id, quantity }) => `${id}×${quantity}`).join();
}

function seen({ id, version, quantity, price }: Product): Seen {
  return { id, version, quantity, priceCents: cents(price) };
}

function cents(price: number): number {
  return Math.round(price * 100);
}
