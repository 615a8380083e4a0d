/**
 * Checks for one global order of the whole history over all products. The global order follows the
 * numbers of the sales and the versions of each product. Every answer must fit between two versions and
 * between the times of its request and answer; an order is read only after its sale. Finds errors that
 * no single product shows: half a purchase, or one product behind another. Pure; n log n in the times.
 */
import { BeforeAfter } from './before-after.js';
import type { Book, Sale } from './book.js';
import { describe } from './describe.js';
import type { Step } from './linearize.js';
import type { Move } from './move.js';
import type { ItemHistory } from './moves.js';
import type { Operation, OrderRead } from './types.js';

/** A product whose changes are ordered; unknown steps make the order uncertain. */
export interface Chain {
  readonly item: ItemHistory;
  readonly steps: readonly Step[];
}

interface Timed {
  readonly invokedMs: number;
  readonly returnedMs: number;
}

interface Moment {
  readonly atMs: number;
  readonly isReturn: boolean;
  readonly node: number;
}

const wordsMax = 6;

export function checkGlobalOrder(
  chains: readonly Chain[],
  book: Book,
  operations: readonly Operation[],
): string[] {
  return new GlobalOrder().check(chains, book, operations);
}

class GlobalOrder {
  readonly #graph = new BeforeAfter();
  readonly #operations = new Map<number, Operation>();
  readonly #moments: Moment[] = [];
  readonly #sales = new Map<number, number>();

  check(chains: readonly Chain[], book: Book, operations: readonly Operation[]): string[] {
    const reads = operations.filter((one) => one.kind === 'order');
    this.#addOrders(book.sales, reads);
    for (const chain of chains) this.#addChain(chain);
    this.#addTime();
    const ring = this.#graph.ring();
    if (ring === undefined) return [];
    const told = ring.flatMap((node) => this.#operations.get(node) ?? []);
    const words = told.slice(0, wordsMax).map(describe).join('; before ');
    const more = told.length > wordsMax ? `; and ${told.length - wordsMax} more` : '';
    return [
      `I9: each of these comes before the next, and the last before the first: ${words}${more}`,
    ];
  }

  /** Adds each sale before its order, which can be read from then on; both by number. */
  #addOrders(sales: readonly Sale[], reads: readonly OrderRead[]): void {
    const graph = this.#graph;
    const orders = new Map<number, number>();
    let last: { sale: number; order: number } | undefined;
    for (const { number, invokedMs, returnedMs, operation } of sales) {
      const sale = graph.node();
      const order = graph.node();
      graph.before(sale, order);
      if (last) graph.before(last.sale, sale);
      if (last) graph.before(last.order, order);
      last = { sale, order };
      this.#sales.set(number, sale);
      this.#operations.set(sale, operation);
      orders.set(number, order);
      this.#moments.push({ atMs: invokedMs, isReturn: false, node: sale });
      this.#moments.push({ atMs: returnedMs, isReturn: true, node: order });
    }
    const numbers = sales.map(({ number }) => number);
    for (const read of reads) this.#addRead(read, orders, numbers);
  }

  #addRead(read: OrderRead, orders: ReadonlyMap<number, number>, numbers: readonly number[]): void {
    if (read.ending !== 'ok' || read.result === undefined) return;
    const isFound = read.result !== 'not_found';
    const number = isFound ? read.number : firstFrom(numbers, read.number);
    const order = number === undefined ? undefined : orders.get(number);
    if (order === undefined) return;
    const node = this.#timed(read, read);
    if (isFound) this.#graph.before(order, node);
    else this.#graph.before(node, order);
  }

  #addChain({ item, steps }: Chain): void {
    const graph = this.#graph;
    const changes = new Map<number, number>();
    let last: number | undefined;
    for (const { version, move } of steps) {
      const node = this.#change(move);
      if (last !== undefined) graph.before(last, node);
      last = node;
      changes.set(version, node);
    }
    for (const { sight, act, ...move } of item.moves) {
      if (sight?.kind !== 'seen') continue;
      const node = this.#timed(move.operation, move);
      const made = changes.get(sight.seen.version);
      const unmade = changes.get(sight.seen.version + 1);
      if (made !== undefined) graph.before(made, node);
      if (unmade !== undefined) graph.before(node, unmade);
    }
  }

  #change(move: Move | undefined): number {
    if (move === undefined) return this.#graph.node();
    const { act, operation } = move;
    const sale = act?.kind === 'sale' && act.number !== undefined && this.#sales.get(act.number);
    return sale || sale === 0 ? sale : this.#timed(operation, move);
  }

  #timed(operation: Operation, { invokedMs, returnedMs }: Timed): number {
    const node = this.#graph.node();
    this.#operations.set(node, operation);
    this.#moments.push({ atMs: invokedMs, isReturn: false, node });
    this.#moments.push({ atMs: returnedMs, isReturn: true, node });
    return node;
  }

  /** Adds a line of times: each answer comes before every later request. */
  #addTime(): void {
    const graph = this.#graph;
    const finite = this.#moments.filter(({ atMs }) => Number.isFinite(atMs));
    finite.sort((a, b) => a.atMs - b.atMs || Number(a.isReturn) - Number(b.isReturn));
    let last: number | undefined;
    for (const { isReturn, node } of finite) {
      const moment = graph.node();
      if (last !== undefined) graph.before(last, moment);
      last = moment;
      if (isReturn) graph.before(node, moment);
      else graph.before(moment, node);
    }
  }
}

/** The least number that is at least `number`: an order implies all orders before it. */
function firstFrom(numbers: readonly number[], number: number): number | undefined {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] ?? 0) < number) low = middle + 1;
    else high = middle;
  }
  return numbers[low];
}
